import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainPostedConfig } from '../../server/core/explain-webhook.ts';
import type { ConfigExplanation } from '../../server/core/explanation.ts';
import { renderConfig } from '../../server/explain-output.ts';

test('--webhook-url: a change is posted, restarts nothing, and that is said', () => {
  const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
  const found: ConfigExplanation = {
    config: { kind: 'Secret', namespace: 'shop', name: 'db' },
    gaps: [],
    workloads: [
      {
        workload,
        rule: { kind: 'yes', how: 'auto', by: 'auto' },
        level: 'workload',
        ifChanged: { action: 'restart' },
        waitsForDelete: true,
      },
    ],
  };
  const text = renderConfig(explainPostedConfig(found));
  assert.match(text, /with --webhook-url nothing is restarted/);
  assert.match(text, /Deployment\/web +none +post +yes: auto/);
});
