// The shortest traces by which earlier drafts of the protocol broke, by their numbers in the model's list, and those that the
// explorer found in the code. Each must hold, with the restarts that are owed and no more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replay, usual, type Scenario } from './run.ts';

const deliverAll = [
  ...Array.from({ length: 4 }, () => 'deliver configs'),
  ...Array.from({ length: 4 }, () => 'deliver revisions'),
  ...Array.from({ length: 4 }, () => 'deliver workloads'),
];
const restarted = [
  'deliver configs',
  'reconcile web',
  'observe web',
  'deliver workloads',
  'deliver workloads',
  'deliver revisions',
];
const onlyJob: Partial<Scenario> = { existing: ['job'] };
const twoLeaders: Partial<Scenario> = { processes: 2 };

const rows: [name: string, restarts: number, trace: readonly string[], scenario?: Partial<Scenario>][] = [
  ['#1 back before the ledger advances', 2, ['change c0 1', ...restarted, 'rollout web 0', 'change c0 0', 'flush']],
  [
    '#2 created before the change, seen after it',
    1,
    ['create web', 'change c0 1', 'deliver configs', 'reconcile job'],
    onlyJob,
  ],
  [
    '#3 one denied for ever, one created later',
    0,
    ['deny job', 'change c0 1', 'deliver configs', 'tick 5', 'create web'],
    onlyJob,
  ],
  ['#4 the key stays when the ledger advances', 1, ['change c0 1', ...restarted, 'flush', 'tick 5']],
  [
    '#5 A-B-A-B during one rollout',
    3,
    ['change c0 1', ...restarted, 'rollout web 0', 'change c0 0', ...restarted, 'change c0 1', ...restarted],
  ],
  [
    '#6 and #8 a paused leader is overtaken',
    1,
    [
      'change c0 1',
      'deliver configs @0',
      'deliver configs @1',
      'reconcile web @0',
      '1~ change c0 0',
      '1~ deliver configs @1',
      '1~ reconcile web @1',
    ],
    twoLeaders,
  ],
  [
    '#7 an old workload beside a new config object',
    1,
    ['image web', 'observe web', 'rollout web 0', 'rollout web 1', 'change c0 1', 'deliver configs', 'reconcile web'],
  ],
  [
    '#9 the pods of a proof are of another template',
    1,
    [
      'change c0 1',
      'deliver configs',
      'tick 40',
      'reconcile web',
      '2~ image web',
      '2~ observe web',
      '2~ rollout web 0',
      '2~ rollout web 1',
      '2~ change c0 2',
      '2~ deliver configs',
    ],
  ],
  ['#10 an edit of metadata is no rollout', 1, ['change c0 1', 'tick 5', 'meta web', 'label c0']],
  [
    '#11 a rollout in the second of the change',
    1,
    ['image web', 'observe web', 'rollout web 0', 'rollout web 1', 'change c0 1'],
  ],
  ['#12 config object and workload by one sync', 0, ['change c0 1', 'image web', 'observe web', ...deliverAll]],
  [
    '#13 between the engine’s two writes',
    0,
    [
      'sync',
      'sync-config c0 1',
      'deliver configs',
      'reconcile web',
      'sync-apply web image',
      'observe web',
      ...deliverAll,
    ],
  ],
  [
    '#13 the engine handles the workload, and its template stays',
    1,
    ['sync', 'sync-config c0 1', 'deliver configs', 'reconcile web', 'sync-apply web', 'reconcile web', 'observe web'],
  ],
  ['#13 a change at runtime waits for no engine', 1, ['sync', 'change c0 1', 'deliver configs', 'reconcile web']],
  ['#14 the engine stops half-way', 1, ['sync', 'sync-config c0 1', 'deliver configs', 'reconcile web', 'tick 5']],
  [
    '#14 the engine stops half-way, and the process dies',
    1,
    ['sync', 'sync-config c0 1', 'deliver configs', 'reconcile web', 'tick 5', 'crash'],
  ],
  [
    '#15 adopted, then changed, then seen',
    1,
    ['adopt web', 'observe web', 'rollout web 0', 'rollout web 1', 'change c1 1'],
  ],
  ['#16 there and back with a pod born between', 1, ['change c0 1', 'churn web 0', 'change c0 0']],
  ['#16 the same while nobody watches', 1, ['crash', 'change c0 1', 'churn web 0', 'change c0 0']],
  ['#16 there and back without a pod', 0, ['change c0 1', 'change c0 0', ...deliverAll, 'tick 5', 'churn web 0']],
  [
    '#17 a mark renewed before deciding',
    1,
    ['change c0 1', 'churn web 0', 'change c0 0', 'deliver configs', 'renew', 'crash'],
  ],
  ['#18 the key is lost in mid-rollout', 2, ['change c0 1', ...restarted, 'rollout web 0', 'flush', 'strip web']],
  ['#19 deleted, created anew with other content', 1, ['delete c0', 'deliver configs', 'recreate c0 1']],
  ['#19 the same while nobody watches', 1, ['crash', 'delete c0', 'recreate c0 1']],
  ['#19 with the same content', 0, ['delete c0', 'deliver configs', 'recreate c0 0']],
  ['#20 a crash between patch and ledger', 1, ['change c0 1', 'deliver configs', 'reconcile web', '2~ crash']],
  ['#21 the digest key is rotated', 0, ['rotate', 'crash', 'start']],
  [
    'found: watched from a list on, there and back',
    1,
    ['label c0', 'relist configs', 'change c0 1', 'churn web 0', 'change c0 0'],
  ],
  [
    'found: events that come late, there and back',
    1,
    ['change c0 1', 'churn web 0', 'tick 5', 'change c0 0', 'tick 5'],
  ],
  [
    'found: away with a new key and back by its removal while nobody watches',
    1,
    ['crash', 'change c0 2', 'tick 1', 'tick 1', 'churn web 1', 'change c0 0'],
  ],
  ['found: there and back across a list', 1, ['change c0 1', 'churn web 0', 'change c0 0', 'relist configs']],
  [
    'found: restarted, deleted, created as it was',
    1,
    ['change c0 1', ...restarted, 'delete c0', 'deliver configs', 'recreate c0 1'],
  ],
  ['found: changed after the opt-in', 1, ['opt-in web', 'change c0 1'], { optedOut: ['web'] }],
  [
    'stale at opt-in is left alone',
    0,
    ['change c0 1', 'deliver configs', 'tick 5', 'opt-in web'],
    { optedOut: ['web'] },
  ],
  [
    'found: opted in, changed, and the workload’s status moves before the next process decides',
    1,
    ['opt-in web', 'adopt web', 'drop web', 'change c0 1', 'crash'],
    { optedOut: ['web'] },
  ],
  [
    'stale-at-opt-in: an opt-in that nobody recorded may be any write of the workload',
    0,
    ['opt-in web', 'deliver workloads', 'change c0 1', 'meta web', 'crash'],
    { optedOut: ['web'] },
  ],
  [
    'found: adopted after an opt-in, then changed',
    1,
    [
      'opt-in web',
      'deliver workloads',
      'reconcile web',
      'adopt web',
      'observe web',
      'rollout web 0',
      'rollout web 1',
      'change c1 1',
    ],
    { optedOut: ['web'] },
  ],
  [
    'found: a fresh template is rolled back in mid-rollout',
    1,
    [
      'change c0 1',
      'tick 5',
      'image web',
      'observe web',
      'rollout web 0',
      ...deliverAll,
      'reconcile web',
      'tick 5',
      'rollback web 1',
    ],
  ],
];

for (const [name, restarts, trace, scenario] of rows) {
  test(`trace: ${name}`, async () => {
    const run = await replay({ ...usual, ...scenario }, trace);
    assert.equal(run.counts.get('web')?.writes, restarts, run.trace.join(' ; '));
  });
}
