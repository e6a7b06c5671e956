import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../server/config.ts';
import { hasCode } from '../server/core/errors.ts';
import { checkUnbuilt } from '../server/unbuilt.ts';

const check = (...argv: string[]): readonly string[] => {
  const from = { argv, env: {}, hostname: 'h', tempDir: '/tmp', isTerminal: false, readFile: () => '' };
  return checkUnbuilt(loadConfig(from).reloader);
};

test('nothing is said without such a setting', () => assert.deepEqual(check('--reload-strategy=annotations'), []));

for (const flag of ['--webhook-url=https://example.com', '--namespace-selector=team=a']) {
  test(`${flag} prevents the start: ignoring it would restart what must not be`, () => {
    assert.throws(
      () => check(flag),
      (error) => hasCode(error, 'config-invalid') && error.message.includes('not built yet'),
    );
  });
}
