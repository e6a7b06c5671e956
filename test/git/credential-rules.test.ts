// Which configured URL is for which repository: by protocol, user, host, port and whole parts of the path.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRule, covers } from '../../server/git/credential-rules.ts';

const rows: readonly [rule: string, prefix: string, repository: string, answer: boolean][] = [
  ['the same URL', 'https://h/a/b.git', 'https://h/a/b.git', true],
  ['with and without .git', 'https://h/a/b', 'https://h/a/b.git', true],
  ['a folder', 'https://h/a', 'https://h/a/b.git', true],
  ['a folder with a slash', 'https://h/a/', 'https://h/a/b.git', true],
  ['a whole host', 'https://h', 'https://h/a/b.git', true],
  ['the host in capitals', 'https://H/a', 'https://h/a/b', true],
  ['the default port', 'https://h:443/a', 'https://h/a/b', true],
  ['half a name', 'https://h/a', 'https://h/abc/b', false],
  ['the path in capitals', 'https://h/A', 'https://h/a/b', false],
  ['another host', 'https://h/a', 'https://evil/a/b', false],
  ['a host that begins alike', 'https://h', 'https://h.evil/a', false],
  ['a host as user', 'https://h', 'https://h@evil/a', false],
  ['another port', 'https://h/a', 'https://h:8443/a/b', false],
  ['http for https', 'https://h/a', 'http://h/a/b', false],
  ['ssh for https', 'https://h/a', 'ssh://git@h/a/b', false],
  ['a file for https', 'https://h/a', 'file:///a/b', false],
  ['two forms of ssh', 'ssh://git@h', 'git@h:a/b.git', true],
  ['two forms of ssh, the other way', 'git@h:a', 'ssh://git@h/a/b.git', true],
  ['the default port of ssh', 'ssh://git@h:22/a', 'git@h:a/b', true],
  ['another user of ssh', 'ssh://git@h', 'ssh://root@h/a', false],
  ['a longer prefix than the repository', 'https://h/a/b/c', 'https://h/a/b', false],
  ['a climb out', 'https://h/a', 'https://h/a/../b', false],
  ['no URL', 'nonsense', 'https://h/a', false],
];

for (const [rule, prefix, repository, answer] of rows) {
  test(`covers: ${rule}`, () => assert.equal(covers(prefix, repository), answer));
}

test('the longest URL counts, whatever the order', () => {
  const rules = ['https://h', 'https://h/a/b', 'https://h/a', 'https://h/a/bc'].map((url) => ({ url }));
  for (const order of [rules, [...rules].reverse()]) {
    assert.equal(chooseRule(order, 'https://h/a/b.git')?.url, 'https://h/a/b');
    assert.equal(chooseRule(order, 'https://h/a/x')?.url, 'https://h/a');
    assert.equal(chooseRule(order, 'https://other/a'), undefined);
  }
});
