import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HookEvent } from '../../server/core/hook.ts';
import { routeEvent } from '../../server/core/route-event.ts';

const about = { kind: 'Kustomization', namespace: 'apps', name: 'web' };
const base: HookEvent = { about, touched: [], reason: 'Progressing', severity: 'info', commit: 'abc', at: 0 };
const source = { kind: 'source', about, within: ['apps'], commit: 'abc' };

const rows: [rule: string, touched: HookEvent['touched'], looks: unknown[]][] = [
  ['nothing named: the sources and the whole namespace', [], [source, { kind: 'namespace', namespace: 'apps' }]],
  [
    'a workload named: it alone',
    [{ kind: 'Deployment', namespace: 'apps', name: 'web' }],
    [source, { kind: 'workload', workload: { kind: 'Deployment', namespace: 'apps', name: 'web' } }],
  ],
  [
    'config objects named: their namespace, once',
    [
      { kind: 'Secret', namespace: 'apps', name: 'a' },
      { kind: 'ConfigMap', namespace: 'apps', name: 'b' },
    ],
    [source, { kind: 'namespace', namespace: 'apps' }],
  ],
  ['other kinds lead nowhere further', [{ kind: 'Service', namespace: 'apps', name: 'web' }], [source]],
  ['a name inherited from Object is no kind', [{ kind: 'constructor', namespace: 'apps', name: 'web' }], [source]],
  [
    'what is named outside of the tenant’s namespaces leads nowhere',
    [
      { kind: 'Deployment', namespace: 'bank', name: 'web' },
      { kind: 'Secret', namespace: 'bank', name: 'a' },
    ],
    [source],
  ],
];
for (const [rule, touched, looks] of rows) {
  test(`route: ${rule}`, () => assert.deepEqual(routeEvent({ ...base, touched }, ['apps']), { kind: 'looks', looks }));
}

test('route: an event about an object outside of the tenant’s namespaces is refused', () => {
  assert.deepEqual(routeEvent(base, ['bank']), { kind: 'refused', reason: 'outside-tenant' });
});
