// Which SecretProviderClasses concern a workload, and what becomes of their content in the loop: flag and paragraph of the contract.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestValues } from '../../server/core/digest.ts';
import { beforeEveryPod } from '../../server/core/provider-class.ts';
import { isIgnored } from '../../server/core/reload.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { SeenConfig } from '../../server/core/seen.ts';
import { listProposals } from '../../server/reconcile/proposals.ts';
import { listUses } from '../../server/reconcile/uses.ts';
import { createRig, key, revision, T, workload, type Rig } from './rig.ts';

const ref = { kind: 'SecretProviderClass', namespace: 'shop', name: 'db' } as const;
const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };
const reference = { kind: 'SecretProviderClass', name: 'db', keys: 'all', optional: false } as const;
const auto = { 'reloader.stakater.com/auto': 'true' };
const match = 'reloader.stakater.com/match';

function mounted(version: number, content: string, more: Partial<SeenConfig> = {}): SeenConfig {
  const contents = [digestValues(ref, [{ dataKey: 'id', field: 'data', value: Buffer.from(content) }], digestKey)];
  const facts = {
    uid: 'c',
    resourceVersion: String(version),
    createdAt: 0,
    dataWrittenAt: beforeEveryPod,
    writers: [],
  };
  return { ref, contents, annotations: {}, ignored: false, ...facts, ...more };
}

interface Given {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly marks?: Readonly<Record<string, string>>;
  readonly csi?: boolean;
  readonly mounts?: boolean;
}

async function open({ annotations = auto, marks = {}, csi = true, mounts = true }: Given, flags = {}): Promise<Rig> {
  const rig = await createRig({}, { onCreate: false, onDelete: false, atStart: false, ...flags });
  const given = { kind: 'Deployment', annotations, templateAnnotations: {} } as const;
  const reload = compileReload(given, { ...defaultReloadRules, csi });
  rig.see({ workload: workload(21, { reload, references: mounts ? [reference] : [] }) });
  await see(rig, 'listed', mounted(12, 'v1', { annotations: marks, ignored: isIgnored(marks) }));
  rig.state.revisions.apply({ present: true, how: 'listed', object: revision, version: '9' });
  return rig;
}

async function see(rig: Rig, how: 'listed' | 'modified', object: SeenConfig): Promise<void> {
  rig.state.configs.apply({ present: true, how, object, version: object.resourceVersion }, rig.live.now);
  rig.live.config = object;
  rig.outcomes.length = 0;
  await rig.reconcile();
}

const restarted = ['restarting n=1 changed', 'restarted n=1 changed'];
const rows: readonly (readonly [rule: string, given: Given, told: readonly string[]])[] = [
  ['§2 auto', {}, restarted],
  ['§2 typed auto', { annotations: { 'secretproviderclass.reloader.stakater.com/auto': 'true' } }, restarted],
  ['§2 auto typed for another kind', { annotations: { 'secret.reloader.stakater.com/auto': 'true' } }, []],
  [
    '§2 rule 5: named, without a reference',
    { annotations: { 'secretproviderclass.reloader.stakater.com/reload': 'd.*' }, mounts: false },
    restarted,
  ],
  ['§2 auto, and not mounted', { mounts: false }, []],
  [
    '§2 rule 4: excluded',
    { annotations: { ...auto, 'secretproviderclasses.exclude.reloader.stakater.com/reload': 'db' } },
    [],
  ],
  ['§2 rule 2: ignore on the class', { marks: { 'reloader.stakater.com/ignore': 'true' } }, []],
  [
    '§2 rule 6: search, marked',
    { annotations: { 'reloader.stakater.com/search': 'true' }, marks: { [match]: 'true' } },
    restarted,
  ],
  ['§2 rule 6: search, not marked', { annotations: { 'reloader.stakater.com/search': 'true' } }, []],
  ['§1 --enable-csi-integration not given', { csi: false }, []],
];

for (const [rule, given, told] of rows) {
  test(rule, async () => {
    const rig = await open(given);
    const { marks = {} } = given;
    const more = { annotations: marks, ignored: isIgnored(marks), dataWrittenAt: T };
    await see(rig, 'modified', mounted(30, 'v2', more));
    assert.deepEqual(rig.outcomes, told);
  });
}

for (const flags of [{}, { onCreate: true, onDelete: true, atStart: true }]) {
  const title = Object.keys(flags).length === 0 ? '' : ', also where creations and deletions count';
  test(`scaled to zero and back to newer content: fresh${title}`, async () => {
    const rig = await open({}, flags);
    await see(rig, 'listed', mounted(30, 'v2'));
    assert.deepEqual(rig.outcomes, ['recorded fresh']);
  });

  test(`a class that is gone, and back with other content: fresh${title}`, async () => {
    const rig = await open({}, flags);
    const gone = { present: false, watched: true, key: 'SecretProviderClass/shop/db', version: '40' } as const;
    rig.state.configs.apply(gone, T);
    rig.live.config = undefined;
    rig.outcomes.length = 0;
    await rig.reconcile();
    assert.deepEqual(rig.outcomes, []);
    await see(rig, 'listed', mounted(50, 'v2', { uid: 'c2' }));
    assert.deepEqual(rig.outcomes, ['recorded fresh']);
  });
}

test('an ack of a class is no checksum for Git', async () => {
  const rig = await open({});
  await see(rig, 'modified', mounted(30, 'v2', { dataWrittenAt: T }));
  assert.ok(rig.state.ledger.workload(key)?.acks['SecretProviderClass/db']);
  const workloadNow = rig.state.workloads.get(key);
  assert.ok(workloadNow && listUses(rig.state, workloadNow).length === 1);
  assert.deepEqual(listProposals({ state: rig.state, isRecordable: () => true }, 'shop'), []);
});
