// The drift detector beside the loop: what makes owners be compared again, and what the loop is told of what engines take back.
import { createConfiguredOwners } from '../server/configured-owners.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { loadConfig } from '../server/config.ts';
import type { DeclaredConfig } from '../server/core/declaration.ts';
import type { EngineRef, EngineResource, Ownership, OwnerPlan, OwnershipMarks } from '../server/core/engine.ts';
import { objectKey } from '../server/core/object.ts';
import type { SeenEvent, SeenNamespace, SeenWorkload } from '../server/core/seen.ts';
import { parseSelector } from '../server/core/selector.ts';
import { followDrift } from '../server/drift-route.ts';
import { openDrift } from '../server/drift.ts';
import { createMetrics } from '../server/metrics.ts';
import type { Ports } from '../server/ports.ts';
import { createRoute } from '../server/reconcile/route.ts';
import { createReloaderCounts } from '../server/reloader-counts.ts';
import { createReloaderMetrics } from '../server/reloader-metrics.ts';
import { createNamespaces } from '../server/state/namespaces.ts';
import { createProviderClasses } from '../server/state/provider-classes.ts';
import { createFakeClock } from './reconcile/fake-clock.ts';
import { config as secret, createRig, T, workload } from './reconcile/rig.ts';

const owner: EngineRef = { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'apps' };
const resource: EngineResource = {
  group: 'kustomize.toolkit.fluxcd.io',
  version: 'v1',
  resource: 'kustomizations',
  kind: 'Kustomization',
};
const plan: OwnerPlan = {
  sources: [],
  overrides: [],
  finish: () => ({ kind: 'not-rendered', reason: 'not-rendered', detail: '' }),
};
const marks: OwnershipMarks = {
  group: '',
  kind: 'Secret',
  namespace: 'shop',
  name: 'db',
  labels: {},
  annotations: {},
  owners: [],
};
const owned: Ownership = { kind: 'owned', owner, by: 'inventory', heals: true };
const shop: SeenNamespace = { name: 'shop', resourceVersion: '1', labels: { team: 'a' }, paused: false };

function shown<O extends { readonly resourceVersion: string }>(object: O): SeenEvent<O> {
  return { present: true, how: 'modified', object, version: object.resourceVersion };
}

/** Git declares the Secret's first content. */
function declared(): DeclaredConfig {
  const { ref, contents } = secret(10, 'A');
  const [content = { keyId: '', values: new Map<string, string>() }] = contents;
  const fields = { type: undefined, immutable: undefined };
  return { ref, path: 'db.yaml', content: { content, unclear: new Map(), rest: undefined, fields } };
}

async function open({ ownership = owned, flags = [] as string[] } = {}) {
  const config = loadConfig({
    argv: flags,
    env: {},
    hostname: 'test',
    tempDir: '/nowhere',
    isTerminal: false,
    readFile: () => '',
  });
  const reading = parseSelector(flags.length > 0 ? 'team=a' : '');
  assert.ok(reading.kind === 'selector');
  const namespaces = createNamespaces({ listed: [], ignored: [], selector: reading.selector });
  const { state } = await createRig({ namespaces });
  const clock = createFakeClock();
  const [said, asked]: [string[], string[]] = [[], []];
  const note = (fields: unknown, message: string): void => {
    if ((fields as { reason?: string }).reason !== undefined) said.push(message);
  };
  const metrics = createMetrics({ version: 'test', nodeVersion: 'test' });
  const ports: Ports = {
    client: {
      server: '',
      async send({ verb, resource: of }) {
        if (of === 'kustomizations') asked.push(verb);
        return { metadata: {} };
      },
      stream: () => Promise.reject(new Error('nothing is watched here')),
    },
    hub: undefined,
    clock,
    now: () => T + clock.now(),
    random: () => 0.5,
    randomBytes,
    sleep: async () => undefined,
    log: { debug: () => undefined, info: note, warn: note, error: note },
    metrics,
    reloader: createReloaderCounts({
      metrics: createReloaderMetrics(metrics.registry, config.reloader),
      now: () => 0,
      namespaceLabel: metrics.namespaceLabel,
    }),
    resolve: (_host, answer) => answer(new Error('no names here'), []),
    readFile: () => '',
    historyFile: () => ({ read: async () => [], append: async () => undefined }),
    env: {},
  };
  let comparisons = 0;
  const queue = {
    add: () => undefined,
    settle: () => undefined,
    addAfter: () => undefined,
    start: () => undefined,
    stop: async () => undefined,
    depth: 0,
  };
  const drift = openDrift(config, ports, {
    configured: createConfiguredOwners([], { resolve: async () => '', now: () => 0 }),
    engines: { ownerOf: () => ownership, plan: () => plan, progressOf: () => ({ kind: 'idle' }) },
    resourceOf: () => resource,
    declare: async () => {
      comparisons++;
      const configs = new Map([[objectKey(secret(10, 'A').ref), declared()]]);
      return { kind: 'declared', declaration: { configs, workloads: new Map(), problems: [] } };
    },
    state,
    namespaces,
    restarts: () => queue,
    onRecordable: () => undefined,
    signal: new AbortController().signal,
  });
  const route = followDrift(
    createRoute({
      state,
      namespaces,
      classes: createProviderClasses(),
      queue,
      settle: { windowMs: 0, maxMs: 0 },
      mayBeHealed: drift.mayBeHealed,
      now: () => T,
      log: ports.log,
      onChange: () => undefined,
      onRestartKey: () => undefined,
    }),
    { drift, state, namespaces },
  );
  return {
    drift,
    route,
    said,
    asked,
    settle: () => clock.advance(3_000),
    get comparisons() {
      return comparisons;
    },
  };
}

