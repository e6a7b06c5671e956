// A HelmRelease: which chart with which values it installs as which release, what it did so far, and where it is in its work.
// Source: fluxcd/helm-controller api/v2.
import type { EngineRef } from '../server/core/engine.ts';
import { type Chart, readChart } from './chart.ts';
import { type Fields, type Reading, readResource } from './fields.ts';
import { type IgnoredPaths, readIgnored } from './ignored.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { parseRevision } from './revision.ts';
import { judgeSync, type Progress, readProgress, type SyncState } from './sync-state.ts';

export const helmGroup = 'helm.toolkit.fluxcd.io';

export interface HelmRelease {
  readonly ref: EngineRef & { readonly kind: 'HelmRelease' };
  readonly chart: Chart | undefined;
  readonly values: Values;
  readonly release: Release;
  readonly upgrade: Upgrade;
  /** Undefined when it cannot be read. */
  readonly driftDetection: 'disabled' | 'warn' | 'enabled' | undefined;
  /** Of its drift detection. */
  readonly ignores: readonly IgnoredPaths[];
  /** It changes what the chart renders. */
  readonly postRendered: boolean;
  /** Its objects are in another cluster: none here is its own. */
  readonly otherCluster: boolean;
  readonly serviceAccountName: string | undefined;
  /** Newest first. */
  readonly history: readonly Deployed[];
  readonly generation: number | undefined;
  readonly attempted: Attempted;
  readonly handledRequest: string | undefined;
  readonly inventory: Inventory | undefined;
  readonly progress: Progress;
}

/** Merged in the order of `from`, then the inline ones, then over all those with a target path. Names only. */
export interface Values {
  readonly inline: 'present' | 'absent';
  readonly from: readonly ValuesFrom[];
}

export interface ValuesFrom {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
  /** Where in the values the key's content goes; undefined: it is a whole values file. */
  readonly targetPath: string | undefined;
  readonly optional: boolean;
}

/** What Helm knows it as. */
export interface Release {
  /** Undefined while only helm-controller knows it: a long name, which it shortens by a hash. */
  readonly name: string | undefined;
  readonly namespace: string;
  /** Where Helm keeps its own record. */
  readonly storageNamespace: string;
}

export interface Upgrade {
  /** Without server-side apply, objects are replaced: fields that only the cluster has are lost. */
  readonly force: boolean;
  /** `auto`, the default: as the release was last applied. Undefined when it cannot be read. */
  readonly serverSideApply: 'enabled' | 'disabled' | 'auto' | undefined;
}

/** One version of the release. */
export interface Deployed {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly status: string;
  readonly chartName: string;
  readonly chartVersion: string;
  /** Of the merged values: for telling them apart, nothing else. */
  readonly configDigest: string | undefined;
  readonly ociDigest: string | undefined;
}

export interface Attempted {
  /** Chart version. */
  readonly revision: string | undefined;
  /** Only of charts that come from an OCIRepository. */
  readonly digest: string | undefined;
  readonly generation: number | undefined;
}

/** helm-controller keeps two versions, five at most while none succeeds. */
const historyMost = 100;
const listMost = 1_000;

/** Helm's own limit is 53; what helm-controller keeps of a longer name, before a hash of twelve digits. */
const nameMost = 53;
const nameKept = 40;

export function readHelmRelease(value: unknown): Reading<HelmRelease> {
  const resource = { group: helmGroup, kinds: ['HelmRelease'] as const };
  return readResource(value, resource, (root, identity) => {
    const spec = root.map('spec');
    const status = root.map('status');
    const history = readHistory(status);
    return {
      ref: { engine: 'flux', ...identity },
      chart: readChart(spec, identity.namespace),
      values: readValues(spec),
      release: readRelease(spec, identity, history),
      ...readManner(spec),
      history,
      generation: root.map('metadata').count('generation'),
      attempted: {
        revision: status.text('lastAttemptedRevision'),
        digest: status.text('lastAttemptedRevisionDigest'),
        generation: status.count('lastAttemptedGeneration'),
      },
      handledRequest: status.text('lastHandledReconcileAt'),
      inventory: readInventory(status),
      progress: readProgress(root),
    };
  });
}

function readManner(spec: Fields) {
  const upgrade = spec.map('upgrade');
  const drift = spec.map('driftDetection');
  const apply = upgrade.word('serverSideApply', ['enabled', 'disabled', 'auto']);
  const mode = drift.word('mode', ['disabled', 'warn', 'enabled']);
  return {
    upgrade: {
      force: upgrade.flag('force'),
      serverSideApply: upgrade.isSound('serverSideApply') ? (apply ?? 'auto') : undefined,
    },
    driftDetection: drift.isSound('mode') ? (mode ?? 'disabled') : undefined,
    ignores: readIgnored(drift),
    postRendered: spec.has('postRenderers') || spec.has('commonMetadata'),
    otherCluster: spec.has('kubeConfig'),
    serviceAccountName: spec.text('serviceAccountName'),
  };
}

function readValues(spec: Fields): Values {
  return {
    inline: spec.has('values') ? 'present' : 'absent',
    from: spec.maps('valuesFrom', listMost).flatMap((entry) => {
      const kind = entry.word('kind', ['ConfigMap', 'Secret']);
      if (!entry.has('kind')) entry.report('kind', 'missing');
      const name = entry.need('name');
      if (kind === undefined || name === '') return [];
      const key = entry.text('valuesKey') ?? 'values.yaml';
      return [{ kind, name, key, targetPath: entry.text('targetPath'), optional: entry.flag('optional') }];
    }),
  };
}

function readHistory(status: Fields): Deployed[] {
  const versions = status.maps('history', historyMost).map((entry) => ({
    name: entry.need('name'),
    namespace: entry.need('namespace'),
    version: entry.count('version') ?? 0,
    status: entry.need('status'),
    chartName: entry.need('chartName'),
    chartVersion: entry.need('chartVersion'),
    configDigest: entry.text('configDigest'),
    ociDigest: entry.text('ociDigest'),
  }));
  return versions.toSorted((a, b) => b.version - a.version);
}

function readRelease(
  spec: Fields,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  history: readonly Deployed[],
): Release {
  const target = spec.text('targetNamespace');
  const wanted = spec.text('releaseName') ?? (target === undefined ? name : `${target}-${name}`);
  const short = history.find((entry) => entry.name.startsWith(`${wanted.slice(0, nameKept)}-`))?.name;
  const known = spec.isSound('releaseName', 'targetNamespace');
  return {
    name: known ? (wanted.length > nameMost ? short : wanted) : undefined,
    namespace: target ?? namespace,
    storageNamespace: spec.text('storageNamespace') ?? namespace,
  };
}

/** `offered` is the revision of the artifact that its chart is taken from, where that is known. */
export function judgeHelmRelease(release: HelmRelease, offered: string | undefined): SyncState {
  return judgeSync(release.progress, findPending(release, offered));
}

function findPending(
  { generation, attempted }: HelmRelease,
  offered: string | undefined,
): 'revision-not-attempted' | 'spec-not-attempted' | undefined {
  const never = attempted.revision === undefined && attempted.generation === undefined;
  const older = generation !== undefined && attempted.generation !== undefined && attempted.generation < generation;
  if (never || older) return 'spec-not-attempted';
  if (offered === undefined) return undefined;
  const revision = parseRevision(offered);
  // An OCI artifact's tag is no chart version: its digest is what both sides know.
  const known = revision.kind === 'digest' ? attempted.digest : attempted.revision;
  const text = revision.kind === 'digest' ? revision.digest : offered;
  return known === undefined || known === text ? undefined : 'revision-not-attempted';
}
