import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCanary, findLeaks, readGitObjects } from './canary.ts';

const value = createCanary();
const other = createCanary();
const base64 = (text: string) => Buffer.from(text).toString('base64');
const line = (text: string) => `{"level":"info","msg":"restarted","name":"${text}"}\n`;

/** How somebody might leak it -> the encoding that must be reported. */
const planted: [how: string, corpus: string, encoding: string][] = [
  ['as it is', `name=${value} n=1`, 'plain'],
  ['inside JSON', JSON.stringify({ data: { key: value } }), 'json'],
  ['base64 of it alone', line(base64(value)), 'base64'],
  ['base64 at offset 1', line(base64(`u${value}tail`)), 'base64'],
  ['base64 at offset 2', line(base64(`us${value}tail`)), 'base64'],
  ['base64 at offset 3', line(base64(`usr${value}`)), 'base64'],
  ['base64url', line(Buffer.from(`a${value}b`).toString('base64url')), 'base64url'],
  ['hex', line(Buffer.from(value).toString('hex')), 'hex'],
  ['upper-case hex', line(Buffer.from(value).toString('hex').toUpperCase()), 'hex'],
  ['URL-encoded', `https://git.example.com/?token=${encodeURIComponent(value)}`, 'url'],
  ['as a form', new URLSearchParams({ token: value }).toString(), 'url'],
  ['its first half', line(value.slice(0, 24)), 'plain'],
  ['its second half', line(value.slice(-24)), 'plain'],
  ['the middle of its base64', line(base64(value).slice(10, 40)), 'base64'],
  ['a digest that can be tested offline', line(createHash('sha256').update(value).digest('hex')), 'digest'],
];

for (const [how, corpus, encoding] of planted) {
  test(`canary: a leak is found: ${how}`, () => {
    const found = findLeaks(corpus, [other, value]);
    assert.ok(
      found.some((leak) => leak.canary === 1 && leak.encoding === encoding),
      JSON.stringify(found),
    );
    assert.ok(found.every((leak) => leak.canary === 1));
  });
}

test('canary: nothing is found where nothing is', () => {
  assert.deepEqual(findLeaks(Array.from({ length: 200 }, () => line(createCanary())).join(''), [value, other]), []);
});

test('canary: a leak inside a compressed Git object is found', async (t) => {
  const repository = mkdtempSync(join(tmpdir(), 'lockstep-canary-'));
  t.after(() => rmSync(repository, { recursive: true }));
  const git = (args: string[], input = '') => execFileSync('git', ['-C', repository, ...args], { input });
  git(['init', '--bare', '-q', '.']);
  git(['hash-object', '-w', '--stdin'], 'kind: ConfigMap\n');
  assert.deepEqual(findLeaks(await readGitObjects(repository), [value]), []);
  git(['hash-object', '-w', '--stdin'], `data:\n  key: ${base64(value)}\n`);
  const [leak] = findLeaks(await readGitObjects(repository), [value]);
  assert.deepEqual(leak, { canary: 0, encoding: 'base64' });
});
