// Where a HelmRelease takes its chart from: a name in a repository, a folder in Git, or a resource that holds a chart.
import type { DeclaredSource } from '../server/core/engine.ts';
import type { Fields } from './fields.ts';
import { type Reference, readReference } from './reference.ts';
import { readPath } from './source-path.ts';
import type { FluxSource, SourceReason } from './sources.ts';

const templateKinds = ['HelmRepository', 'GitRepository', 'Bucket'] as const;
const refKinds = ['OCIRepository', 'HelmChart', 'ExternalArtifact'] as const;
type ChartSourceKind = (typeof templateKinds)[number] | (typeof refKinds)[number];

export interface Chart {
  readonly source: Reference<ChartSourceKind>;
  /** In a HelmRepository. */
  readonly name: string | undefined;
  /** In a GitRepository or Bucket. */
  readonly path: string | undefined;
  /** A range, `*` by default; nothing to charts in Git. */
  readonly version: string | undefined;
  /** Files of the chart, later ones over earlier ones. */
  readonly valuesFiles: readonly string[];
}

const listMost = 1_000;

/** Undefined, and named, when it cannot be read, or when there are two. */
export function readChart(spec: Fields, namespace: string): Chart | undefined {
  if (!spec.has('chartRef')) return readTemplate(spec.map('chart').map('spec'), namespace);
  if (spec.has('chart')) {
    spec.report('chartRef', 'malformed');
    return undefined;
  }
  const source = readReference(spec, 'chartRef', { kinds: refKinds, namespace });
  return source && { source, name: undefined, path: undefined, version: undefined, valuesFiles: [] };
}

/** The fields that a HelmRelease's template and a HelmChart share. */
export function readTemplate(template: Fields, namespace: string): Chart | undefined {
  const source = readReference(template, 'sourceRef', { kinds: templateKinds, namespace });
  const named = source?.kind === 'HelmRepository';
  template.need('chart');
  const chart = {
    name: named ? template.text('chart') : undefined,
    path: named ? undefined : readPath(template, 'chart'),
    version: template.text('version'),
    valuesFiles: template.texts('valuesFiles', listMost),
  };
  return source && template.isSound('chart') && template.has('chart') ? { source, ...chart } : undefined;
}

/** Why the chart that is installed cannot be looked up in Git. */
export type ChartReason =
  | SourceReason
  | 'chart-unreadable'
  | 'source-unknown'
  | 'helm-repository'
  | 'helm-chart'
  /** It is in Git, but the release tells the chart's version only. */
  | 'chart-commit-unknown';

/** Where its chart comes from, in every engine's words; always with a reason, since no HelmRelease names a commit. */
export function describeChart(chart: Chart | undefined, source: FluxSource | undefined): DeclaredSource {
  const { kind, namespace, name } = chart?.source ?? {};
  const same = source?.ref.kind === kind && source?.ref.namespace === namespace && source?.ref.name === name;
  const own = same ? source : undefined;
  const git = own?.ref.kind === 'GitRepository';
  return {
    repository: (git ? own.url : own?.artifact?.origin.repository) ?? '',
    revision: undefined,
    path: git ? chart?.path : undefined,
    renderer: 'helm',
    reason: whyNot(chart, own),
  };
}

function whyNot(chart: Chart | undefined, source: FluxSource | undefined): ChartReason {
  if (chart === undefined) return 'chart-unreadable';
  if (chart.source.kind === 'HelmRepository') return 'helm-repository';
  if (chart.source.kind === 'HelmChart') return 'helm-chart';
  if (source === undefined) return 'source-unknown';
  return source.comparability.kind === 'not-comparable' ? source.comparability.reason : 'chart-commit-unknown';
}
