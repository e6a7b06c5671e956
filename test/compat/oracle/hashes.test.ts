import { equal, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deletedHash, hashContent } from './hashes.ts';
import { readVectors } from './vectors.ts';

suite('hashes, by sha1sum', () => {
  const vectors = readVectors('hashes.json');

  test('at least 40, of every kind', () => {
    ok(vectors.length >= 40);
    equal(new Set(vectors.map(({ content }) => content.kind)).size, 3);
  });
  for (const { title, content, hash } of vectors) {
    test(`§3 ${title}`, () => equal(hashContent(content), hash));
  }
  test('§3 the encoding is ambiguous: contents that differ have one hash', () => {
    ok(new Set(vectors.map(({ hash }) => hash)).size < vectors.length);
  });
  test('§3 the delete marker', () => {
    // printf %s __RELOADER_EMPTY_DELETE_MARKER__ | sha1sum
    equal(deletedHash, 'aae45badef99284e4dae01d6046154ea9d99532f');
  });
});
