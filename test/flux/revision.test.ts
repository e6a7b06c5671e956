import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitOf, parseRevision, type Revision } from '../../flux/revision.ts';
import { commit, digest } from './resources.ts';

const other: Revision = { kind: 'other' };
const revisions: [rule: string, text: string, expected: Revision][] = [
  ['a branch', `main@sha1:${commit}`, { kind: 'commit', ref: 'main', commit }],
  ['a branch with a slash', `feature/x@sha1:${commit}`, { kind: 'commit', ref: 'feature/x', commit }],
  ['a branch with an @: the last one divides', `a@b@sha1:${commit}`, { kind: 'commit', ref: 'a@b', commit }],
  ['a tag', `v1.2.3@sha1:${commit}`, { kind: 'commit', ref: 'v1.2.3', commit }],
  ['a ref by name', `refs/heads/main@sha1:${commit}`, { kind: 'commit', ref: 'refs/heads/main', commit }],
  ['a commit alone', `sha1:${commit}`, { kind: 'commit', ref: undefined, commit }],
  ['the form before Flux 0.35', `main/${commit}`, { kind: 'commit', ref: 'main', commit }],
  ['that form, of a branch with a slash', `feature/x/${commit}`, { kind: 'commit', ref: 'feature/x', commit }],
  ['an OCI tag', `latest@${digest}`, { kind: 'digest', ref: 'latest', digest }],
  ['a bucket', digest, { kind: 'digest', ref: undefined, digest }],
  ['a hash that Flux does not name', `main@<unknown>:${'ab'.repeat(32)}`, other],
  ['a chart version', '6.5.4', other],
  ['a chart version with a digest', '1.2.3+1234567890ab', other],
  ['a commit cut short', `main@sha1:${commit.slice(1)}`, other],
  ['a commit in capitals', `main@sha1:${commit.toUpperCase()}`, other],
  ['a line more', `main@sha1:${commit}\n`, other],
  ['two lines', `x\nmain@sha1:${commit}`, other],
  ['nothing before the @', `@sha1:${commit}`, other],
  ['nothing', '', other],
];
for (const [rule, text, expected] of revisions) {
  test(`flux revision: ${rule}`, () => {
    assert.deepEqual(parseRevision(text), expected);
    assert.equal(commitOf(text), expected.kind === 'commit' ? expected.commit : undefined);
  });
}

test('flux revision: none has no commit', () => assert.equal(commitOf(undefined), undefined));
