// `--namespace-selector` in the loop: what is watched, recorded and restarted when the labels of a namespace change.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { parseSelector } from '../../server/core/selector.ts';
import { createProviderClasses } from '../../server/state/provider-classes.ts';
import { createRoute, type Route } from '../../server/reconcile/route.ts';
import { createNamespaces } from '../../server/state/namespaces.ts';
import { config, createRig, key, T, workload, type Rig } from './rig.ts';

let rig: Rig;
let route: Route;

/** The namespace's watch, the workload's and the Secret's, and a reconcile after each. */
const label = (version: number, team: string) => {
  const object = { name: 'shop', resourceVersion: String(version), labels: { team }, paused: false };
  route.onNamespace({ present: true, how: 'modified', object, version: String(version) });
  return rig.reconcile();
};
const show = (object: SeenWorkload) => {
  route.onWorkload({ present: true, how: 'modified', object, version: object.resourceVersion });
  rig.live.workload = object;
  return rig.reconcile();
};
const change = (version: number, text: string) => {
  const object = config(version, text);
  route.onConfig({ present: true, how: 'modified', object, version: String(version) });
  rig.live.config = object;
  return rig.reconcile();
};

beforeEach(async () => {
  const reading = parseSelector('team=a');
  assert.ok(reading.kind === 'selector');
  const namespaces = createNamespaces({ listed: [], ignored: [], selector: reading.selector });
  rig = await createRig({ namespaces });
  const silent = (): void => undefined;
  route = createRoute({
    classes: createProviderClasses(),
    state: rig.state,
    namespaces,
    queue: {
      add: silent,
      settle: silent,
      addAfter: silent,
      start: silent,
      stop: () => Promise.resolve(),
      depth: 0,
    },
    settle: { windowMs: 0, maxMs: 0 },
    mayBeHealed: () => false,
    now: () => T,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    onChange: silent,
    onRestartKey: silent,
  });
  // Begins unselected: the rig's own workload is not known to the route yet.
  await show(workload(20));
  rig.outcomes.length = 0;
});

test('unselected: nothing is restarted, and no record stays', async () => {
  await change(30, 'B');
  assert.deepEqual([rig.outcomes, rig.state.ledger.workload(key)], [[], undefined]);
});

test('rule 8: what was stale when the namespace was selected is reported', async () => {
  await change(30, 'B');
  await label(31, 'a');
  assert.deepEqual(rig.outcomes, ['recorded stale-at-opt-in']);
});

test('what changes from then on restarts', async () => {
  await label(31, 'a');
  await change(32, 'B');
  assert.deepEqual(rig.outcomes.slice(1), ['restarting n=1 changed', 'restarted n=1 changed']);
});

test('what changed between the label and the first look at it restarts too', async () => {
  route.onNamespace({
    present: true,
    how: 'modified',
    object: { name: 'shop', resourceVersion: '31', labels: { team: 'a' }, paused: false },
    version: '31',
  });
  await change(32, 'B');
  assert.deepEqual(rig.outcomes.slice(-1), ['restarted n=1 changed-before-first-sight']);
});

test('deselected: nothing more is restarted, and its records leave', async () => {
  await label(31, 'a');
  await label(32, 'b');
  rig.outcomes.length = 0;
  await change(33, 'B');
  assert.deepEqual([rig.outcomes, rig.state.ledger.workload(key)], [[], undefined]);
});

test('selected again: a restart key from before restarts nothing by itself', async () => {
  await label(31, 'a');
  await change(32, 'B');
  const { key: restartKey } = rig.patches.at(-1) as { key: NonNullable<SeenWorkload['restartKey']> };
  await show(workload(40, { restartKey }));
  await label(41, 'b');
  await change(42, 'C');
  rig.outcomes.length = 0;
  await label(43, 'a');
  assert.deepEqual(rig.outcomes, ['recorded stale-at-opt-in']);
  await change(44, 'D');
  assert.deepEqual(rig.outcomes.slice(-1), ['restarted n=2 changed']);
});

test('the namespace is deleted: as deselected', async () => {
  await label(31, 'a');
  route.onNamespace({ present: false, watched: true, key: 'shop', version: '32' });
  await rig.reconcile();
  assert.equal(rig.state.ledger.workload(key), undefined);
});

const pause = { period: 60_000, pausedAt: new Date(T).toISOString(), isPaused: true };
const paused = (version: number, more: Partial<SeenWorkload> = {}): SeenWorkload =>
  workload(version, { pause, ...more });

test('a pause that is over ends when the namespace is selected, also of who is opted out by then', async () => {
  await show(paused(30));
  await show(paused(31, { reload: undefined, references: [] }));
  rig.live.now = T + pause.period;
  await label(32, 'a');
  assert.equal(rig.resumes.length, 1);
});

test('no pause of a namespace that is deselected ends, also of who is opted out', async () => {
  await label(30, 'a');
  await show(paused(31, { reload: undefined, references: [] }));
  rig.live.now = T + pause.period;
  await label(32, 'b');
  assert.deepEqual(rig.resumes, []);
});

test('a workload that went away while its namespace was not selected does not come back with it', async () => {
  route.onWorkload({ present: false, watched: true, key, version: '30' });
  await label(31, 'a');
  assert.deepEqual([...rig.state.workloads.keys()], []);
});
