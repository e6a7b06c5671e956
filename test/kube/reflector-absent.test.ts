// A resource that the server may not have: absence is a state, not a failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { reflect } from '../../server/kube/reflector.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const list = (version: number, ...names: string[]): Answer => ({
  metadata: { resourceVersion: String(version) },
  items: names.map((name) => ({ metadata: { name, uid: name, resourceVersion: String(version) } })),
});
const gone = new LockstepError('api-not-found', { message: 'no' });

/** `served`: the answers of discovery, in order; the script's end ends it. */
async function follow(served: boolean[], script: Answer[]): Promise<string[]> {
  const stop = new AbortController();
  const seen: string[] = [];
  const client = createFakeClient([...script, gone], () => stop.abort());
  await reflect<string>(
    {
      client,
      resource: 'rollouts',
      path: '/apis/argoproj.io/v1alpha1/rollouts',
      pageSize: 2,
      isServed: async () => served.shift() ?? true,
      onAbsent: () => seen.push('absent'),
      parse: ({ metadata: { name } }) => ({ key: name, value: name }),
      onEvent: (event) => seen.push(event.present ? `${event.how} ${event.object}` : `missing ${event.key}`),
      onHeard: () => undefined,
      onListed: (version) => seen.push(`list ${version}`),
      onTrouble: ({ code }) => seen.push(code),
      random: () => 0.5,
      sleep: async (ms) => void seen.push(`wait ${ms}`),
    },
    stop.signal,
  );
  return seen;
}

test('absent: nothing is listed, and it is asked for again after 30 s', async () =>
  assert.deepEqual(await follow([false, false], [list(5, 'a')]), [
    'absent',
    'wait 30000',
    'absent',
    'wait 30000',
    'listed a',
    'list 5',
  ]));

test('gone again: what was known is missing, and it comes back as found', async () =>
  assert.deepEqual(await follow([true, false], [list(5, 'a'), gone, list(9, 'b')]), [
    'listed a',
    'list 5',
    'api-not-found',
    'wait 400',
    'missing a',
    'absent',
    'wait 30000',
    'found b',
    'list 9',
  ]));
