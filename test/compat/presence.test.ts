// --reload-on-create and --reload-on-delete on the loop’s own state: flag and paragraph of the contract before each row. What needs a
// live object is in test/e2e/presence.test.ts, the decision row by row in test/core/presence.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { SeenConfig, SeenEvent } from '../../server/core/seen.ts';
import { config, createRig, revision, T, workload, type Rig } from '../reconcile/rig.ts';

const key = 'Secret/shop/db';
const both = { onCreate: true, onDelete: true, atStart: false };
const off = { onCreate: false, onDelete: false, atStart: false };

async function tell(rig: Rig, event: SeenEvent<SeenConfig>): Promise<void> {
  rig.state.configs.apply(event, rig.live.now);
  rig.live.config = event.present ? event.object : undefined;
  rig.outcomes.length = 0;
  await rig.reconcile();
}

const gone = (watched: boolean): SeenEvent<SeenConfig> => ({ present: false, watched, key, version: '30' });
const back = (how: 'found' | 'added', version = 50): SeenEvent<SeenConfig> => ({
  present: true,
  how,
  object: config(version, 'B', { uid: 'u2', createdAt: T, dataWrittenAt: T }),
  version: String(version),
});

interface Opened {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly rules?: Partial<typeof defaultReloadRules>;
  readonly marks?: Readonly<Record<string, string>>;
}

const auto = { 'reloader.stakater.com/auto': 'true' };
const search = { 'reloader.stakater.com/search': 'true' };
const namedOnly = { 'secret.reloader.stakater.com/reload': 'd.*' };

/** In step with the Secret’s first content. */
async function open(
  presence: Rig['state']['presence'],
  { annotations = auto, rules, marks }: Opened = {},
): Promise<Rig> {
  const rig = await createRig({}, presence);
  const given = { kind: 'Deployment', annotations, templateAnnotations: {} } as const;
  const reload = compileReload(given, { ...defaultReloadRules, ...rules });
  rig.see({ workload: workload(21, { reload }), config: config(11, 'A', { annotations: marks ?? {} }) });
  await rig.reconcile();
  rig.state.revisions.apply({ present: true, how: 'listed', object: revision, version: '9' });
  return rig;
}

const deleted = ['restarting n=1 deleted', 'restarted n=1 deleted'];
const deletions: [
  rule: string,
  presence: Rig['state']['presence'],
  opened: Opened,
  watched: boolean,
  told: string[],
][] = [
  ['--reload-on-delete §4 flow', both, {}, true, deleted],
  ['--reload-on-delete not given, §4 flow', off, {}, true, []],
  ['--reload-on-delete §4 W14: gone when the watch was away', both, {}, false, deleted],
  ['--reload-on-delete §2 rule 5: named', both, { annotations: namedOnly }, true, deleted],
  [
    '--reload-on-delete §2 rule 6: search, by the mark that it had',
    both,
    { annotations: search, marks: { 'reloader.stakater.com/match': 'true' } },
    true,
    deleted,
  ],
  [
    '--reload-on-delete §4 W12: the other type is ignored',
    both,
    { rules: { resourcesToIgnore: ['configmaps'] } },
    true,
    deleted,
  ],
  [
    '--reload-on-delete §1 --resources-to-ignore: its own type is ignored',
    both,
    { rules: { resourcesToIgnore: ['secrets'] } },
    true,
    [],
  ],
  [
    '--reload-on-delete §2 rule 4: excluded',
    both,
    { annotations: { ...auto, 'secrets.exclude.reloader.stakater.com/reload': 'db' } },
    true,
    [],
  ],
];
for (const [rule, presence, opened, watched, told] of deletions) {
  test(rule, async () => {
    const rig = await open(presence, opened);
    await tell(rig, gone(watched));
    assert.deepEqual(rig.outcomes, told);
  });
}

test('--reload-on-delete §2 rule 2: an ignored object is not deleted, nor is its deletion one', async () => {
  const rig = await open(both);
  const object = config(12, 'A', { ignored: true, annotations: { 'reloader.stakater.com/ignore': 'true' } });
  await tell(rig, { present: true, how: 'modified', object, version: '12' });
  assert.deepEqual(rig.outcomes, []);
  await tell(rig, gone(true));
  assert.deepEqual(rig.outcomes, []);
});

test('--reload-on-delete §4 W25: an object that the watch lost and a read finds is not deleted', async () => {
  const rig = await open(both);
  rig.state.configs.apply(gone(true), T);
  rig.live.config = config(30, 'A', { ignored: true });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.patches], [[], []]);
});

for (const how of ['added', 'found'] as const) {
  test(`--reload-on-create §4 W2, W13, W14: back as ${how}, after its deletion was acted on`, async () => {
    const rig = await open(both);
    await tell(rig, gone(true));
    rig.see({
      workload: workload(40, {
        restartKey: { n: 1, acks: rig.state.ledger.workload('Deployment/shop/web')?.acks ?? {} },
      }),
    });
    await tell(rig, back(how));
    assert.deepEqual(rig.outcomes, ['restarting n=2 created', 'restarted n=2 created']);
  });
}

test('--reload-on-delete §4 flow: deleted and created anew at once with the same content restarts nothing', async () => {
  const rig = await open(both);
  rig.state.configs.apply(gone(true), T);
  await tell(rig, { present: true, how: 'added', object: config(31, 'A', { uid: 'u2' }), version: '31' });
  assert.deepEqual(rig.outcomes, ['recorded returned-unread']);
});
