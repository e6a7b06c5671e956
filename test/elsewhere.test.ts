// Owners of other clusters in the service's log: one line of each kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../server/core/log.ts';
import { tellElsewhere } from '../server/elsewhere.ts';

const owner = { engine: 'argocd', kind: 'Application', namespace: 'argocd' } as const;
const kustomization = { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'edge' } as const;

test('owners of another cluster are told by kind, and nothing is said of none', () => {
  const said: unknown[] = [];
  const keep: Log['info'] = (fields, message) => void said.push([fields, message]);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep };
  tellElsewhere(log, []);
  tellElsewhere(log, [{ ...owner, name: 'a' }, { ...owner, name: 'b' }, kustomization]);
  const message = 'owners of another cluster are left out';
  assert.deepEqual(said, [
    [{ kind: 'Application', count: 2 }, message],
    [{ kind: 'Kustomization', count: 1 }, message],
  ]);
});
