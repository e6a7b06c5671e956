import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletedHash } from '../../server/core/reloader-hash.ts';
import type { SeenMark } from '../../server/core/seen.ts';
import { findDeeds } from '../../server/core/shadow-deeds.ts';

const [one, two] = ['86eda770a6060824b090dd4df091e3bd4121279c', 'f83e99e324ba68ccc373a58ef1eb42f8ab88646a'];
const variable = (name: string, hash: string, byReloader = true): SeenMark => {
  const kind = name.endsWith('_SECRETPROVIDERCLASS') ? 'SecretProviderClass' : 'Secret';
  return { by: 'env-vars', kind, variable: name, hash, byReloader };
};
const annotation = (hash: string, observedAt: number): SeenMark => ({
  by: 'annotations',
  kind: 'ConfigMap',
  namespace: 'shop',
  name: 'app',
  hash,
  observedAt,
  byReloader: true,
});
const db = variable('STAKATER_MY_DB_SECRET', one);

const rows: readonly [
  rule: string,
  before: readonly SeenMark[],
  after: readonly SeenMark[],
  found: readonly string[],
][] = [
  ['a new variable', [], [db], ['Secret/my.db']],
  ['a variable with another hash', [db], [variable('STAKATER_MY_DB_SECRET', two)], ['Secret/my.db']],
  ['a variable that stays', [db], [db], []],
  ['a variable that goes', [db], [], []],
  ['one that somebody else wrote', [], [variable('STAKATER_MY_DB_SECRET', one, false)], []],
  ['one of an unused config object', [], [variable('STAKATER_OTHER_SECRET', one)], ['Secret/other']],
  ['one of a config object that is gone', [], [variable('STAKATER_GONE_SECRET', one)], ['Secret/STAKATER_GONE_SECRET']],
  ['one of a SecretProviderClass', [], [variable('STAKATER_V_SECRETPROVIDERCLASS', one)], []],
  ['the annotation', [], [annotation(one, 1)], ['ConfigMap/app']],
  ['the annotation after a deletion', [], [annotation(deletedHash, 1)], []],
  ['the annotation again, for the same content', [annotation(one, 1)], [annotation(one, 2)], ['ConfigMap/app']],
  ['the annotation, untouched', [annotation(one, 1)], [annotation(one, 1)], []],
];
for (const [rule, before, marks, found] of rows) {
  test(`Reloader’s deeds: ${rule}`, () => {
    const references = [{ kind: 'Secret', name: 'my.db', keys: 'all', optional: false }] as const;
    const deeds = findDeeds(before, { marks, references }, (kind) => (kind === 'Secret' ? ['my-db', 'other'] : []));
    assert.deepEqual(
      deeds.map(({ config }) => config),
      found,
    );
  });
}
