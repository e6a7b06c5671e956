// Which config objects concern a workload: Reloader's annotations against what exists (contract §2, rules 2 to 8).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestValues } from '../../server/core/digest.ts';
import type { Reference } from '../../server/core/references.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { listUses } from '../../server/reconcile/uses.ts';
import { createConfigs } from '../../server/state/configs.ts';
import { createLedger } from '../../server/state/ledger.ts';
import { createWorkloads } from '../../server/state/workloads.ts';
import { workload as plain } from './rig.ts';

const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };
const refers = (name: string): Reference => ({ kind: 'Secret', name, keys: ['a'], optional: false });

interface Row {
  readonly annotations: Readonly<Record<string, string>>;
  readonly references?: readonly string[];
  /** Existing Secrets and their annotations. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly uses: readonly string[];
  /** Secrets whose change leads to the workload. */
  readonly indexed?: readonly string[];
}

const rows: Readonly<Record<string, Row>> = {
  'auto: what is referred to': {
    annotations: { 'reloader.stakater.com/auto': 'true' },
    references: ['db'],
    secrets: { db: {}, other: {} },
    uses: ['db a'],
    indexed: ['db'],
  },
  'named: without a reference, with all keys': {
    annotations: { 'secret.reloader.stakater.com/reload': 'db, api' },
    secrets: { db: {}, api: {}, other: {} },
    uses: ['api all', 'db all'],
    indexed: ['db', 'api'],
  },
  'named by an expression: the existing names that match': {
    annotations: { 'secret.reloader.stakater.com/reload': 'db-.*' },
    secrets: { 'db-a': {}, 'db-b': {}, other: {} },
    uses: ['db-a all', 'db-b all'],
    indexed: ['db-a', 'db-b'],
  },
  'excluded: beats auto': {
    annotations: { 'reloader.stakater.com/auto': 'true', 'secrets.exclude.reloader.stakater.com/reload': 'db' },
    references: ['db', 'api'],
    secrets: { db: {}, api: {} },
    uses: ['api a'],
  },
  'search: only what is marked': {
    annotations: { 'reloader.stakater.com/search': 'true' },
    references: ['db', 'api'],
    secrets: { db: { 'reloader.stakater.com/match': 'true' }, api: {} },
    uses: ['db a'],
  },
  'ignored: stays a use, so that its ack is kept': {
    annotations: { 'reloader.stakater.com/auto': 'true' },
    references: ['db'],
    secrets: { db: { 'reloader.stakater.com/ignore': 'true' } },
    uses: ['db a'],
  },
};

for (const [rule, { annotations, references = [], secrets, uses, indexed }] of Object.entries(rows)) {
  test(rule, () => {
    const reload = compileReload({ kind: 'Deployment', annotations, templateAnnotations: {} }, defaultReloadRules);
    const workload: SeenWorkload = plain(20, { reload, references: references.map(refers) });
    const state = {
      configs: createConfigs([digestKey]),
      presence: { onCreate: false, onDelete: false, atStart: false },
      ledger: createLedger({ load: async () => [], save: async () => '1' }),
    };
    for (const [name, marks] of Object.entries(secrets)) see(state, name, marks);
    assert.deepEqual(
      listUses(state, workload).map(({ name, keys }) => `${name} ${keys === 'all' ? keys : keys.join()}`),
      uses,
    );
    if (indexed === undefined) return;
    const workloads = createWorkloads();
    workloads.apply({ present: true, how: 'listed', object: workload, version: '1' });
    const found = Object.keys(secrets).filter((name) => workloads.usersOf(`Secret/shop/${name}`).length > 0);
    assert.deepEqual(found.sort(), [...indexed].sort());
  });
}

function see(
  { configs }: { configs: ReturnType<typeof createConfigs> },
  name: string,
  annotations: Record<string, string>,
): void {
  const ref = { kind: 'Secret', namespace: 'shop', name } as const;
  const contents = [digestValues(ref, [], digestKey)];
  const ignored = annotations['reloader.stakater.com/ignore'] === 'true';
  const facts = { uid: name, resourceVersion: '5', createdAt: 0, dataWrittenAt: undefined, writers: [] };
  const object = { ref, contents, annotations, ignored, ...facts };
  configs.apply({ present: true, how: 'listed', object, version: '5' }, 0);
}
