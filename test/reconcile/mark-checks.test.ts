// Rule 14: what Reloader left on a template names a baseline, and restarts nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import type { Reads } from '../../server/core/cluster.ts';
import type { SeenMark } from '../../server/core/seen.ts';
import { createMarkChecks } from '../../server/reconcile/mark-checks.ts';
import type { Outcome } from '../../server/reconcile/outcome.ts';
import { config, createRig, key, T, workload } from './rig.ts';

const hash = '86eda770a6060824b090dd4df091e3bd4121279c';
const mark: SeenMark = { by: 'env-vars', kind: 'Secret', variable: 'STAKATER_DB_SECRET', hash, byReloader: true };
const about = (name: string): SeenMark => ({
  by: 'annotations',
  kind: 'Secret',
  namespace: 'shop',
  name,
  hash,
  observedAt: 1,
  byReloader: true,
});

type Answer = Awaited<ReturnType<Reads['compareMarks']>> | Error;

const rows: readonly [rule: string, marks: readonly SeenMark[], answer: Answer, reason: string][] = [
  ['an equal variable is an ack', [mark], 'ack', 'reloader-hash'],
  ['an equal annotation is one, too', [about('db')], 'ack', 'reloader-hash'],
  ['another hash is reported', [mark], 'mismatch', 'reloader-hash-differs'],
  ['a mark of another config object says nothing', [about('other')], 'ack', 'baseline'],
  ['no mark says nothing', [], 'ack', 'baseline'],
  ['content that moved meanwhile is a plain baseline', [mark], 'moved', 'baseline'],
  ['a read that fails is a plain baseline', [mark], new LockstepError('api-failed', { message: 'no' }), 'baseline'],
];
for (const [rule, marks, answer, reason] of rows) {
  test(`rule 14: ${rule}; nothing restarts`, async () => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    let report: (outcome: Outcome) => void = () => undefined;
    let answers: Reads['compareMarks'] = async () => 'none';
    const plain = await createRig();
    const rig = await createRig({
      reads: { ...plain.deps.reads, compareMarks: (...question) => answers(...question) },
      report: (outcome) => report(outcome),
      takeBootProof: () => true,
    });
    report = resolve;
    answers = async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    };
    rig.state.ledger.remove(key, T);
    rig.see({ workload: workload(21, { marks }) });
    await rig.reconcile();
    assert.ok(rig.state.ledger.workload(key), 'the ledger does not wait');
    assert.deepEqual(await promise, {
      kind: 'recorded',
      workload: rig.live.workload?.ref,
      acked: [{ name: 'Secret/db', reason }],
    });
    assert.deepEqual(rig.patches, []);
  });
}

test('rule 14: a hash of other content restarts when the content changes next, once', async () => {
  const rig = await createRig({ takeBootProof: () => true });
  rig.state.ledger.remove(key, T);
  rig.see({ workload: workload(21, { marks: [mark] }) });
  await rig.reconcile();
  assert.equal(rig.patches.length, 0);
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  assert.equal(rig.patches.length, 1);
});

test('rule 14: however many pairs a migration has, four are read at a time, and all are told', async () => {
  let running = 0;
  let most = 0;
  const told: Outcome[] = [];
  const troubles: unknown[] = [];
  const { promise: all, resolve: done } = Promise.withResolvers<void>();
  const checks = createMarkChecks({
    reads: {
      compareMarks: async () => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return 'ack';
      },
    },
    report: (outcome) => {
      told.push(outcome);
      if (told.length === 100) done();
      if (told.length === 7) throw new Error('a bug');
    },
    onTrouble: (error) => troubles.push(String(error)),
  });
  const names = Array.from({ length: 100 }, (_, n) => `s${n}`);
  const ack = { digest: 'k1:A', projection: '*', uid: 'u', resourceVersion: '10' };
  const record = { uid: 'w', n: 0, acks: Object.fromEntries(names.map((name) => [`Secret/${name}`, ack])) };
  const acked = names.map((name) => ({ name: `Secret/${name}`, reason: 'baseline' as const }));
  const left = checks.take(workload(1, { marks: names.map(about) }), { record, acked }, new AbortController().signal);
  assert.deepEqual(left, []);
  await all;
  assert.equal(most, 4);
  assert.deepEqual(troubles, ['Error: a bug'], 'said, and the others go on');
});
