import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceSnapshot } from '../../server/core/decide-source.ts';
import { decideSource, separateDeclined } from '../../server/core/decide-source.ts';
import type { PullRequest } from '../../server/core/forge.ts';
import type { Change } from '../../server/core/record.ts';
import { fingerprint } from '../../server/core/record.ts';

const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const change = (value: string): Change => ({
  workload,
  checksum: { config: { kind: 'Secret', namespace: 'shop', name: 'db' }, value, restarted: true },
  key: 'checksum.lockstep.dev/secret.db',
  kind: 'add',
});
const pull = (
  number: number,
  state: PullRequest['state'],
  value: string,
  endedBy?: 'person' | 'lockstep',
): PullRequest => ({
  number,
  state,
  title: '',
  body: '',
  base: 'main',
  head: 'x',
  headCommit: 'c',
  proposed: fingerprint([change(value)]),
  endedBy,
  createdAt: 0,
  updatedAt: 0,
});
const hidden = [{ workload, code: 'manifest-unreadable', reason: 'unreadable', detail: '' } as const];
const ours = { kind: 'ours', result: 'r' } as const;
const theirs = { kind: 'foreign', merged: false } as const;
const base: SourceSnapshot = {
  changes: [],
  result: 'r',
  notRecordable: [],
  declined: [],
  branch: { kind: 'absent' },
  pulls: [],
};

const rules: [string, Partial<SourceSnapshot>, string][] = [
  ['nothing wanted', {}, 'none nothing-to-record'],
  ['nothing can carry it', { notRecordable: hidden }, 'none not-recordable'],
  ['a person decided', { declined: [change('a')] }, 'none refused-by-person'],
  ['first change', { changes: [change('a')] }, 'open checksums-missing publish'],
  ['branch is there, pull request is not', { changes: [change('a')], branch: ours }, 'open checksums-missing keep'],
  [
    'all is there',
    { changes: [change('a')], branch: ours, pulls: [pull(1, 'open', 'a')] },
    'none already-open-and-current',
  ],
  [
    'other content',
    { changes: [change('b')], branch: { kind: 'ours', result: 'old' }, pulls: [pull(1, 'open', 'a')] },
    'update checksums-changed publish',
  ],
  [
    'branch was pushed, pull request not updated',
    { changes: [change('b')], branch: ours, pulls: [pull(1, 'open', 'a')] },
    'update checksums-changed keep',
  ],
  [
    'the base’s file changed',
    { changes: [change('a')], branch: { kind: 'ours', result: 'old' }, pulls: [pull(1, 'open', 'a')] },
    'update base-changed publish',
  ],
  [
    'a person committed',
    { changes: [change('b')], branch: theirs, pulls: [pull(1, 'open', 'a')] },
    'yield person-committed',
  ],
  [
    'a person committed and nothing is wanted',
    { branch: theirs, pulls: [pull(1, 'open', 'a')] },
    'yield person-committed',
  ],
  [
    'a person’s branch was merged',
    { changes: [change('b')], branch: { kind: 'foreign', merged: true } },
    'open checksums-missing publish',
  ],
  ['content is in the base', { branch: ours, pulls: [pull(1, 'open', 'a')] }, 'close obsolete'],
  [
    'the manifest cannot be read now',
    { branch: ours, notRecordable: hidden, pulls: [pull(1, 'open', 'a')] },
    'none not-recordable',
  ],
];

for (const [rule, given, expected] of rules) {
  test(`decide: ${rule}`, () => {
    const decision = decideSource({ ...base, ...given });
    const branch = 'branch' in decision ? ` ${decision.branch}` : '';
    assert.equal(`${decision.action} ${decision.reason}${branch}`, expected);
  });
}

const history: [string, PullRequest[], boolean][] = [
  ['closed by a person', [pull(1, 'closed', 'a', 'person')], true],
  ['merged and reverted', [pull(1, 'merged', 'a', 'person')], true],
  ['closed by Lockstep', [pull(1, 'closed', 'a', 'lockstep')], false],
  ['closed with other content', [pull(1, 'closed', 'b', 'person')], false],
  ['closed, then other content merged', [pull(2, 'merged', 'b', 'person'), pull(1, 'closed', 'a', 'person')], false],
  ['still open', [pull(1, 'open', 'a')], false],
];

for (const [rule, pulls, isDeclined] of history) {
  test(`declined: ${rule}: ${isDeclined}`, () => {
    assert.equal(separateDeclined([change('a')], pulls).declined.length === 1, isDeclined);
  });
}
