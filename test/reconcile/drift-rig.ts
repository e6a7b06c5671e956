// One owner that declares config objects, real state around it, and an engine that answers as it is told.
import type { WriterFacts } from '../../server/core/attribution.ts';
import type { DeclaredConfig } from '../../server/core/declaration.ts';
import { digestValues, plainKeyId } from '../../server/core/digest.ts';
import type { DriftAction } from '../../server/core/drift-action.ts';
import type { EngineProgress, EngineRef, Ownership, OwnerPlan } from '../../server/core/engine.ts';
import { objectKey, type ConfigRef } from '../../server/core/object.ts';
import { ownerKey } from '../../server/core/owner-key.ts';
import type { LeaveRule } from '../../server/core/leave-rule.ts';
import type { Asked } from '../../server/core/revert.ts';
import type { SeenConfig } from '../../server/core/seen.ts';
import { createDriftReconciler, type Declared, type DriftDeps } from '../../server/reconcile/drift.ts';
import type { DriftOutcome } from '../../server/reconcile/drift-outcome.ts';
import { createClaims } from '../../server/state/claims.ts';
import { createConfigs } from '../../server/state/configs.ts';
import { createDriftState } from '../../server/state/drift.ts';
import { createReversions } from '../../server/state/reversions.ts';

export const owner: EngineRef = { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'apps' };
export const key = ownerKey(owner);
export const T = 1_700_000_000_000;
const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };

export function ref(name: string): ConfigRef {
  return { kind: 'ConfigMap', namespace: 'shop', name };
}

type Data = Readonly<Record<string, string>>;

function contentOf(name: string, data: Data) {
  const inputs = Object.entries(data).map(([dataKey, text]) => ({
    dataKey,
    field: 'data' as const,
    value: Buffer.from(text),
  }));
  return digestValues(ref(name), inputs, digestKey);
}

export function declared(name: string, data: Data): DeclaredConfig {
  const fields = { type: undefined, immutable: undefined };
  return {
    ref: ref(name),
    path: 'apps/web.yaml',
    content: { content: contentOf(name, data), unclear: new Map(), rest: undefined, fields },
  };
}

const plan: OwnerPlan = {
  sources: [{ repository: 'https://git.example.com/shop.git', revision: 'a'.repeat(40), path: '', renderer: 'plain' }],
  overrides: [],
  finish: () => ({ kind: 'not-rendered', reason: 'not-rendered', detail: '' }),
};

/** What the world is like; a test changes it. */
export interface World {
  declares: readonly DeclaredConfig[];
  problems: readonly string[];
  leaves: readonly LeaveRule[];
  answer: Declared | undefined;
  ownership: Ownership;
  exists: boolean;
  progress: EngineProgress;
  manager: string;
  action: DriftAction;
  asked: Asked | Error;
  watches: 'all' | 'some' | 'none';
  now: number;
}

export interface Rig {
  readonly world: World;
  readonly told: string[];
  readonly outcomes: DriftOutcome[];
  /** Config objects of each ask. */
  readonly asks: string[][];
  /** Reads of managedFields. */
  readonly reads: string[];
  readonly retries: number[];
  readonly released: string[];
  readonly deps: DriftDeps;
  /** The object as it is now; undefined: deleted. */
  readonly see: (name: string, data: Data | undefined) => void;
  /** Of the owner, or of another one. */
  readonly reconcile: (owner?: string) => Promise<void>;
}

export function createRig(more: Partial<DriftDeps> = {}): Rig {
  const world: World = {
    declares: [declared('web', { a: '1', b: '2' })],
    problems: [],
    leaves: [],
    answer: undefined,
    ownership: { kind: 'owned', owner, by: 'inventory' },
    exists: true,
    progress: { kind: 'idle' },
    manager: 'kubectl-edit',
    action: 'report',
    asked: { kind: 'asked' },
    watches: 'all',
    now: T,
  };
  const [outcomes, asks, reads, retries, released]: [DriftOutcome[], string[][], string[], number[], string[]] = [
    [],
    [],
    [],
    [],
    [],
  ];
  const configs = createConfigs([digestKey]);
  const claims = createClaims();
  const deps: DriftDeps = {
    configs,
    claims,
    drift: createDriftState(),
    reversions: createReversions(),
    owners: {
      ownerOf: () => world.ownership,
      plan: async () => (world.exists ? plan : undefined),
      progressOf: () => world.progress,
    },
    declare: async () => world.answer ?? declarationOf(world),
    watches: () => world.watches,
    writersOf: async (config) => {
      reads.push(objectKey(config));
      return writersAs(world.manager, configs.seen(objectKey(config)));
    },
    reverter: {
      async ask(_, { configs: wished }) {
        asks.push(wished.map(objectKey));
        if (world.asked instanceof Error) throw world.asked;
        return world.asked;
      },
    },
    mode: 'enforce',
    settingOf: () => ({ action: world.action, from: 'flag', problem: undefined }),
    now: () => world.now,
    retryAfter: (_, ms) => void retries.push(ms),
    onReleased: (config) => void released.push(config),
    report: (outcome) => void outcomes.push(outcome),
    ...more,
  };
  const reconciler = createDriftReconciler(deps);
  let version = 10;
  const rig: Rig = {
    world,
    outcomes,
    get told() {
      return outcomes.map(tell);
    },
    asks,
    reads,
    retries,
    released,
    deps,
    see(name, data) {
      const config = objectKey(ref(name));
      const at = String(++version);
      claims.claim(config, data === undefined ? undefined : key);
      if (data === undefined) configs.apply({ present: false, watched: true, key: config, version: at }, world.now);
      else configs.apply({ present: true, how: 'modified', object: seen(name, data, at), version: at }, world.now);
    },
    reconcile: (one = key) => reconciler.reconcile(one, new AbortController().signal),
  };
  rig.see('web', { a: '1', b: '2' });
  return rig;
}

function declarationOf({ declares, problems, leaves }: World): Declared {
  const configs = new Map(declares.map((config) => [objectKey(config.ref), config]));
  return { kind: 'declared', declaration: { configs, workloads: new Map(), problems, leaves } };
}

function seen(name: string, data: Data, resourceVersion: string): SeenConfig {
  return {
    ref: ref(name),
    uid: `u-${name}`,
    resourceVersion,
    createdAt: T,
    contents: [{ ...contentOf(name, data), keyId: plainKeyId }],
    annotations: {},
    ignored: false,
    dataWrittenAt: T,
    writers: [],
  };
}

function writersAs(manager: string, config: SeenConfig | undefined): WriterFacts | undefined {
  if (config === undefined) return undefined;
  const keys = config.contents.flatMap(({ values }) => [...values.keys()]);
  const entry = { manager, operation: 'Update', subresource: '', at: T, keys } as const;
  return { writes: { entries: [entry], complete: true }, owners: [], marks: {} };
}

function tell(outcome: DriftOutcome): string {
  switch (outcome.kind) {
    case 'found':
    case 'changed': {
      const { reason, keys, writer = 'nobody' } = outcome.drift;
      return `${outcome.kind} ${outcome.config.name} ${reason} [${keys.join()}] by ${writer}`;
    }
    case 'gone':
    case 'revert-refused':
      return `${outcome.kind} ${outcome.config.name} ${outcome.reason}`;
    case 'revert-asked':
      return `revert-asked ${outcome.configs.map(({ name }) => name).join()}`;
    case 'revert-busy':
    case 'not-rendered':
      return `${outcome.kind} ${outcome.reason}`;
  }
}
