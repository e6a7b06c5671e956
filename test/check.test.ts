// The static checks of `npm run check`, so that `npm test` alone says whether a change is fit.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { check: string } };
const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) };

for (const command of scripts.check.split(' && ')) {
  test(command, async () => {
    const [file = '', ...args] = command.split(' ');
    const output = await new Promise<string>((resolve) => {
      execFile(file, args, { cwd: root, env }, (error, stdout, stderr) =>
        resolve(error === null ? '' : `${stdout}${stderr}` || error.message),
      );
    });
    assert.ok(output === '', output);
  });
}
