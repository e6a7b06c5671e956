// A HelmChart: which chart was packed last, and from which commit. helm-controller makes one, `<namespace>-<name>`, for each HelmRelease
// with a template; others are referred to. Source: fluxcd/source-controller api/v1/helmchart_types.go.
import type { EngineRef } from '../server/core/engine.ts';
import { type Chart, readTemplate } from './chart.ts';
import { type Reading, readResource } from './fields.ts';
import type { HelmRelease } from './helmrelease.ts';
import type { Reference } from './reference.ts';
import { commitOf } from './revision.ts';
import { sourceGroup } from './sources.ts';

export interface HelmChart {
  readonly ref: EngineRef & { readonly kind: 'HelmChart' };
  readonly chart: Chart | undefined;
  /** Files that are missing are passed over. */
  readonly ignoresMissingFiles: boolean;
  /** Version of the packed chart; with the strategy Revision it ends with the commit's first digits. */
  readonly version: string | undefined;
  /** What it was packed from, as Flux writes it: the version of a HelmRepository's index, or a revision. */
  readonly from: string | undefined;
}

export function readHelmChart(value: unknown): Reading<HelmChart> {
  return readResource(value, { group: sourceGroup, kinds: ['HelmChart'] as const }, (root, identity) => {
    const spec = root.map('spec');
    const status = root.map('status');
    return {
      ref: { engine: 'flux', ...identity },
      chart: readTemplate(spec, identity.namespace),
      ignoresMissingFiles: spec.flag('ignoreMissingValuesFiles'),
      version: status.map('artifact').text('revision'),
      from: status.text('observedSourceArtifactRevision'),
    };
  });
}

/** Where the HelmChart of a release is; undefined when it installs from something else. */
export function chartResource({ ref, chart }: HelmRelease): Reference<'HelmChart'> | undefined {
  if (chart === undefined) return undefined;
  const { kind, namespace, name } = chart.source;
  if (kind === 'HelmChart') return { kind, namespace, name };
  if (kind === 'OCIRepository' || kind === 'ExternalArtifact') return undefined;
  return { kind: 'HelmChart', namespace, name: `${ref.namespace}-${ref.name}` };
}

/** The commit's first digits, and a number where values files are packed too. */
const revisionSuffix = /\+([0-9a-f]{12})(?:\.\d+)?$/;

/** The commit of a chart in Git whose package is the installed `version`. A newer package is not what was installed. */
export function chartCommit({ chart, version, from }: HelmChart, installed: string | undefined): string | undefined {
  if (chart?.source.kind !== 'GitRepository' || version === undefined || version !== installed) return undefined;
  const commit = commitOf(from);
  const digits = revisionSuffix.exec(version)?.[1];
  return digits === undefined || commit?.startsWith(digits) === true ? commit : undefined;
}
