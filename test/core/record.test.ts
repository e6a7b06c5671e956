import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumKey, fingerprint, wantedChanges } from '../../server/core/record.ts';

const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const checksum = (name: string, value: string, restarted: boolean) => ({
  config: { kind: 'Secret', namespace: 'shop', name } as const,
  value,
  restarted,
});

test('a checksum’s annotation names kind and name', () => {
  assert.equal(checksumKey({ kind: 'Secret', name: 'db' }), 'checksum.lockstep.dev/secret.db');
  assert.equal(checksumKey({ kind: 'ConfigMap', name: 'a.b' }), 'checksum.lockstep.dev/configmap.a.b');
});

test('long names are shortened, valid, stable and apart', () => {
  const valid = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
  const keys = new Set<string>();
  for (const filler of ['a', '-', '.']) {
    for (let length = 50; length <= 253; length++) {
      const key = checksumKey({ kind: 'Secret', name: `a${filler.repeat(length - 2)}z` });
      const name = key.slice(key.indexOf('/') + 1);
      assert.ok(name.length <= 63 && valid.test(name), name);
      keys.add(key);
    }
  }
  assert.equal(keys.size, 3 * 204);
  assert.equal(checksumKey({ kind: 'Secret', name: 'x'.repeat(56) }).length, 'checksum.lockstep.dev/'.length + 63);
});

const rules: [string, Record<string, string>, boolean, string[]][] = [
  ['absent and restarted: added', {}, true, ['add']],
  ['absent and not restarted: nothing', {}, false, []],
  ['present and equal: nothing', { 'checksum.lockstep.dev/secret.db': 'k1:new' }, true, []],
  [
    'present and older: kept current, restarted or not',
    { 'checksum.lockstep.dev/secret.db': 'k1:old' },
    false,
    ['replace'],
  ],
];

for (const [rule, current, restarted, kinds] of rules) {
  test(`wanted in Git: ${rule}`, () => {
    const changes = wantedChanges(current, { workload, checksums: [checksum('db', 'k1:new', restarted)] });
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      kinds,
    );
  });
}

test('a fingerprint names slots and does not repeat values', () => {
  const changes = wantedChanges({}, { workload, checksums: [checksum('db', 'k1:CANARY', true)] });
  const [slot] = Object.keys(fingerprint(changes));
  assert.equal(slot, 'Deployment/shop/web secret.db');
  assert.ok(!JSON.stringify(fingerprint(changes)).includes('CANARY'));
});
