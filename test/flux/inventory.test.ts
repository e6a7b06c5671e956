import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields, type Problem } from '../../flux/fields.ts';
import {
  type InventoryObject,
  inventoryId,
  inventoryMost,
  parseInventoryId,
  readInventory,
} from '../../flux/inventory.ts';

const object = (namespace: string, name: string, group: string, kind: string): InventoryObject => ({
  namespace,
  name,
  group,
  kind,
});
const ids: [rule: string, id: string, expected: InventoryObject | undefined][] = [
  ['a Deployment', 'shop_web_apps_Deployment', object('shop', 'web', 'apps', 'Deployment')],
  ['the core group is empty', 'default_podinfo__Service', object('default', 'podinfo', '', 'Service')],
  [
    'no namespace is empty',
    '_x_rbac.authorization.k8s.io_ClusterRole',
    object('', 'x', 'rbac.authorization.k8s.io', 'ClusterRole'),
  ],
  ['no namespace, no group', '_shop__Namespace', object('', 'shop', '', 'Namespace')],
  [
    'colons in a name',
    '_system__web__view_rbac.authorization.k8s.io_ClusterRole',
    object('', 'system:web:view', 'rbac.authorization.k8s.io', 'ClusterRole'),
  ],
  ['a name with dots', 'shop_a.b.c__Secret', object('shop', 'a.b.c', '', 'Secret')],
  ['a colon at the end of a name of core', 'shop_a____Secret', object('shop', 'a:', '', 'Secret')],
  ['too many fields', 'shop_web_x_apps_Deployment', undefined],
  ['too few fields', 'shop_web_Deployment', undefined],
  ['no name', 'shop__apps_Deployment', undefined],
  ['no kind', 'shop_web_apps_', undefined],
  ['no separator', 'shop', undefined],
  ['separators only', '___', undefined],
  ['nothing', '', undefined],
];
for (const [rule, id, expected] of ids) {
  test(`flux inventory id: ${rule}`, () => {
    assert.deepEqual(parseInventoryId(id), expected);
    if (expected !== undefined) assert.equal(inventoryId(expected), id);
  });
}

const statuses: [rule: string, status: unknown, ids: string[] | undefined, complete: boolean, problems: string[]][] = [
  ['none yet', {}, undefined, false, []],
  ['an empty one', { inventory: { entries: [] } }, [], true, []],
  ['without entries', { inventory: {} }, [], true, []],
  ['entries', { inventory: { entries: [{ id: 'a_b__Secret', v: 'v1' }] } }, ['a_b__Secret'], true, []],
  [
    'an entry twice',
    { inventory: { entries: [{ id: 'a_b__Secret' }, { id: 'a_b__Secret' }] } },
    ['a_b__Secret'],
    true,
    [],
  ],
  [
    'one that is malformed',
    { inventory: { entries: [{ id: 'a_b__Secret' }, { id: 'a_b' }] } },
    ['a_b__Secret'],
    false,
    ['status.inventory.entries[1].id malformed'],
  ],
  ['one without an id', { inventory: { entries: [{}] } }, [], false, ['status.inventory.entries[0].id missing']],
  [
    'one that is no map',
    { inventory: { entries: ['a_b__Secret'] } },
    [],
    false,
    ['status.inventory.entries[0] wrong-type', 'status.inventory.entries[0].id missing'],
  ],
  ['entries that are no list', { inventory: { entries: {} } }, [], false, ['status.inventory.entries wrong-type']],
  ['an inventory that is no map', { inventory: 'all' }, [], false, ['status.inventory wrong-type']],
];
for (const [rule, status, expected, complete, expectedProblems] of statuses) {
  test(`flux inventory: ${rule}`, () => {
    const problems: Problem[] = [];
    const inventory = readInventory(new Fields('status', status, problems));
    assert.deepEqual(inventory && [...inventory.ids], expected);
    assert.equal(inventory?.complete ?? false, complete);
    assert.deepEqual(
      problems.map(({ path, word }) => `${path} ${word}`),
      expectedProblems,
    );
  });
}

for (const [count, complete] of [
  [inventoryMost, true],
  [inventoryMost + 1, false],
] as const) {
  test(`flux inventory: ${count} entries`, () => {
    const entries = Array.from({ length: count }, (_, at) => ({ id: `a_b${at}__Secret` }));
    const inventory = readInventory(new Fields('status', { inventory: { entries } }, []));
    assert.equal(inventory?.ids.size, inventoryMost);
    assert.equal(inventory.complete, complete);
  });
}
