// A HelmRelease as a plan: its chart at the commit that it was packed from, with its values in Flux's order; and where that cannot be
// known or done alike, Helm's own record of what it installed.
import { Hidden } from '../server/core/hidden.ts';
import { everything, type LeaveRule } from '../server/core/leave-rule.ts';
import { toJsonText } from '../server/core/json-text.ts';
import type { DeclaredSource, OwnerPlan, PlanOptions } from '../server/core/engine.ts';
import type { HelmTool, HelmValues, ManifestTool, RenderPart, TreeRef } from '../server/core/rendering.ts';
import { mapAt, type Overlay, readPostRender } from './build.ts';
import { type Chart, describeChart } from './chart.ts';
import type { Problem } from './fields.ts';
import { chartCommit, type HelmChart } from './helmchart.ts';
import type { HelmRelease } from './helmrelease.ts';
import { toLeaves } from './ignored.ts';
import { isCheckedOut } from './plan-kustomization.ts';
import { explainReason, refuse, simplePlan } from './refusal.ts';
import type { FluxSource } from './sources.ts';

export interface HelmReleaseEntry {
  readonly owner: HelmRelease;
  readonly values: ReleaseValues;
  readonly problems: readonly Problem[];
}

/** What of a HelmRelease may be secret. */
export interface ReleaseValues {
  /** `spec.values` as YAML; undefined: none. */
  readonly inline: Hidden<string> | undefined;
  readonly postRender: Overlay;
  /** Rendering here would not be the same: a field without an equal is used. */
  readonly exact: 'yes' | 'no';
}

export function readReleaseValues(object: unknown): ReleaseValues {
  const spec = mapAt(object, 'spec');
  const values = mapAt(spec, 'values');
  const text = toJsonText(values);
  const postRender = readPostRender(object);
  const from: unknown = spec['valuesFrom'];
  const literal = Array.isArray(from) && from.some((entry) => mapAt({ entry }, 'entry')['literal'] === true);
  return {
    inline: text === undefined || Object.keys(values).length === 0 ? undefined : new Hidden(text),
    postRender: postRender?.overlay,
    exact: postRender === undefined || literal || text === undefined ? 'no' : 'yes',
  };
}

/** What is known of a release's chart. */
export interface ChartFacts {
  readonly helmChart: HelmChart | undefined;
  /** Of the chart's own source. */
  readonly source: FluxSource | undefined;
}

export function planHelmRelease(entry: HelmReleaseEntry, facts: ChartFacts, { revisions }: PlanOptions): OwnerPlan {
  const chart = chartOf(entry.owner, facts);
  const declared = describeChart(chart, facts.source);
  const inGit = facts.source?.ref.kind === 'GitRepository' && declared.repository !== '';
  const asked = inGit ? revisions.get(declared.repository) : undefined;
  const installed = entry.owner.history.find(({ status }) => status === 'deployed');
  const built = facts.helmChart && chartCommit(facts.helmChart, installed?.chartVersion);
  // Without a commit the reason is one of the source's, or that; another commit than the artifact's may be asked for.
  const isFound = asked !== undefined || (declared.reason === 'chart-commit-unknown' && built !== undefined);
  const revision = isFound ? (asked ?? built) : undefined;
  const source = describe(declared, revision);
  const { namespace } = entry.owner.release;
  const leaves = [leftByMark, ...toLeaves(entry.owner.ignores)];
  // Values and chart of a newer spec are not those that were installed; what Helm recorded is.
  const isCurrent = asked !== undefined || entry.owner.attempted.generation === entry.owner.generation;
  if (isCurrent && revision !== undefined && chart?.path !== undefined && isSame(entry, chart, facts)) {
    const tree = { repository: declared.repository, revision };
    const tool = helmTool(entry, chart, { ...facts, record: asked === undefined ? recordOf(entry.owner) : undefined });
    if (tool !== undefined) return simplePlan([source], { namespace, parts: [part(tree, chart.path, tool)], leaves });
  }
  if (asked !== undefined) return simplePlan([source], refuse('its chart cannot be rendered here as Flux does'));
  if (installed === undefined) return simplePlan([source], refuse(`nothing is installed yet, and ${why(source)}`));
  const record = recordOf(entry.owner);
  if (record === undefined) return simplePlan([source], refuse(unfinished));
  return simplePlan([source], { namespace, parts: [part(noTree, '', record)], leaves });
}

