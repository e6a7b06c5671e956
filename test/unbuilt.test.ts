import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../server/config.ts';
import { checkUnbuilt } from '../server/unbuilt.ts';

const check = (...argv: string[]): readonly string[] => {
  const from = { argv, env: {}, hostname: 'h', tempDir: '/tmp', isTerminal: false, readFile: () => '' };
  return checkUnbuilt(loadConfig(from).reloader);
};

test('nothing is said without such a setting', () => assert.deepEqual(check('--reload-strategy=annotations'), []));

for (const flag of ['--enable-csi-integration']) {
  test(`${flag} is said to be ignored`, () => {
    const [sentence = '', ...more] = check(flag);
    assert.ok(sentence.startsWith(flag.split('=')[0] ?? ''));
    assert.deepEqual(more, []);
  });
}
