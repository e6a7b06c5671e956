import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderReadme } from './readme.ts';

test('README.md: its tables of flags and of error codes are those of the code', () => {
  const text = readFileSync('README.md', 'utf8');
  assert.equal(text, renderReadme(text), 'README.md is behind the code: run `node test/readme.ts` and commit');
});

test('README.md: a place that is missing is named', () => {
  assert.throws(() => renderReadme('# nothing'), /no place for the flags of serve/);
});

test('README.md: links to files of this repository lead somewhere', () => {
  const text = readFileSync('README.md', 'utf8');
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, target = '']) => target);
  assert.ok(targets.length > 0);
  for (const target of targets) assert.doesNotThrow(() => readFileSync(target), target);
});
