import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openHistoryFile } from '../server/shadow-file.ts';

async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-history-'));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, 'state');
}

test('history file: what was appended is read again, in order', async (context) => {
  const folder = await makeFolder(context);
  const file = openHistoryFile(folder);
  assert.deepEqual(await file.read(), []);
  await file.append('one');
  await file.append('two');
  assert.deepEqual(await openHistoryFile(folder).read(), ['one', 'two']);
});

test('history file: two files of bounded size, the older one lost', async (context) => {
  const folder = await makeFolder(context);
  const file = openHistoryFile(folder, 8);
  await file.read();
  for (const line of ['one', 'two', 'six', 'ten', 'elf']) await file.append(line);
  assert.deepEqual(await openHistoryFile(folder).read(), ['six', 'ten', 'elf']);
});

test('history file: half a line of a killed process does not damage the next', async (context) => {
  const folder = await makeFolder(context);
  await openHistoryFile(folder).append('one');
  await appendFile(join(folder, 'shadow.jsonl'), '{"half');
  const file = openHistoryFile(folder);
  await file.read();
  await file.append('two');
  assert.deepEqual(await file.read(), ['one', '{"half', 'two']);
  assert.equal(await readFile(join(folder, 'shadow.jsonl'), 'utf8'), 'one\n{"half\ntwo\n');
});