/** An edit, told as drift. */
async function drifted(flags: string[] = []) {
  const rig = await open({ flags });
  rig.route.onNamespace(shown(shop));
  rig.route.onWorkload(shown(workload(20)));
  rig.drift.queue.start();
  rig.route.onConfig(shown(secret(30, 'B', { ownership: marks, writers: ['kubectl-edit'] })));
  await rig.settle();
  assert.deepEqual([rig.said, rig.asked], [['drift found'], []]);
  return rig;
}

type Drifted = Awaited<ReturnType<typeof drifted>>;

function mark(value: string, version: number): SeenEvent<SeenWorkload> {
  return shown(workload(version, { annotations: { 'lockstep.dev/drift': value } }));
}

const wishes: [rule: string, change: (rig: Drifted) => void][] = [
  ['a workload that uses it', ({ route }) => route.onWorkload(mark('revert', 21))],
  ['its namespace', ({ route }) => route.onNamespace(shown({ ...shop, resourceVersion: '2', drift: 'revert' }))],
  [
    'the object itself',
    ({ route }) =>
      route.onConfig(shown(secret(31, 'B', { ownership: marks, annotations: { 'lockstep.dev/drift': 'revert' } }))),
  ],
];
for (const [rule, change] of wishes) {
  test(`drift that was only told is reverted as soon as ${rule} says so`, async () => {
    const rig = await drifted();
    change(rig);
    await rig.settle();
    assert.equal(rig.asked[0], 'get');
  });
}

test('a workload that asks for a revert and begins to use the object counts from then on', async () => {
  const rig = await drifted();
  rig.route.onWorkload(shown(workload(21, { references: [] })));
  rig.route.onWorkload(shown(workload(22, { references: [], annotations: { 'lockstep.dev/drift': 'revert' } })));
  await rig.settle();
  assert.deepEqual(rig.asked, []);
  rig.route.onWorkload(mark('revert', 23));
  await rig.settle();
  assert.equal(rig.asked[0], 'get');
});

test('what else changes of a workload compares nothing', async () => {
  const rig = await drifted();
  rig.route.onWorkload(mark('report', 21));
  await rig.settle();
  const before = rig.comparisons;
  rig.route.onWorkload(mark('report', 22));
  rig.route.onNamespace(shown({ ...shop, resourceVersion: '2' }));
  await rig.settle();
  assert.equal(rig.comparisons, before);
});

test('a namespace that is not selected any more has no drift, and one that is again has', async () => {
  const rig = await drifted(['--namespace-selector=team=a']);
  rig.route.onNamespace(shown({ ...shop, resourceVersion: '2', labels: {} }));
  await rig.settle();
  rig.route.onNamespace(shown({ ...shop, resourceVersion: '3' }));
  await rig.settle();
  assert.deepEqual(rig.said, ['drift found', 'drift gone', 'drift found']);
});

test('a process that stands by keeps no owners', async () => {
  const rig = await open();
  rig.route.onConfig(shown(secret(30, 'B', { ownership: marks, writers: ['kubectl-edit'] })));
  rig.drift.onOwners([owner]);
  await rig.settle();
  assert.deepEqual([rig.drift.queue.depth, rig.comparisons], [0, 0]);
});

const healing: [rule: string, ownership: Ownership, writer: string, mayBeHealed: boolean][] = [
  ['a person’s edit', owned, 'kubectl-edit', true],
  ['what the engine wrote itself', owned, 'kustomize-controller', false],
  ['where the owner takes nothing back', { kind: 'owned', owner, by: 'inventory' }, 'kubectl-edit', false],
  ['what an owned object made', { kind: 'owned', owner, by: 'owner-reference', heals: true }, 'cert-manager', false],
  ['what its owner does not confirm', { kind: 'unconfirmed', owner, reason: 'not-in-inventory' }, 'kubectl', false],
];
for (const [rule, ownership, writer, mayBeHealed] of healing) {
  test(`rule 15: ${mayBeHealed ? 'may' : 'cannot'} be taken back: ${rule}`, async () => {
    const { drift } = await open({ ownership });
    assert.equal(drift.mayBeHealed(secret(30, 'B', { ownership: marks, writers: [writer] })), mayBeHealed);
  });
}
