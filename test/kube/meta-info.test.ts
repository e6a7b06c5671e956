import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError, type ErrorCode } from '../../server/core/errors.ts';
import { publishMetaInfo } from '../../server/kube/meta-info.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const signal = new AbortController().signal;
const data = { buildInfo: '{}', reloaderOptions: '{}', deploymentInfo: '{}' };
const fails = (code: ErrorCode): Error => new LockstepError(code, { message: code });
const collection = '/api/v1/namespaces/ops/configmaps';
const one = `${collection}/reloader-meta-info`;

const cases: [rule: string, script: Answer[], sent: [verb: string, path: string][], thrown?: ErrorCode][] = [
  [
    'absent: created',
    [fails('api-not-found'), {}],
    [
      ['get', one],
      ['create', collection],
    ],
  ],
  [
    'there: overwritten',
    [{}, {}],
    [
      ['get', one],
      ['update', one],
    ],
  ],
  ['not readable: left alone', [fails('api-forbidden')], [['get', one]], 'api-forbidden'],
  [
    'not writable',
    [{}, fails('api-forbidden')],
    [
      ['get', one],
      ['update', one],
    ],
    'api-forbidden',
  ],
];
for (const [rule, script, sent, thrown] of cases) {
  test(`reloader-meta-info: ${rule}`, async () => {
    const client = createFakeClient(script);
    const published = publishMetaInfo(client, { namespace: 'ops', data }, signal);
    if (thrown === undefined) await published;
    else await assert.rejects(published, { code: thrown });
    assert.deepEqual(
      client.requests.map(({ verb, path }) => [verb, path]),
      sent,
    );
    const body = client.requests[1]?.body;
    if (body === undefined) return;
    assert.deepEqual(body, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'reloader-meta-info',
        namespace: 'ops',
        labels: { 'reloader.stakater.com/meta-info': 'reloader' },
      },
      data,
    });
  });
}
