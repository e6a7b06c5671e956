import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecordable } from '../../server/reconcile/recordable.ts';
import { createClaims } from '../../server/state/claims.ts';
import { createDriftState, noEntry } from '../../server/state/drift.ts';

const config = 'ConfigMap/shop/web';
const compared = { comparedAt: 1, revision: undefined, declared: 1, notRendered: undefined };

function createRig() {
  const claims = createClaims();
  const drift = createDriftState();
  const owners = new Set(['flux', 'source']);
  const sources = new Set<string>();
  const sourcesIn = (namespace: string): readonly string[] => (namespace === 'shop' ? [...sources] : []);
  const told: (readonly string[])[] = [];
  const onChanged = (namespaces: readonly string[]) => void told.push(namespaces);
  const recordable = createRecordable({ claims, drift, exists: (owner) => owners.has(owner), sourcesIn, onChanged });
  return { claims, drift, sources, told, recordable };
}

type Rig = ReturnType<typeof createRig>;

const declare = ({ claims, drift }: Rig): void => {
  claims.declare('flux', [config]);
  drift.setComparison('flux', compared);
};

const rows: readonly [what: string, prepare: (rig: Rig) => unknown, expected: boolean][] = [
  ['nobody claims it', () => undefined, true],
  ['its owner was not compared yet', ({ claims }) => claims.claim(config, 'flux'), false],
  ['its owner declares it', declare, false],
  [
    'its owner declares it, and it differs',
    (rig) => {
      declare(rig);
      const told = { reason: 'different', keys: ['a'], fields: [], since: 1, origin: 'runtime', writer: 'x' } as const;
      rig.drift.put('flux', config, { ...noEntry, told });
    },
    false,
  ],
  [
    'its owner declares it, encrypted',
    (rig) => {
      declare(rig);
      rig.drift.put('flux', config, { ...noEntry, reasons: ['encrypted'] });
    },
    true,
  ],
  [
    'its owner cannot be rendered',
    (rig) => {
      declare(rig);
      rig.drift.setComparison('flux', { ...compared, notRendered: 'not-rendered' });
    },
    true,
  ],
  [
    'its owner made it without declaring it',
    ({ claims, drift }) => {
      claims.claim(config, 'flux');
      drift.setComparison('flux', { ...compared, declared: 0 });
    },
    true,
  ],
  ['the owner that it names does not exist', ({ claims }) => claims.claim(config, 'gone'), true],
  ['a source may declare it, and was not compared yet', ({ sources }) => sources.add('source'), false],
  [
    'a source was compared, and does not declare it',
    ({ sources, drift }) => {
      sources.add('source');
      drift.setComparison('source', compared);
    },
    true,
  ],
  [
    'one of two owners declares it',
    (rig) => {
      declare(rig);
      rig.claims.claim(config, 'gone');
    },
    false,
  ],
];
for (const [what, prepare, expected] of rows) {
  test(`a checksum of it is ${expected ? '' : 'not '}for Git: ${what}`, () => {
    const rig = createRig();
    prepare(rig);
    assert.equal(rig.recordable.is(config), expected);
  });
}

test('what a comparison made recordable, or not, is told once', () => {
  const rig = createRig();
  declare(rig);
  rig.recordable.compared('flux');
  rig.recordable.compared('flux');
  assert.deepEqual(rig.told, [['shop']]);
  rig.drift.put('flux', config, { ...noEntry, reasons: ['encrypted'] });
  rig.recordable.compared('flux');
  assert.deepEqual(rig.told, [['shop'], ['shop']]);
});
