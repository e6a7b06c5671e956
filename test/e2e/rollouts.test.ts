// Argo Rollouts and OpenShift DeploymentConfigs as the API server stores them, on a control plane of their own: their kinds come and go.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readAudit, type AuditEvent } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { define, settle, undefine } from './custom-kinds.ts';
import { deploymentConfig, rollout } from './kinds.ts';
import type { Lockstep } from './lockstep.ts';
import { deployment, secret } from './objects.ts';
import { createLonelyRig, deadlineMs, type Live, type Name, type Place, type Rig } from './rig.ts';

const key = 'lockstep.dev/restarted-for';
const strategyKey = 'reloader.stakater.com/rollout-strategy';
/** What is absent is asked for every 30 s. */
const noticedMs = 60_000;
const argo = '--is-Argo-Rollouts=true';

interface Spec {
  readonly restartAt?: string;
  readonly template?: {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: { readonly containers: readonly { readonly env?: readonly object[] }[] };
  };
}

suite('Rollouts and DeploymentConfigs', { skip: await whySkipped(), timeout: 300_000 }, () => {
  let rig: Rig;
  let lockstep: Lockstep;
  before(async () => {
    rig = await createLonelyRig();
    lockstep = await rig.start(argo);
  });
  after(async () => {
    await lockstep[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  test('kinds that are not served are no trouble', async () => {
    const place = await openPlace(rig);
    await place.create(deployment('web', { secrets: ['db'] }));
    await place.untilQuiet();
    await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
    assert.doesNotMatch(lockstep.output(), /rollouts|deploymentconfigs/);
  });

  test('kinds that come later are noticed, and their objects are restarted', async () => {
    await define(rig.cluster, 'rollouts', 'deploymentconfigs');
    await untilWatched(rig, 'rollouts', 'deploymentconfigs');
    const place = await openPlace(rig);
    await create(rig, place, {
      'rollouts/web': rollout('web', { secrets: ['db'], spec: { newer: { field: 1 } } }),
      'deploymentconfigs/old': deploymentConfig('old', { secrets: ['db'] }),
    });
    const before = await specOf(place, 'rollouts/web');
    await place.change('db', 'second');
    const { metadata, spec } = await until(place, 'rollouts/web', ({ restartAt }) => restartAt !== undefined);
    assert.deepEqual({ ...spec, restartAt: undefined }, { ...before, restartAt: undefined }, 'nothing but restartAt');
    assert.match(annotationsOf({ metadata })[key] ?? '', /^{"n":1,/);
    await until(place, 'deploymentconfigs/old', ({ template }) => template?.metadata.annotations?.[key] !== undefined);
    await place.untilQuiet();
    assert.deepEqual(await patches(rig, place), ['deploymentconfigs/old', 'rollouts/web']);
  });

  test('a Rollout whose template is asked for, and one that borrows a template', async () => {
    const place = await openPlace(rig);
    const named = { [strategyKey]: 'rollout', 'secret.reloader.stakater.com/reload': 'db' };
    const borrowing = rollout('borrows', { annotations: named });
    const { template: _, selector: __, ...spec } = borrowing['spec'] as Record<string, unknown>;
    await create(rig, place, {
      'rollouts/templated': rollout('templated', { secrets: ['db'], annotations: { [strategyKey]: 'rollout' } }),
      'rollouts/borrows': {
        ...borrowing,
        spec: { ...spec, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'lender' } },
      },
    });
    await place.change('db', 'second');
    const templated = await until(
      place,
      'rollouts/templated',
      ({ template }) => template?.metadata.annotations?.[key] !== undefined,
    );
    assert.equal((templated.spec as Spec).restartAt, undefined);
    const borrows = await until(place, 'rollouts/borrows', ({ restartAt }) => restartAt !== undefined);
    assert.equal((borrows.spec as Spec).template, undefined, 'no template of its own is made');
    await place.untilQuiet();
    assert.deepEqual(await patches(rig, place), ['rollouts/borrows', 'rollouts/templated']);
  });

  test('a start alone restarts none of them; a change meanwhile does, once', async () => {
    const place = await openPlace(rig);
    await create(rig, place, { 'rollouts/web': rollout('web', { secrets: ['db'] }) });
    await place.change('db', 'second');
    const first = await until(place, 'rollouts/web', ({ restartAt }) => restartAt !== undefined);
    await settle(rig.api, place, 'rollouts/web');
    await rig.untilRemembered(place, 'Rollout/web');
    await lockstep.kill('SIGKILL');
    lockstep = await rig.start(argo);
    await place.untilQuiet();
    assert.deepEqual(await patches(rig, place), ['rollouts/web']);
    await lockstep.kill('SIGKILL');
    await place.change('db', 'third');
    lockstep = await rig.start(argo);
    const { restartAt } = first.spec as Spec;
    await until(place, 'rollouts/web', (spec) => spec.restartAt !== restartAt);
    await place.untilQuiet();
    assert.deepEqual(await patches(rig, place), ['rollouts/web', 'rollouts/web']);
  });

  for (const strategy of ['env-vars', 'annotations'] as const) {
    test(`W17: ${strategy}: the template by a patch, or restartAt alone; no field is dropped`, async () => {
      await lockstep.stop();
      lockstep = await rig.start(argo, `--reload-strategy=${strategy}`);
      const place = await openPlace(rig);
      const newer = { newer: { field: [1, { two: 3 }] } };
      await create(rig, place, {
        'rollouts/web': rollout('web', { secrets: ['db'], spec: newer }),
        'rollouts/timed': rollout('timed', { secrets: ['db'], annotations: { [strategyKey]: 'restart' } }),
        'deploymentconfigs/old': deploymentConfig('old', { secrets: ['db'] }),
      });
      const untouched = await specOf(place, 'rollouts/timed');
      await place.change('db', 'second');
      for (const name of ['rollouts/web', 'deploymentconfigs/old'] as const) await untilMarked(place, name, strategy);
      const { spec, metadata } = await until(place, 'rollouts/timed', ({ restartAt }) => restartAt !== undefined);
      assert.deepEqual({ ...spec, restartAt: undefined }, { ...untouched, restartAt: undefined });
      assert.equal(annotationsOf({ metadata })[key], undefined);
      assert.deepEqual(((await specOf(place, 'rollouts/web')) as typeof newer).newer, newer.newer);
      await place.untilQuiet();
      assert.deepEqual(await patches(rig, place), ['deploymentconfigs/old', 'rollouts/timed', 'rollouts/web']);
    });
  }

  test('a kind that goes leaves the others alone, and may come again', async () => {
    await lockstep.stop();
    lockstep = await rig.start(argo);
    const place = await openPlace(rig);
    await place.create(deployment('web', { secrets: ['db'] }));
    await undefine(rig.cluster, 'rollouts');
    await place.untilQuiet();
    await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
    await lockstep.untilReady();
    const since = Date.now();
    await define(rig.cluster, 'rollouts');
    await untilWatched(rig, 'rollouts', since);
    await create(rig, place, { 'rollouts/again': rollout('again', { secrets: ['db'] }) });
    await place.change('db', 'third');
    await until(place, 'rollouts/again', ({ restartAt }) => restartAt !== undefined);
  });

  test('nothing that is not granted is asked', async () => {
    const refused = (await readAudit(rig.cluster.auditLog)).filter(
      ({ user, status }) => user === rig.account.user && status === 403,
    );
    assert.deepEqual(refused, []);
  });
});

async function openPlace(rig: Rig): Promise<Place> {
  const place = await rig.createPlace();
  await place.create(secret('db', { key: 'first' }));
  return place;
}

/** Created, taken up by their controllers, and remembered by Lockstep. */
async function create(
  { api, ...rig }: Rig,
  place: Place,
  objects: Readonly<Record<string, Parameters<Place['create']>[0]>>,
) {
  for (const [name, object] of Object.entries(objects)) {
    await place.create(object);
    await settle(api, place, name as Name);
    await rig.untilRemembered(place, `${object.kind}/${object.metadata.name}`);
  }
}

async function untilWatched({ cluster, account }: Rig, ...wanted: readonly (string | number)[]): Promise<void> {
  const since = Number(wanted.find((each) => typeof each === 'number') ?? 0);
  const isWatch = ({ user, verb, receivedAt, status }: AuditEvent): boolean =>
    user === account.user && verb === 'list' && receivedAt >= since && status === 200;
  const areWatched = async (): Promise<boolean> => {
    const resources = new Set((await readAudit(cluster.auditLog)).filter(isWatch).map(({ resource }) => resource));
    return wanted.every((each) => typeof each === 'number' || resources.has(each));
  };
  await waitFor(areWatched, { what: `lists of ${wanted.join(', ')}`, deadlineMs: noticedMs, everyMs: 250 });
}

async function specOf(place: Place, name: Name): Promise<Spec> {
  return ((await place.get(name)).spec ?? {}) as Spec;
}

function annotationsOf({ metadata }: Pick<Live, 'metadata'>): Readonly<Record<string, string>> {
  return (metadata as { annotations?: Readonly<Record<string, string>> }).annotations ?? {};
}

async function until(place: Place, name: Name, holds: (spec: Spec) => boolean): Promise<Live> {
  const find = async (): Promise<Live | undefined> => {
    const live = await place.get(name);
    return holds((live.spec ?? {}) as Spec) ? live : undefined;
  };
  return waitFor(find, { what: `a restart of ${name}`, deadlineMs });
}

async function untilMarked(place: Place, name: Name, strategy: 'env-vars' | 'annotations'): Promise<void> {
  await until(place, name, ({ template }) =>
    strategy === 'env-vars'
      ? JSON.stringify(template?.spec.containers[0]?.env ?? []).includes('STAKATER_DB_SECRET')
      : template?.metadata.annotations?.['reloader.stakater.com/last-reloaded-from'] !== undefined,
  );
}

/** Lockstep's writes to these kinds in a namespace, by name. */
async function patches({ cluster, account }: Rig, { namespace }: Place): Promise<string[]> {
  const events = (await readAudit(cluster.auditLog)).filter(
    (event) => event.user === account.user && event.namespace === namespace && event.status < 300,
  );
  const isCustom = ({ resource, verb }: AuditEvent): boolean =>
    ['rollouts', 'deploymentconfigs'].includes(resource) && !['get', 'list', 'watch'].includes(verb);
  const writes = events.filter(isCustom);
  assert.ok(
    writes.every(({ verb }) => verb === 'patch'),
    'never the whole object',
  );
  return writes.map(({ resource, name }) => `${resource}/${name}`).sort();
}
