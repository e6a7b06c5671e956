import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everything, parseSelector, type Labels, type Selector } from '../../server/core/selector.ts';
import type { NamespaceScope } from '../../server/core/selector.ts';
import { createNamespaces, type Namespaces } from '../../server/state/namespaces.ts';

const open = (scope: Partial<NamespaceScope> = {}): Namespaces =>
  createNamespaces({ listed: [], ignored: [], selector: everything, ...scope });

interface Look {
  readonly labels?: Labels;
  readonly paused?: boolean;
}

const see = (namespaces: Namespaces, { labels = {}, paused = false }: Look) =>
  namespaces.apply({
    present: true,
    how: 'modified',
    object: { name: 'shop', resourceVersion: '1', labels, paused },
    version: '1',
  });
const lose = (namespaces: Namespaces) => namespaces.apply({ present: false, watched: true, key: 'shop', version: '2' });

test('rule 17: the pause switch of a namespace tells when it turns', () => {
  const namespaces = open();
  const turn = (paused: boolean) => see(namespaces, { paused }).pause;
  assert.deepEqual([turn(false), turn(true), turn(true)], ['same', 'turned', 'same']);
  assert.ok(namespaces.isPaused('shop'));
  assert.equal(lose(namespaces).pause, 'turned');
  assert.ok(!namespaces.isPaused('shop'));
});

const scopes: [rule: string, scope: Partial<NamespaceScope>, isWatched: boolean][] = [
  ['all are watched', {}, true],
  ['listed', { listed: ['bank', 'shop'] }, true],
  ['not listed', { listed: ['bank'] }, false],
  ['ignored', { ignored: ['shop'] }, false],
  ['another is ignored', { ignored: ['bank'] }, true],
  ['its labels are not known yet', { selector: read('team=a') }, false],
];
for (const [rule, scope, isWatched] of scopes) {
  test(`watched: ${rule}`, () => assert.equal(open(scope).isWatched('shop'), isWatched));
}

test('--namespace-selector: a namespace begins and ends to be watched with its labels', () => {
  const namespaces = open({ selector: read('team in (a,b)') });
  const label = (team: string) => see(namespaces, { labels: { team } }).watching;
  assert.deepEqual(
    [label('c'), label('a'), label('b'), label('c'), label('a')],
    ['same', 'began', 'same', 'ended', 'began'],
  );
  assert.ok(namespaces.isWatched('shop'));
  assert.equal(lose(namespaces).watching, 'ended');
  assert.equal(lose(namespaces).watching, 'same');
});

test('--namespaces-to-ignore wins over the selector', () => {
  const namespaces = open({ selector: read('team'), ignored: ['shop'] });
  assert.equal(see(namespaces, { labels: { team: 'a' } }).watching, 'same');
  assert.ok(!namespaces.isWatched('shop'));
});

function read(text: string): Selector {
  const reading = parseSelector(text);
  assert.ok(reading.kind === 'selector');
  return reading.selector;
}
