import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatRestartKey,
  parseAcks,
  parseRestartKey,
  projectionText,
  restartAtPatch,
  restartPatch,
  runName,
} from '../../server/core/restart.ts';

const ack = { digest: 'k1:d', projection: '*', uid: 'u', resourceVersion: '7' };
const text = '{"n":2,"for":{"ConfigMap/a":["k1:d","*","u","7"],"Secret/b":["k1:d","*","u","7"]}}';

test('rule 3: the restart key is its counter and sorted acks, without a time', () => {
  assert.equal(formatRestartKey({ n: 2, acks: { 'Secret/b': ack, 'ConfigMap/a': ack } }), text);
  assert.deepEqual(parseRestartKey(text), { n: 2, acks: { 'Secret/b': ack, 'ConfigMap/a': ack } });
});

test('every restart key is read back as it was written', () => {
  const field = fc.string();
  const acks = fc.dictionary(
    field,
    fc.record({ digest: field, projection: field, uid: field, resourceVersion: field }, { noNullPrototype: true }),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.nat(), acks, (n, all) => {
      const own = Object.fromEntries(Object.entries(all).filter(([name]) => name !== '__proto__'));
      assert.deepEqual(parseRestartKey(formatRestartKey({ n, acks: own })), { n, acks: own });
    }),
  );
});

const malformed = [
  '',
  'x',
  '[]',
  '1',
  'null',
  '{}',
  '{"n":1}',
  '{"n":"1","for":{}}',
  '{"n":1.5,"for":{}}',
  '{"n":1,"for":[]}',
  '{"n":1,"for":{"a":["x"]}}',
  '{"n":1,"for":{"a":["x","y","z",1]}}',
  '{"n":1,"for":{"a":null}}',
];
for (const value of malformed) {
  test(`a restart key written by hand counts as lost: ${value}`, () => assert.equal(parseRestartKey(value), undefined));
}
test('no restart key', () => assert.equal(parseRestartKey(undefined), undefined));
test('acks that are none', () => assert.equal(parseAcks('x'), undefined));

test('a projection is `*` or its keys', () => {
  assert.equal(projectionText('all'), '*');
  assert.equal(projectionText(['a', 'b']), 'a,b');
});

test('rule 5: the patch carries the version that was decided on, and touches one annotation', () => {
  assert.deepEqual(restartPatch({ n: 1, acks: {} }, '42'), {
    metadata: { resourceVersion: '42' },
    spec: { template: { metadata: { annotations: { 'lockstep.dev/restarted-for': '{"n":1,"for":{}}' } } } },
  });
});

test('Rollout: restartAt in whole seconds, rounded up, and the key on itself in one patch', () =>
  assert.deepEqual(restartAtPatch({ n: 2, acks: { 'Secret/b': ack, 'ConfigMap/a': ack } }, '9', 1_767_225_600_001), {
    metadata: { resourceVersion: '9', annotations: { 'lockstep.dev/restarted-for': text } },
    spec: { restartAt: '2026-01-01T00:00:01Z' },
  }));

const nameOf = (cronJob: string, changed: Partial<typeof ack> = {}, uid = 'c', n = 1): string =>
  runName(cronJob, { uid, key: { n, acks: { 'Secret/b': { ...ack, ...changed } } } });
const others: [rule: string, name: string, isSame: boolean][] = [
  ['the same content', nameOf('report'), true],
  ['another counter', nameOf('report', {}, 'c', 7), true],
  ['other content', nameOf('report', { digest: 'k1:e' }), false],
  ['the same content, returned', nameOf('report', { resourceVersion: '9' }), false],
  ['a config object created anew', nameOf('report', { uid: 'v' }), false],
  ['a CronJob created anew', nameOf('report', {}, 'd'), false],
];
for (const [rule, name, isSame] of others) {
  test(`CronJob: the name of a run: ${rule}: ${isSame ? 'one' : 'another'} run`, () =>
    assert.equal(name === nameOf('report'), isSame));
}

test('CronJob: the longest name leaves room for its runs', () => assert.equal(nameOf('x'.repeat(52)).length, 63));
