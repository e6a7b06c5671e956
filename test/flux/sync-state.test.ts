import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeKustomization, type Kustomization, readKustomization } from '../../flux/kustomization.ts';
import type { SyncState } from '../../flux/sync-state.ts';
import { commit, condition, type Fields, kustomization, later, ready } from './resources.ts';

function read(value: unknown): { kustomization: Kustomization } {
  const reading = readKustomization(value);
  assert.ok(reading.kind === 'read', JSON.stringify(reading.problems));
  return { kustomization: reading.value };
}

const waiting = `Running health checks for revision main@sha1:${commit} with a timeout of 5m0s`;
const running = (message: string): Fields => condition('Reconciling', 'True', 'Progressing', message);
const unknown = condition('Ready', 'Unknown', 'Progressing', 'Reconciliation in progress');
const failed = (reason: string): Fields[] => [
  condition('Ready', 'False', reason),
  condition('Reconciling', 'True', 'ProgressingWithRetry'),
];
const now = `main@sha1:${commit}`;
const next = `main@sha1:${later}`;
const states: [
  rule: string,
  changes: Parameters<typeof kustomization>[0],
  offered: string | undefined,
  expected: SyncState,
][] = [
  ['done', {}, now, { kind: 'settled' }],
  ['done, the source not known', {}, undefined, { kind: 'settled' }],
  ['a new revision is offered', {}, next, { kind: 'revision-not-attempted' }],
  [
    'it fetches and builds',
    { status: { conditions: [unknown, running('Building manifests')] } },
    next,
    { kind: 'applying' },
  ],
  [
    'it applies what it applied before',
    { status: { conditions: [unknown, running('Detecting drift')] } },
    now,
    { kind: 'applying' },
  ],
  [
    'it waits for health',
    { status: { conditions: [unknown, running(waiting), condition('Healthy', 'Unknown', 'Progressing', waiting)] } },
    now,
    { kind: 'health-checking' },
  ],
  [
    'it applies anew after a health check that was cut short',
    {
      status: {
        conditions: [unknown, running('Building manifests'), condition('Healthy', 'Unknown', 'Progressing', waiting)],
      },
    },
    now,
    { kind: 'applying' },
  ],
  [
    'it applies, healthy from before',
    { status: { conditions: [unknown, running('Building'), condition('Healthy', 'True', 'Succeeded', 'Building')] } },
    now,
    { kind: 'applying' },
  ],
  [
    'a health check was cut short by a newer request',
    { status: { conditions: failed('HealthCheckCanceled') } },
    now,
    { kind: 'applying' },
  ],
  [
    'it failed and will try again',
    { status: { conditions: failed('BuildFailed') } },
    now,
    { kind: 'failed', reason: 'BuildFailed' },
  ],
  [
    'it failed, and a new revision is offered',
    { status: { conditions: failed('HealthCheckFailed') } },
    next,
    { kind: 'revision-not-attempted' },
  ],
  [
    'it waits for another, whatever is offered',
    { status: { conditions: failed('DependencyNotReady') } },
    next,
    { kind: 'failed', reason: 'DependencyNotReady' },
  ],
  [
    'its source is away, whatever is offered',
    { status: { conditions: failed('ArtifactFailed') } },
    next,
    { kind: 'failed', reason: 'ArtifactFailed' },
  ],
  [
    'it will not try again',
    { status: { conditions: [condition('Stalled', 'True', 'AccessDenied'), ...failed('AccessDenied')] } },
    next,
    { kind: 'stalled', reason: 'AccessDenied' },
  ],
  ['it is suspended', { spec: { suspend: true } }, next, { kind: 'suspended' }],
  ['it is going away', { metadata: { deletionTimestamp: '2026-08-20T10:00:00Z' } }, next, { kind: 'deleting' }],
  [
    'it was never looked at',
    { status: { conditions: [], lastAttemptedRevision: undefined } },
    now,
    { kind: 'revision-not-attempted' },
  ],
  ['nothing is known', { status: { conditions: [] } }, now, { kind: 'unknown' }],
  ['conditions of the wrong type', { status: { conditions: { Ready: 'True' } } }, now, { kind: 'unknown' }],
  [
    'a condition named like an inherited property',
    { status: { conditions: [condition('constructor', 'True', 'X'), ready] } },
    now,
    { kind: 'settled' },
  ],
];
for (const [rule, changes, offered, expected] of states) {
  test(`flux kustomization state ${expected.kind}: ${rule}`, () => {
    assert.deepEqual(judgeKustomization(read(kustomization(changes)).kustomization, offered), expected);
  });
}

test('flux kustomization: messages, which may quote Secrets, are not kept', () => {
  const conditions = [
    condition('Ready', 'False', 'BuildFailed', 's3cr3t'),
    condition('Healthy', 'Unknown', 'X', 's3cr3t'),
  ];
  assert.ok(!JSON.stringify(readKustomization(kustomization({ status: { conditions } }))).includes('s3cr3t'));
});
