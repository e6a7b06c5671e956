import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { withLock } from './lock.ts';

suite('a lock between processes', () => {
  let file: string;
  before(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'lockstep-lock-')), 'lock');
  });
  after(() => rm(join(file, '..'), { recursive: true }));

  const options = { say: () => {}, signal: AbortSignal.timeout(10_000) };

  test('holders follow one another', async () => {
    let inside = 0;
    const work = async () => {
      assert.equal(++inside, 1);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all([withLock(file, options, work), withLock(file, options, work), withLock(file, options, work)]);
    assert.equal(existsSync(file), false);
  });

  test('the lock of a process that is gone is taken over', async () => {
    const gone = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' });
    await writeFile(file, gone);
    assert.equal(await withLock(file, options, async () => 'done'), 'done');
  });

  test('it is let go when the work fails', async () => {
    await assert.rejects(
      withLock(file, options, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(existsSync(file), false);
  });
});
