import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestValues } from '../../server/core/digest.ts';
import type { SeenConfig } from '../../server/core/seen.ts';
import { createConfigs, maxChanges, type Configs } from '../../server/state/configs.ts';

const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };
const ref = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;
const key = 'Secret/shop/db';
const whole = { keys: 'all', optional: false } as const;
const T = 1_700_000_000_000;

interface More {
  readonly uid?: string;
  readonly ignored?: boolean;
  readonly writtenAt?: number;
  readonly under?: string;
}

function seen(
  version: number,
  data: Record<string, string>,
  { uid = 'u', ignored = false, writtenAt = T, under = 'k1' }: More = {},
): SeenConfig {
  const inputs = Object.entries(data).map(([dataKey, text]) => ({
    dataKey,
    field: 'data' as const,
    value: Buffer.from(text),
  }));
  const contents = [digestValues(ref, inputs, { ...digestKey, id: under })];
  return {
    ref,
    uid,
    resourceVersion: String(version),
    createdAt: T - 1,
    contents,
    annotations: ignored ? { 'lockstep.dev/ignore': 'true' } : {},
    ignored,
    dataWrittenAt: writtenAt,
    writers: [`writer-${version}`],
  };
}

type How = 'listed' | 'found' | 'added' | 'modified';
const tell = (configs: Configs, how: How, object: SeenConfig, now = T): boolean =>
  configs.apply({ present: true, how, object, version: object.resourceVersion }, now);
const gone = (configs: Configs, version: number, watched = true): boolean =>
  configs.apply({ present: false, watched, key, version: String(version) }, T);
const changesOf = (configs: Configs, keys: 'all' | readonly string[] = 'all', optional = false): string[] =>
  (configs.view(key, { keys, optional })?.changes ?? []).map(
    ({ resourceVersion, at, watched }) =>
      `${resourceVersion} ${watched ? 'watched' : 'found'} ${at === undefined ? '?' : at - T}`,
  );

function listed(data: Record<string, string> = { a: '1', b: '1' }): Configs {
  const configs = createConfigs([digestKey]);
  tell(configs, 'listed', seen(10, data));
  return configs;
}

test('an object of the first list has no change, and is watched since its own version', () => {
  const configs = createConfigs([digestKey]);
  configs.apply({ present: true, how: 'listed', object: seen(10, { a: '1' }), version: '99' }, T);
  assert.deepEqual(changesOf(configs), []);
  assert.equal(configs.view(key, whole)?.watchedSince, '10');
});

test('a change counts for the workloads that use its keys', () => {
  const configs = listed();
  assert.equal(tell(configs, 'modified', seen(11, { a: '2', b: '1' }), T + 5), true);
  assert.deepEqual(changesOf(configs), ['11 watched 5']);
  assert.deepEqual(changesOf(configs, ['a']), ['11 watched 5']);
  assert.deepEqual(changesOf(configs, ['b', 'c']), []);
});

test('activity: the changes of a while that concern a workload, and who made them, newest first', () => {
  const configs = listed();
  tell(configs, 'modified', seen(11, { a: '2', b: '1' }), T + 1);
  tell(configs, 'modified', seen(12, { a: '3', b: '1' }), T + 2);
  tell(configs, 'modified', seen(13, { a: '3', b: '2' }), T + 3);
  const use = { keys: ['a'], optional: false };
  assert.deepEqual(configs.activity(key, use, T), { changes: 2, writers: ['writer-12', 'writer-11'] });
  assert.deepEqual(configs.activity(key, use, T + 2), { changes: 1, writers: ['writer-12'] });
  assert.deepEqual(configs.activity('Secret/shop/none', use, T), { changes: 0, writers: [] });
  for (let version = 14; version < 80; version++) tell(configs, 'modified', seen(version, { a: `${version}` }), T + 4);
  assert.equal(configs.activity(key, use, T).changes, maxChanges, 'memory is bounded');
});

test('A-B-A leaves two changes and the same digest', () => {
  const configs = listed();
  const before = configs.view(key, whole)?.digests;
  tell(configs, 'modified', seen(11, { a: '2', b: '1' }), T + 1);
  tell(configs, 'modified', seen(12, { a: '1', b: '1' }), T + 2);
  assert.deepEqual(changesOf(configs), ['11 watched 1', '12 watched 2']);
  assert.deepEqual(configs.view(key, whole)?.digests, before);
});

