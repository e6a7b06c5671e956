import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { confirmChange } from '../../server/kube/confirm-change.ts';
import type { Client } from '../../server/kube/client.ts';

const ref = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;
const never = new AbortController().signal;

/** A Secret whose managers wrote at these times; undefined: there is none. */
const cluster = (times: readonly string[] | undefined): Client => ({
  server: '',
  send: () => {
    if (times === undefined) return Promise.reject(new LockstepError('api-not-found', { message: 'no' }));
    const managedFields = times.map((time) => ({ time: `2026-01-01T00:${time}Z` }));
    return Promise.resolve({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z', managedFields } });
  },
  stream: () => Promise.reject(new Error('none')),
});

const rows: [rule: string, change: 'created' | 'deleted', times: readonly string[] | undefined, isTrue: boolean][] = [
  ['it is gone', 'deleted', undefined, true],
  ['it is there: the label was removed', 'deleted', ['00:00'], false],
  ['written once, at its creation', 'created', ['00:00'], true],
  ['a controller added to it at once', 'created', ['00:00', '00:02'], true],
  ['written long after its creation: the label was put on', 'created', ['00:00', '10:00'], false],
  ['created, and gone since', 'created', undefined, true],
];
for (const [rule, change, times, isTrue] of rows) {
  test(`W25, ${change}: ${rule}`, async () =>
    assert.equal(await confirmChange(cluster(times), { ref, change }, never), isTrue));
}

test('an API server that does not answer is asked again', async () => {
  const client = {
    ...cluster([]),
    send: () => Promise.reject(new LockstepError('api-unreachable', { message: 'no' })),
  };
  await assert.rejects(confirmChange(client, { ref, change: 'deleted' }, never), { code: 'api-unreachable' });
});
