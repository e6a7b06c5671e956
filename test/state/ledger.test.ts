import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import type { LedgerStore, Shard } from '../../server/core/ledger-store.ts';
import { formatRecord, parseRecord, type LedgerRecord } from '../../server/state/ledger-format.ts';
import { createLedger } from '../../server/state/ledger.ts';

const never = new AbortController().signal;
const ack = { digest: 'k1:d', projection: '*', uid: 'u', resourceVersion: '7' };
const workload = (key: string, n = 0, more: object = { 'Secret/db': ack }): LedgerRecord => ({
  kind: 'workload',
  key,
  value: { uid: 'w', n, acks: more as Record<string, typeof ack> },
});
const config: LedgerRecord = {
  kind: 'object',
  key: 'Secret/shop/db',
  value: { uid: 'u', digest: 'k1:d', resourceVersion: '7', changedAt: undefined, dataWrittenAt: 5, keyMarks: '' },
};

/** A store in memory that fails on request. */
function memory(shards: readonly Shard[] = []) {
  const kept = new Map(shards.map((shard) => [shard.name, shard]));
  const state = { saves: 0, fail: undefined as Error | undefined, kept };
  const store: LedgerStore = {
    load: async () => [...kept.values()],
    async save({ name, version, text }) {
      state.saves++;
      const failure = state.fail;
      state.fail = undefined;
      if (failure !== undefined) throw failure;
      if (kept.get(name)?.version !== version) throw new LockstepError('api-conflict', { message: 'changed' });
      const next = String(Number(version ?? 0) + 1);
      kept.set(name, { name, version: next, text });
      return next;
    },
  };
  return { ...state, state, store };
}

async function reload(store: LedgerStore) {
  const ledger = createLedger(store);
  return { ledger, loaded: await ledger.load(never) };
}

for (const record of [workload('Deployment/shop/web', 3), config]) {
  test(`a ${record.kind} record is read back as it was written`, () =>
    assert.deepEqual(parseRecord(formatRecord(record)), record));
}
for (const line of [
  '',
  'x',
  '{}',
  '[]',
  '["w","k","u"]',
  '["w","k","u","1",{}]',
  '["w","k","u",1,{"a":[1]}]',
  '["o","k","u","d","7"]',
  '["o","k","u","d","7",0]',
  '["x","k","u","d","7",0,0]',
]) {
  test(`no record: ${line}`, () => assert.equal(parseRecord(line), undefined));
}

test('what leaves no trace is due within 1 s, what the restart key holds within 10 s; the earliest decides', () => {
  const ledger = createLedger(memory().store);
  assert.equal(ledger.dueAt(), undefined);
  ledger.put(workload('a'), 1_000, 'traced');
  assert.equal(ledger.dueAt(), 11_000);
  ledger.put(workload('b'), 2_000, 'untraced');
  assert.equal(ledger.dueAt(), 3_000);
  ledger.put(workload('c'), 2_500, 'untraced');
  assert.equal(ledger.dueAt(), 3_000);
});

test('nothing is written before it is due, and everything together', async () => {
  const { store, state } = memory();
  const ledger = createLedger(store);
  ledger.put(workload('a'), 0, 'untraced');
  ledger.put(workload('b'), 0, 'traced');
  await ledger.flush(999, never);
  assert.equal(state.saves, 0);
  await ledger.flush(1_000, never);
  assert.equal(state.saves, 1);
  assert.equal(ledger.dueAt(), undefined);
  assert.deepEqual((await reload(store)).ledger.keys(), ['a', 'b']);
});

test('the same record again is not written', async () => {
  const { store } = memory();
  const ledger = createLedger(store);
  ledger.put(workload('a'), 0, 'untraced');
  await ledger.flush(Infinity, never);
  ledger.put(workload('a'), 9_000, 'untraced');
  assert.equal(ledger.dueAt(), undefined);
});

test('a removed record is gone after the next write', async () => {
  const { store } = memory();
  const ledger = createLedger(store);
  ledger.put(workload('a'), 0, 'untraced');
  await ledger.flush(Infinity, never);
  ledger.remove('a', 0);
  ledger.remove('unknown', 0);
  assert.equal(ledger.workload('a'), undefined);
  await ledger.flush(Infinity, never);
  assert.deepEqual((await reload(store)).ledger.keys(), []);
});