test('rule 16: metadata alone is no change', () => {
  const configs = listed();
  assert.equal(tell(configs, 'modified', seen(11, { a: '1', b: '1' }, { writtenAt: T + 9 })), false);
  assert.deepEqual(changesOf(configs), []);
});

test('a change may have been written long before it is heard of', () => {
  const configs = listed();
  tell(configs, 'modified', seen(11, { a: '2', b: '1' }, { writtenAt: T - 9_000 }), T + 5);
  assert.equal(configs.view(key, whole)?.changes[0]?.notBefore, T - 9_000);
});

const returns: [rule: string, data: Record<string, string>, required: string[], optional: string[]][] = [
  ['with the same content', { a: '1', b: '1' }, [], ['11 watched 0', '12 watched 0']],
  ['with other content', { a: '2', b: '1' }, ['12 watched 0'], ['11 watched 0', '12 watched 0']],
];
for (const [rule, data, required, optional] of returns) {
  test(`rule 2: deleted and created anew ${rule}`, () => {
    const configs = listed();
    assert.equal(gone(configs, 11), true);
    assert.equal(configs.view(key, whole), undefined);
    assert.equal(tell(configs, 'added', seen(12, data, { uid: 'u2' })), true);
    assert.deepEqual(changesOf(configs), required);
    assert.deepEqual(changesOf(configs, 'all', true), optional);
  });
}

test('what is created while watched has no content change, unless it may be missing', () => {
  const configs = createConfigs([digestKey]);
  assert.equal(tell(configs, 'added', seen(10, { a: '1' })), true);
  assert.deepEqual(changesOf(configs), []);
  assert.deepEqual(changesOf(configs, 'all', true), ['10 watched 0']);
});

test('a list after a gap: other content is found, by the time of its data', () => {
  const configs = listed();
  tell(configs, 'listed', seen(15, { a: '2', b: '1' }, { writtenAt: T + 3 }), T + 50);
  assert.deepEqual(changesOf(configs), ['15 found 3']);
  assert.equal(configs.view(key, whole)?.watchedSince, '15');
});

test('a list after a gap: a key that vanished moved no time', () => {
  const configs = listed();
  tell(configs, 'listed', seen(15, { a: '1' }), T + 50);
  assert.deepEqual(changesOf(configs), ['15 found ?']);
});

test('a list after a gap: the same version proves that nothing was missed', () => {
  const configs = listed();
  tell(configs, 'modified', seen(11, { a: '2', b: '1' }), T + 1);
  assert.equal(tell(configs, 'listed', seen(11, { a: '2', b: '1' }), T + 50), false);
  assert.equal(configs.view(key, whole)?.watchedSince, '10');
});

test('a list after a gap: the same content under a new version may have left and returned', () => {
  const configs = listed();
  assert.equal(tell(configs, 'listed', seen(15, { a: '1', b: '1' }), T + 50), true);
  assert.deepEqual(changesOf(configs), []);
  assert.equal(tell(configs, 'listed', seen(16, { a: '1', b: '1' }, { writtenAt: T + 9 }), T + 60), true);
  assert.deepEqual(changesOf(configs), ['16 found ?']);
});

test('a list after a gap: a deletion that was not watched is a gap', () => {
  const configs = listed();
  gone(configs, 30, false);
  tell(configs, 'added', seen(31, { a: '1', b: '1' }, { uid: 'u2' }));
  assert.equal(configs.view(key, whole)?.watchedSince, '30');
});

test('beyond 32 changes the oldest becomes a gap', () => {
  const configs = listed();
  for (let version = 11; version <= 44; version++) tell(configs, 'modified', seen(version, { a: String(version) }), T);
  assert.equal(changesOf(configs).length, 32);
  assert.equal(configs.view(key, whole)?.watchedSince, '12');
});

test('an ignored object counts as not existing, and its marking as a change', () => {
  const configs = listed();
  assert.equal(tell(configs, 'modified', seen(11, { a: '1', b: '1' }, { ignored: true })), true);
  assert.equal(configs.view(key, whole), undefined);
});

test('rule 13: content under another digest key is not comparable key by key', () => {
  const configs = listed();
  tell(configs, 'modified', seen(11, { a: '1', b: '1' }, { under: 'k2' }), T + 1);
  assert.deepEqual(changesOf(configs, ['b']), ['11 watched 1']);
});

