import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  branchOf,
  describeCommit,
  describePull,
  escapeMarkdown,
  hashResult,
  resultOf,
} from '../../server/core/pull-request.ts';
import type { Change } from '../../server/core/record.ts';
import { checkRef } from '../../server/git/validate.ts';

const source = { repository: 'shop', branch: 'main', path: 'apps/shop', namespace: 'shop' };
const change = (writer: string): Change => ({
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  checksum: { config: { kind: 'Secret', namespace: 'shop', name: 'db' }, value: 'k1:CANARY', restarted: true, writer },
  key: 'checksum.lockstep.dev/secret.db',
  kind: 'add',
});

test('a branch’s name is acceptable, and differs between sources that look alike', () => {
  const names = [
    ['main', 'a/b'],
    ['main', 'a-b'],
    ['main-a', 'b'],
    ['-x', '../..'],
    ['ä', 'x'.repeat(200)],
    ['main', ''],
  ].map(([branch = '', path = '']) => branchOf({ ...source, branch, path }));
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.equal(checkRef(name), name);
});

test('title and text name things and never values, and foreign text stays text', () => {
  const { title, body } = describePull(source, [change('<img src=x> | `a` [x](javascript:y) @team\nhttp://evil')]);
  assert.equal(title, 'Record Secret db on Deployment shop/web');
  assert.ok(!body.includes('CANARY'));
  assert.ok(!/<img|\[x\]\(|@team|http:\/\//.test(body));
  assert.ok(!describeCommit([change('x')], 'f'.repeat(64)).includes('CANARY'));
  assert.equal(escapeMarkdown('cert-manager'), 'cert-manager');
});

test('a commit says what it results in; a person’s text does not', () => {
  const result = hashResult(new Map([['a', 'b']]));
  assert.equal(resultOf(describeCommit([change('x')], result)), result);
  assert.equal(resultOf(`Lockstep-Proposal: ${result}\n\nand more`), undefined);
  assert.notEqual(hashResult(new Map([['a', 'b\n']])), result);
});
