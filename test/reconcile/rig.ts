// One workload that uses one Secret, real state around it, and a cluster that answers as it is told.
import type { RestartOrder, ResumeOrder } from '../../server/core/cluster.ts';
import { digestValues } from '../../server/core/digest.ts';
import type { Gates } from '../../server/core/hold.ts';
import type { SeenConfig, SeenWorkload } from '../../server/core/seen.ts';
import type { PresenceRules } from '../../server/core/snapshot.ts';
import type { LiveState } from '../../server/reconcile/gather.ts';
import { noEngines } from '../../server/reconcile/engine-waits.ts';
import type { Outcome } from '../../server/reconcile/outcome.ts';
import { createWorkloadReconciler, type WorkloadDeps } from '../../server/reconcile/workload.ts';
import { createConfigs } from '../../server/state/configs.ts';
import { createLedger } from '../../server/state/ledger.ts';
import { everything } from '../../server/core/selector.ts';
import { createNamespaces } from '../../server/state/namespaces.ts';
import { createRevisions, createWorkloads } from '../../server/state/workloads.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { unremarkable } from '../core/seen.ts';

const reload = compileReload(
  { kind: 'Deployment', annotations: { 'secret.reloader.stakater.com/auto': 'true' }, templateAnnotations: {} },
  defaultReloadRules,
);

export const key = 'Deployment/shop/web';
export const T = 1_700_000_000_000;
const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };
const ref = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;

export function config(version: number, text: string, more: Partial<SeenConfig> = {}): SeenConfig {
  const contents = [digestValues(ref, [{ dataKey: 'a', field: 'data', value: Buffer.from(text) }], digestKey)];
  return {
    ref,
    uid: 'u',
    resourceVersion: String(version),
    createdAt: T - 90_000,
    contents,
    annotations: {},
    ignored: false,
    writers: [],
    dataWrittenAt: T - 60_000,
    ...more,
  };
}

export function workload(version: number, more: Partial<SeenWorkload> = {}): SeenWorkload {
  return {
    ...unremarkable,
    ref: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    uid: 'w',
    resourceVersion: String(version),
    createdAt: 0,
    reload,
    references: [{ kind: 'Secret', name: 'db', keys: 'all', optional: false }],
    ...more,
  };
}

export const noGates: Gates = {
  maxRollouts: 0,
  maxRolloutsPerNamespace: 0,
  jitterMs: 0,
  haltAfterFailures: 0,
  restartBurst: 0,
};

export interface Rig {
  readonly state: LiveState;
  readonly deps: WorkloadDeps;
  readonly namespaces: ReturnType<typeof createNamespaces>;
  readonly outcomes: string[];
  readonly retries: number[];
  /** Times after which a key is looked at without work in between. */
  readonly wakes: number[];
  readonly patches: RestartOrder[];
  readonly resumes: ResumeOrder[];
  /** What reads answer. */
  readonly live: {
    workload: SeenWorkload | undefined;
    config: SeenConfig | undefined;
    now: number;
    refuse: Error | undefined;
  };
  readonly reconciler: ReturnType<typeof createWorkloadReconciler>;
  see(what: { workload?: SeenWorkload; config?: SeenConfig }): void;
  reconcile(): Promise<void>;
}

/** Older than every change. */
export const revision = {
  uid: 'r',
  ownerUid: 'w',
  name: 'shop/web-1',
  number: '1',
  createdAt: T - 600_000,
  resourceVersion: '9',
  hash: '1',
};

const off = { onCreate: false, onDelete: false, atStart: false };

/** In step with the Secret’s first content. */
export async function createRig(more: Partial<WorkloadDeps> = {}, presence: PresenceRules = off): Promise<Rig> {
  const namespaces = createNamespaces({ listed: [], ignored: [], selector: everything });
  const [outcomes, retries, wakes]: [string[], number[], number[]] = [[], [], []];
  const [patches, resumes]: [RestartOrder[], ResumeOrder[]] = [[], []];
  const live: Rig['live'] = { workload: workload(20), config: config(10, 'A'), now: T, refuse: undefined };
  const state: LiveState = {
    configs: createConfigs([digestKey]),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ledger: createLedger({ load: async () => [], save: async () => '1' }),
    settledAt: () => undefined,
    inheritedAt: () => undefined,
    oneOrder: () => true,
    presence,
  };
  const deps: WorkloadDeps = {
    state,
    namespaces,
    stateNamespace: 'ours',
    reads: {
      workload: async () => live.workload,
      config: async () => live.config,
      pods: async () => [{ createdAt: 0, current: true }],
      compareMarks: async () => 'none',
    },
    writer: {
      leavesKey: () => true,
      async restart(order) {
        if (live.refuse !== undefined) throw live.refuse;
        patches.push(order);
        return { uid: order.uid, version: '40' };
      },
      async resume(order) {
        if (live.refuse !== undefined) throw live.refuse;
        resumes.push(order);
        return '60';
      },
    },
    engines: noEngines,
    onTrouble: (error) => void outcomes.push(`trouble ${String(error)}`),
    now: () => live.now,
    random: () => 0.5,
    mode: 'enforce',
    gates: { ...noGates, maxRollouts: 100, restartBurst: 10 },
    takeBootProof: () => false,
    retryAfter: (_, ms) => void retries.push(ms),
    wakeAfter: (_, ms) => void wakes.push(ms),
    onRecorded: () => undefined,
    report: (outcome) => void outcomes.push(tell(outcome)),
    ...more,
  };
  const reconciler = createWorkloadReconciler(deps);
  const rig: Rig = {
    state,
    deps,
    namespaces,
    outcomes,
    retries,
    wakes,
    patches,
    resumes,
    live,
    reconciler,
    see(what) {
      if (what.workload !== undefined)
        state.workloads.apply({
          present: true,
          how: 'modified',
          object: what.workload,
          version: what.workload.resourceVersion,
        });
      if (what.config !== undefined)
        state.configs.apply(
          { present: true, how: 'modified', object: what.config, version: what.config.resourceVersion },
          live.now,
        );
      Object.assign(live, what);
    },
    reconcile: () => reconciler.reconcile(key, new AbortController().signal),
  };
  state.revisions.apply({ present: true, how: 'listed', object: revision, version: '9' });
  state.configs.apply({ present: true, how: 'listed', object: config(10, 'A'), version: '10' }, T);
  rig.see({ workload: workload(20), config: config(10, 'A') });
  await rig.reconcile();
  outcomes.length = 0;
  return rig;
}

function tell(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'recorded':
      return `recorded ${outcome.acked.map(({ reason }) => reason).join()}`;
    case 'restarted':
    case 'restarting':
    case 'would-restart':
      return `${outcome.kind} n=${outcome.n} ${outcome.owed.map(({ reason }) => reason).join()}`;
    case 'paused':
      return `paused until ${outcome.until}`;
    case 'resumed':
    case 'would-resume':
    case 'resume-held':
      return `${outcome.kind} ${outcome.reason}`;
    case 'held':
      return `held ${outcome.reason}`;
    case 'throttled':
      return `throttled ${outcome.throttling.flaps.map(({ name, changes, writers }) => `${name} ${changes} ${writers.join()}`).join()}`;
    case 'rollout-late':
      return `rollout-late ${outcome.workload.ref.name} ${outcome.reason}`;
    case 'halted':
      return `halted ${outcome.failed.join()}`;
    case 'refused':
    case 'resume-refused':
    case 'conflict':
    case 'halt-ended':
      return outcome.kind;
  }
}
