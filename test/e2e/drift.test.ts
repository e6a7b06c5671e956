// Drift on a real API server: a ConfigMap that Argo CD (a stand-in) declares from Git is edited by hand.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { createWorld } from '../git-server/world.ts';
import { define } from './custom-kinds.ts';
import type { Lockstep } from './lockstep.ts';
import { configMap, deployment } from './objects.ts';
import { createLonelyRig, deadlineMs, type Place, type Rig } from './rig.ts';
import { installRights } from './rights.ts';
import { createRepository, installSmallArgo, type SmallArgo } from './small-argo.ts';

interface EventBody {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

describe('drift from what Argo CD declares', { skip: await whySkipped(), timeout: 240_000 }, () => {
  let directory: string;
  let rig: Rig;
  let place: Place;
  let argo: SmallArgo;
  let lockstep: Lockstep;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lockstep-drift-'));
    rig = await createLonelyRig();
    await define(rig.cluster, 'applications', 'appprojects');
    await installRights(rig.cluster, rig.account.namespace, 'revert.yaml');
    place = await rig.createPlace();
    const repository = await createRepository(join(directory, 'git'), configMap('web', { colour: 'blue', size: '1' }));
    argo = await installSmallArgo({ api: rig.api, namespace: place.namespace, repository });
    await place.create(deployment('web', { configMaps: ['web'] }));
    await place.untilRolledOut('deployments/web');
    lockstep = await rig.start('--allow-local-git', `--state-dir=${join(directory, 'state')}`);
    await place.untilQuiet();
  });
  after(async () => {
    await lockstep?.stop();
    await rig?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const eventsAbout = async (reason: string): Promise<readonly EventBody[]> => {
    const events = (await place.list('events')) as unknown as readonly EventBody[];
    return events.filter((event) => event.reason === reason && event.involvedObject.kind === 'ConfigMap');
  };
  const untilEvents = async (reason: string, count: number): Promise<void> =>
    void (await waitFor(async () => (await eventsAbout(reason)).length >= count, {
      what: `${count} Events ${reason}`,
      deadlineMs,
    }));

  test('an edit is told with key and writer, restarts its users, and is gone when Git’s content is back', async () => {
    await place.patch('configmaps/web', { data: { colour: 'red' } });
    await untilEvents('DriftFound', 1);
    const [found] = await eventsAbout('DriftFound');
    assert.match(
      found?.message ?? '',
      /differs from Application argocd\/shop at [0-9a-f]{12} in colour; written by e2e/,
    );
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
    await argo.sync();
    await untilEvents('DriftGone', 1);
    await place.untilQuiet();
    assert.equal(argo.asked.length, 0);
  });

  test('where it says revert, Argo CD is asked to take the edit back, and nothing is restarted for it', async () => {
    await place.untilRolledOut('deployments/web');
    const before = await place.restarts();
    await place.patch('configmaps/web', { metadata: { annotations: { 'lockstep.dev/drift': 'revert' } } });
    await place.untilQuiet();
    await place.patch('configmaps/web', { data: { colour: 'green' } });
    const what = 'Argo CD to be asked';
    await waitFor(async () => argo.look().then(() => argo.asked.length > 0), { what, deadlineMs });
    await untilEvents('DriftGone', 2);
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), before);
    assert.deepEqual(
      argo.asked.map(({ initiatedBy, sync }) => [initiatedBy?.username, sync?.resources]),
      [['lockstep', [{ group: '', kind: 'ConfigMap', namespace: place.namespace, name: 'web' }]]],
    );
    const { data } = (await place.get('configmaps/web')) as { data?: object };
    assert.deepEqual(data, { colour: 'blue', size: '1' });
  });
});

test(
  'drift from a folder that a pipeline applies: told by the head of its branch, as it is when it is compared',
  { skip: await whySkipped(), timeout: 240_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const rig = stack.use(await createLonelyRig());
    const place = await rig.createPlace();
    const { namespace } = place;
    const declare = (data: Readonly<Record<string, string>>) => ({
      'ci/config.json': JSON.stringify(configMap('web', data)),
    });
    const world = stack.use(createWorld(declare({ colour: 'blue' })));
    const config = join(world.root, 'lockstep.yaml');
    const source = { name: 'ci', repository: `file://${world.bare}`, path: 'ci', namespace };
    await writeFile(config, JSON.stringify({ sources: [source] }));
    await place.create(configMap('web', { colour: 'blue' }), deployment('web', { configMaps: ['web'] }));
    await place.untilRolledOut('deployments/web');
    const lockstep = await rig.start(
      '--allow-local-git',
      `--config=${config}`,
      `--state-dir=${join(world.root, 'state')}`,
    );
    stack.defer(async () => void (await lockstep.stop()));
    await place.untilQuiet();
    const untilEvent = async (reason: string): Promise<string> => {
      const find = async () =>
        ((await place.list('events')) as unknown as EventBody[]).find((event) => event.reason === reason);
      return (await waitFor(find, { what: `an Event ${reason}`, deadlineMs })).message;
    };
    await place.patch('configmaps/web', { data: { colour: 'red' } });
    assert.match(
      await untilEvent('DriftFound'),
      new RegExp(`differs from source ${namespace}/ci at [0-9a-f]{12} in colour; written by e2e`),
    );
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
    // The commit comes first, and nobody tells Lockstep: what is applied is compared with it all the same.
    world.person('main', declare({ colour: 'green', size: '2' }));
    await place.patch('configmaps/web', { data: { colour: 'green', size: '2' } });
    assert.match(await untilEvent('DriftGone'), new RegExp(`source ${namespace}/ci declares it again`));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 2 });
    assert.equal(
      world.git('for-each-ref', '--format=x', 'refs/lockstep/pulls/'),
      '',
      'nothing that Git declares is recorded',
    );
  },
);
