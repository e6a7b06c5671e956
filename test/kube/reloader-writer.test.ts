// Contents that Reloader's hash cannot tell apart restart nevertheless (contract §3 and W21), once, and only where it is certain.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { RestartOrder } from '../../server/core/cluster.ts';
import { envVarName, formatLastReload, lastReloadedFrom } from '../../server/core/reloader-marks.ts';
import { contentMark } from '../../server/core/restart.ts';
import { noClassMemory } from '../../server/core/provider-class.ts';
import { everything } from '../../server/core/selector.ts';
import { createReloaderWriter } from '../../server/kube/reloader-writer.ts';
import { createFakeClient } from './fake-client.ts';

const classes = { chosen: everything, classes: noClassMemory };

const hash = createHash('sha1').update('a=1;b=2').digest('hex');
const key = { n: 1, acks: { 'ConfigMap/db': { digest: 'sha256:x', projection: '*', uid: 'u', resourceVersion: '9' } } };
/** Both have the hash of `a=1;b=2`. */
const contents = [{ a: '1;b=2' }, { a: '1', b: '2' }];
const annotated = {
  [lastReloadedFrom]: formatLastReload({
    type: 'CONFIGMAP',
    name: 'db',
    namespace: 'shop',
    hash,
    containerRefs: ['main'],
    observedAt: 1,
  }),
};

interface Row {
  readonly strategy: 'env-vars' | 'annotations';
  readonly certain: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly expected: string | undefined;
}
const mark = contentMark(key);
const rows: readonly [rule: string, row: Row][] = [
  [
    'a hash in place that may be our own write restarts nothing',
    { strategy: 'env-vars', certain: false, expected: undefined },
  ],
  ['a change with an equal hash is marked', { strategy: 'env-vars', certain: true, expected: mark }],
  ['so with the annotation', { strategy: 'annotations', certain: true, annotations: annotated, expected: mark }],
  [
    'not twice',
    { strategy: 'env-vars', certain: true, annotations: { 'lockstep.dev/content': mark }, expected: undefined },
  ],
];
for (const data of contents) {
  for (const [rule, { strategy, certain, annotations = {}, expected }] of rows) {
    test(`3 W21 ${strategy}: ${rule} (${Object.keys(data).join('+')})`, async () => {
      const env = strategy === 'env-vars' ? [{ name: envVarName('ConfigMap', 'db'), value: hash }] : [];
      const spec = { template: { metadata: { annotations }, spec: { containers: [{ name: 'main', env }] } } };
      const metadata = { name: 'web', namespace: 'shop', uid: 'w', resourceVersion: '5' };
      const client = createFakeClient([
        { metadata, spec },
        { metadata: { ...metadata, name: 'db' }, data },
        { metadata: { ...metadata, resourceVersion: '6' } },
      ]);
      const writer = createReloaderWriter({
        client,
        strategy,
        now: () => 0,
        sleep: async () => undefined,
        pausedAtKey: 'paused-at',
        ...classes,
      });
      const source = { kind: 'ConfigMap', name: 'db', how: 'auto', content: 'live', certain } as const;
      const ref = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
      const decided = { ref, uid: 'w', restart: 'template', resourceVersion: '5' } as const;
      const order: RestartOrder = { ...decided, key, sources: [source], pausedAt: undefined };
      const restarted = await writer.restart(order, new AbortController().signal);
      const body = client.requests.find(({ verb }) => verb === 'patch')?.body as typeof expectedBody | undefined;
      const expectedBody = { spec: { template: { metadata: { annotations: { 'lockstep.dev/content': expected } } } } };
      assert.deepEqual(restarted, expected === undefined ? undefined : { uid: 'w', version: '6' });
      assert.deepEqual(body?.spec, expected === undefined ? undefined : expectedBody.spec);
    });
  }
}