/** A label or annotation of a single object. */
const leftByMark: LeaveRule = {
  mark: { key: 'helm.toolkit.fluxcd.io/driftDetection', value: 'disabled', on: 'either' },
  ...everything,
  absent: 'left',
};

/** Undefined: none of the releases is what is applied. */
function recordOf({ history: [last], release: { storageNamespace } }: HelmRelease): ManifestTool | undefined {
  if (last?.status !== 'deployed') return undefined;
  return { tool: 'helm-release', storageNamespace, releaseName: last.name, version: last.version };
}

const unfinished = 'its last upgrade did not succeed, so that each object may be of that one or of the one before';

/** Helm's record is in the cluster. */
const noTree: TreeRef = { repository: '', revision: '' };

function part(tree: TreeRef, path: string, tool: RenderPart['tool']): RenderPart {
  return { tree, path, tool, substitution: undefined, decrypts: false };
}

function why({ reason }: DeclaredSource): string {
  return explainReason(reason ?? 'chart-commit-unknown');
}

/** That of a HelmChart it refers to is its own. */
function chartOf({ chart }: HelmRelease, { helmChart }: ChartFacts): Chart | undefined {
  return chart?.source.kind === 'HelmChart' && helmChart?.chart !== undefined ? helmChart.chart : chart;
}

function describe({ reason, ...place }: DeclaredSource, revision: string | undefined): DeclaredSource {
  if (revision !== undefined) return { ...place, revision };
  return { ...place, revision: undefined, reason: reason ?? 'chart-commit-unknown' };
}

/** Rendering the commit gives what Flux renders. */
function isSame({ values, problems }: HelmReleaseEntry, chart: Chart, { source }: ChartFacts): boolean {
  const sound = !problems.some(({ path }) => path === '' || path.startsWith('spec.'));
  // Packing leaves out what the source ignores, and values files replace the chart's own unless they name it.
  const whole = source !== undefined && source.ignore === undefined && isCheckedOut(chart.path ?? '', source);
  const { valuesFiles } = chart;
  const own = [chart.path, 'values.yaml'].filter((text) => text !== '').join('/');
  const keepsOwn = valuesFiles.length === 0 || valuesFiles.some((file) => inSource(file) === own);
  return sound && whole && keepsOwn && values.exact === 'yes';
}

function helmTool(
  { owner, values }: HelmReleaseEntry,
  { valuesFiles }: Chart,
  { helmChart, record }: Pick<ChartFacts, 'helmChart'> & { readonly record: ManifestTool | undefined },
): HelmTool | undefined {
  const { release, ref } = owner;
  const paths = valuesFiles.map(inSource);
  if (release.name === undefined || paths.includes(undefined)) return undefined;
  const optional = helmChart?.ignoresMissingFiles ?? false;
  const files = paths.flatMap((path): HelmValues[] =>
    path === undefined ? [] : [{ from: 'file', tree: undefined, path, optional }],
  );
  const objects = owner.values.from.map((entry) => ({ from: 'object', namespace: ref.namespace, ...entry }) as const);
  const inline = values.inline === undefined ? [] : [{ from: 'inline', text: values.inline } as const];
  const isPlaced = ({ targetPath }: (typeof objects)[number]): boolean => targetPath !== undefined;
  return {
    tool: 'helm',
    releaseName: release.name,
    namespace: release.namespace,
    values: [...files, ...objects.filter((entry) => !isPlaced(entry)), ...inline, ...objects.filter(isPlaced)],
    parameters: [],
    // helm-controller applies them apart from the release.
    includeCrds: false,
    skipSchemaValidation: false,
    kubeVersion: undefined,
    apiVersions: [],
    postRender: values.postRender,
    cluster: { view: 'live', record },
  };
}

/** A values file is relative to the source's root. */
function inSource(path: string): string | undefined {
  const parts = path.split('/').filter((step) => step !== '' && step !== '.');
  return parts.length === 0 || parts.includes('..') ? undefined : parts.join('/');
}