test('shards stay below 64 KiB, and records of 2,000 workloads all come back', async () => {
  const { store, state } = memory();
  const ledger = createLedger(store);
  for (let index = 0; index < 2_000; index++) ledger.put(workload(`Deployment/shop/w${index}`, index), 0, 'untraced');
  await ledger.flush(Infinity, never);
  assert.ok(state.kept.size > 1);
  for (const { text } of state.kept.values()) assert.ok(Buffer.byteLength(text) <= 64 * 1024);
  const again = await reload(store);
  assert.deepEqual(again.loaded, { records: 2_000, damaged: 0 });
  assert.equal(again.ledger.workload('Deployment/shop/w1999')?.n, 1_999);
});

test('a damaged line costs one record', async () => {
  const text = [formatRecord(workload('a')), '["w","b"', formatRecord(config)].join('\n');
  const { ledger, loaded } = await reload(memory([{ name: 's', version: '1', text }]).store);
  assert.deepEqual(loaded, { records: 2, damaged: 1 });
  assert.equal(ledger.object('Secret/shop/db')?.digest, 'k1:d');
  assert.equal(ledger.workload('Secret/shop/db'), undefined);
});

for (const order of [
  ['3', '5'],
  ['5', '3'],
]) {
  test(`a record in two shards (n=${order.join(', n=')}): the one restarted more often counts`, async () => {
    const shards = order.map((n, index) => ({
      name: `s${index}`,
      version: '1',
      text: formatRecord(workload('a', Number(n))),
    }));
    assert.equal((await reload(memory(shards).store)).ledger.workload('a')?.n, 5);
  });
}

test('a write that fails is due again, and nothing is lost', async () => {
  const { store, state } = memory();
  const ledger = createLedger(store);
  ledger.put(workload('a'), 0, 'untraced');
  state.fail = new LockstepError('api-failed', { message: 'no' });
  await assert.rejects(ledger.flush(Infinity, never), { code: 'api-failed' });
  assert.equal(ledger.dueAt(), 0);
  await ledger.flush(1, never);
  assert.deepEqual((await reload(store)).ledger.keys(), ['a']);
});

test('I8: another process wrote the shard: its records win, and what was not written is told', async () => {
  const { store } = memory();
  const [mine, other] = [createLedger(store), createLedger(store)];
  mine.put(workload('a', 1), 0, 'untraced');
  await mine.flush(Infinity, never);
  await other.load(never);
  other.put(workload('a', 2), 0, 'untraced');
  other.put(workload('b', 1), 0, 'untraced');
  await other.flush(Infinity, never);
  mine.put(workload('a', 9), 0, 'untraced');
  mine.put(workload('c', 1), 0, 'untraced');
  assert.deepEqual([...(await mine.flush(Infinity, never))].sort(), ['a', 'c']);
  assert.deepEqual([mine.workload('a')?.n, mine.workload('b')?.n, mine.workload('c')], [2, 1, undefined]);
  mine.put(workload('a', 3), 0, 'untraced');
  assert.deepEqual(await mine.flush(Infinity, never), []);
  assert.equal((await reload(store)).ledger.workload('a')?.n, 3);
});

test('what is put while a write is on its way is written next', async () => {
  const { store } = memory();
  const gate = Promise.withResolvers<void>();
  const slow: LedgerStore = {
    ...store,
    async save(shard, signal) {
      await gate.promise;
      return store.save(shard, signal);
    },
  };
  const ledger = createLedger(slow);
  ledger.put(workload('a', 1), 0, 'untraced');
  const writing = ledger.flush(Infinity, never);
  ledger.put(workload('a', 2), 0, 'untraced');
  gate.resolve();
  await writing;
  assert.equal(ledger.dueAt(), 1_000);
  await ledger.flush(Infinity, never);
  assert.equal((await reload(store)).ledger.workload('a')?.n, 2);
});

test('a shard that was written by another process and cannot be read yet is tried again', async () => {
  const shard = { name: 'lockstep-ledger-000', version: '1', text: formatRecord(workload('a')) };
  const { state, store } = memory([shard]);
  let isReadable = true;
  const flaky: LedgerStore = {
    ...store,
    load: (signal) =>
      isReadable ? store.load(signal) : Promise.reject(new LockstepError('api-unreachable', { message: 'no answer' })),
  };
  const { ledger } = await reload(flaky);
  ledger.put(workload('b'), 0, 'untraced');
  state.fail = new LockstepError('api-conflict', { message: 'changed' });
  isReadable = false;
  await assert.rejects(ledger.flush(1_000, never));
  assert.equal(ledger.isWritten(), false);
  isReadable = true;
  assert.equal((ledger.dueAt() ?? Infinity) <= 1_000, true);
});
