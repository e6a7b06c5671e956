// Facts for the tests of the report: a Secret and a ConfigMap that were written at 1000 s, and what the rows change of them.
import { digestProjection, digestValues, type DigestKey } from '../../server/core/digest.ts';
import type { ConfigKind, WorkloadKind } from '../../server/core/object.ts';
import type { Reference } from '../../server/core/references.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { hashContent } from '../../server/core/reloader-hash.ts';
import type {
  ContainerUse,
  ReportedConfig,
  ReportedPod,
  ReportedWorkload,
  ReportFacts,
} from '../../server/core/report-facts.ts';
import type { Annotations } from '../../server/core/annotations.ts';

export const digestKey: DigestKey = { id: 'k1', secret: Buffer.alloc(32, 7) };
export const seconds = (count: number): number => count * 1_000;

const inputs = ['a', 'b'].map((dataKey) => ({ dataKey, field: 'data', value: Buffer.from(dataKey) }) as const);
export const liveHash = hashContent(inputs);

export interface ConfigOptions extends Partial<ReportedConfig> {
  readonly createdAt?: number;
}

export function config(kind: ConfigKind, name: string, options: ConfigOptions = {}): ReportedConfig {
  const { createdAt = 0, ...more } = options;
  const ref = { kind, namespace: 'shop', name };
  const { annotations = {} } = more;
  return {
    seen: {
      ref,
      uid: name,
      resourceVersion: '1',
      createdAt,
      contents: [digestValues(ref, inputs, digestKey)],
      annotations,
      ignored: false,
      dataWrittenAt: undefined,
      writers: [],
    },
    annotations,
    writes: [{ manager: 'kubectl-edit', at: seconds(1000), keys: ['a', 'b'], onlyData: true }],
    reloaderHash: liveHash,
    certificate: undefined,
    ...more,
  };
}

/** The ack of a live object's content, or of another. */
export function ack(of: 'live' | 'other', projection = '*') {
  const ref = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;
  const content = digestValues(ref, of === 'live' ? inputs : [], digestKey);
  const keys = projection === '*' ? 'all' : projection.split(',');
  return { digest: digestProjection(ref, content, keys, digestKey), projection, uid: 'db', resourceVersion: '1' };
}

export const use = (more: Partial<ContainerUse> = {}): ContainerUse => ({
  container: 'main',
  way: 'environment',
  kind: 'Secret',
  name: 'db',
  keys: 'all',
  ...more,
});

export interface PodOptions extends Partial<ReportedPod['shape']> {
  readonly startedAt?: number;
  readonly owner?: string;
}

/** A pod of Deployment web that uses Secret db. */
export function pod({ startedAt = seconds(900), owner = 'web', ...shape }: PodOptions = {}): ReportedPod {
  const marks = { annotations: {}, spec: {} };
  return {
    owner: { kind: 'Deployment', namespace: 'shop', name: owner },
    starts: new Map([['main', startedAt]]),
    shape: { uses: [use()], restartKey: undefined, marks, ...shape },
  };
}

export interface WorkloadOptions {
  readonly kind?: WorkloadKind;
  readonly annotations?: Annotations;
  readonly template?: Annotations;
  readonly references?: readonly Reference[];
  readonly mountsClasses?: boolean;
}

export const reference = (kind: ConfigKind, name: string): Reference => ({ kind, name, keys: 'all', optional: false });

/** One that refers to Secret db and ConfigMap app. */
export function workload(name: string, options: WorkloadOptions = {}): ReportedWorkload {
  const { kind = 'Deployment', annotations = {}, template = {}, mountsClasses = false } = options;
  const { references = [reference('ConfigMap', 'app'), reference('Secret', 'db')] } = options;
  const compiled = compileReload({ kind, annotations, templateAnnotations: template }, defaultReloadRules);
  const ref = { kind, namespace: 'shop', name };
  const seen = { ref, uid: name, resourceVersion: '1', createdAt: 0, reload: compiled, problems: [], references };
  const still = { dormant: undefined, running: false, podsSince: undefined, restart: 'template' } as const;
  const state = { ...still, paused: false, waitsForDelete: false, rolledOut: true, failed: false, deleting: false };
  return {
    seen: {
      ...seen,
      ...state,
      marks: [],
      restartKey: undefined,
      annotations: {},
      podSelector: '',
      currentRevision: undefined,
    },
    compiled,
    references,
    annotations,
    templateAnnotations: template,
    mountsClasses,
  };
}

export interface FactsOptions extends Partial<Omit<ReportFacts, 'configs'>> {
  readonly configs?: readonly ReportedConfig[];
}

export function facts({ configs = [config('Secret', 'db'), config('ConfigMap', 'app')], ...more }: FactsOptions = {}) {
  const made: ReportFacts = {
    namespace: 'shop',
    rules: defaultReloadRules,
    pausePeriod: 'deployment.reloader.stakater.com/pause-period',
    configs: new Map(configs.map((each) => [`${each.seen.ref.kind}/shop/${each.seen.ref.name}`, each])),
    workloads: [],
    pods: [],
    keys: [digestKey],
    gaps: [],
    ...more,
  };
  return made;
}
