import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { loadDigestKeys, makeDigestKey, readDigestKeys } from '../../server/kube/digest-key.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const options = {
  namespace: 'ours',
  randomBytes: (size: number) => Buffer.alloc(size, 7),
  signal: new AbortController().signal,
};
const text = (fill: number, size = 32): string => Buffer.alloc(size, fill).toString('base64');
const secret = (data: Record<string, string>, current?: string): object => ({
  metadata: current === undefined ? {} : { annotations: { 'lockstep.dev/current-key': current } },
  data,
});
const absent = new LockstepError('api-not-found', { message: 'absent' });
const conflict = new LockstepError('api-conflict', { message: 'exists' });

const found: [rule: string, script: Answer[], ids: string[]][] = [
  ['the one key needs no name', [secret({ k1: text(1) })], ['k1']],
  ['rule 13: the named key comes first', [secret({ k1: text(1), k2: text(2) }, 'k2')], ['k2', 'k1']],
  ['none yet: created', [absent, secret({ k07070707: text(7) }, 'k07070707')], ['k07070707']],
  ['another process created it first: read', [absent, conflict, secret({ k1: text(1) })], ['k1']],
];
for (const [rule, script, ids] of found) {
  test(`digest key: ${rule}`, async () => {
    const keys = await loadDigestKeys(createFakeClient(script), options);
    assert.deepEqual(
      keys.map(({ id }) => id),
      ids,
    );
  });
}

const unusable: [rule: string, object][] = [
  ['two keys, none named', secret({ k1: text(1), k2: text(2) })],
  ['the named one is absent', secret({ k1: text(1) }, 'k9')],
  ['too short', secret({ k1: text(1, 31) })],
  ['an id that cannot stand in a digest', secret({ 'k:1': text(1) })],
];
for (const [rule, answer] of unusable) {
  test(`digest key unusable: ${rule}; never overwritten`, async () => {
    const client = createFakeClient([answer]);
    await assert.rejects(loadDigestKeys(client, options), { code: 'digest-key-unusable' });
    assert.equal(client.requests.length, 1);
  });
}

test('what is created is 32 random bytes, marked as our own, and named', async () => {
  const client = createFakeClient([absent, secret({ k07070707: text(7) })]);
  await loadDigestKeys(client, options);
  const body = client.requests[1]?.body as { metadata: { labels: object; annotations: object }; data: object };
  assert.deepEqual(body.data, { k07070707: text(7) });
  assert.deepEqual(body.metadata.annotations, { 'lockstep.dev/current-key': 'k07070707' });
  assert.deepEqual(body.metadata.labels, { 'lockstep.dev/own': 'digest-key' });
});

test('an error that is no conflict is not hidden', async () => {
  const denied = new LockstepError('api-forbidden', { message: 'no' });
  await assert.rejects(loadDigestKeys(createFakeClient([absent, denied]), options), { code: 'api-forbidden' });
});

test('reading alone creates nothing', async () => {
  const client = createFakeClient([absent]);
  assert.equal(await readDigestKeys(client, options), undefined);
  assert.equal(client.requests.length, 1);
});

test('a key of this process only', () => {
  const { id, secret: bytes } = makeDigestKey(options.randomBytes);
  assert.deepEqual([id, bytes.length], ['k07070707', 32]);
});