test('deleted objects are forgotten after seven days', () => {
  const configs = listed();
  gone(configs, 11);
  configs.prune(T + 7 * 86_400_000);
  assert.equal(configs.size, 1);
  configs.prune(T + 7 * 86_400_000 + 1);
  assert.equal(configs.size, 0);
});

test('deleted objects are forgotten after seven days also where nobody prunes, as in a replica that stands by', () => {
  const configs = listed();
  gone(configs, 11);
  for (const [version, days] of [12, 14].entries()) {
    const at = T + days * 86_400_000;
    tell(configs, 'added', { ...seen(20 + version, {}), ref: { ...ref, name: `other-${days}` } }, at);
    configs.apply({ present: false, watched: true, key: `Secret/shop/other-${days}`, version: '40' }, at);
  }
  assert.equal(configs.size, 2);
});

test('deleting twice, or what was never seen, changes nothing', () => {
  const configs = listed();
  gone(configs, 11);
  assert.equal(gone(configs, 12), false);
  assert.equal(gone(createConfigs([digestKey]), 12), false);
});

const later: [rule: string, object: SeenConfig, changes: string[]][] = [
  ['unchanged', seen(10, { a: '1' }), []],
  ['other content', seen(20, { a: '2' }, { writtenAt: T + 7 }), ['20 found 7']],
  ['the same content, rewritten: back at an unknown time', seen(20, { a: '1' }, { writtenAt: T + 7 }), ['20 found ?']],
  ['the same content, labelled', seen(20, { a: '1' }), []],
];
for (const [rule, object, changes] of later) {
  test(`recalled from an earlier process: ${rule}`, () => {
    const memory = listed({ a: '1' }).memorize(key);
    assert.ok(memory !== undefined);
    const configs = createConfigs([digestKey]);
    tell(configs, 'listed', object, T + 100);
    configs.recall(key, memory);
    assert.deepEqual(changesOf(configs), changes);
  });
}

test('recalled from an earlier process: when it changed last', () => {
  const before = listed({ a: '1' });
  tell(before, 'modified', seen(11, { a: '2' }), T + 4);
  const memory = before.memorize(key);
  const configs = listed({ a: '2' });
  assert.equal(memory?.changedAt, T + 4);
  configs.recall(key, memory);
  assert.deepEqual(changesOf(configs), ['10 found 4']);
});

test('recalled from an earlier process: gone then, created anew with other content', () => {
  const memory = listed({ a: '1' }).memorize(key);
  const configs = createConfigs([digestKey]);
  assert.ok(memory !== undefined);
  configs.recall(key, memory);
  tell(configs, 'added', seen(20, { a: '2' }, { uid: 'u2' }), T + 9);
  assert.deepEqual(changesOf(configs), ['20 watched 9']);
});

test('nothing to memorize of what was never seen', () => assert.equal(listed().memorize('Secret/shop/x'), undefined));

test('found by a later list: created while nobody watched, for those that it concerns', () => {
  const configs = createConfigs([digestKey]);
  assert.equal(tell(configs, 'found', seen(10, { a: '1' })), true);
  assert.deepEqual(changesOf(configs), []);
  assert.deepEqual(changesOf(configs, 'all', true), ['10 found 0']);
});

const absences: [rule: string, act: (configs: Configs) => void, absence: object | undefined][] = [
  ['exists', () => undefined, undefined],
  ['deleted while watched', (configs) => gone(configs, 11), { resourceVersion: '11', at: T }],
  ['W14: gone when a list came', (configs) => gone(configs, 30, false), { resourceVersion: '30', at: T }],
  ['ignored', (configs) => tell(configs, 'modified', seen(11, { a: '1' }, { ignored: true })), undefined],
  [
    'deleted while it was ignored',
    (configs) => {
      tell(configs, 'modified', seen(11, { a: '1' }, { ignored: true }));
      gone(configs, 12);
    },
    undefined,
  ],
];
for (const [rule, act, absence] of absences) {
  test(`absence: ${rule}`, () => {
    const configs = listed();
    act(configs);
    assert.deepEqual(configs.absence(key), absence);
  });
}

test('absence: nobody saw it', () => {
  const unknown = { resourceVersion: undefined, at: undefined };
  assert.deepEqual(createConfigs([digestKey]).absence(key), unknown);
});
