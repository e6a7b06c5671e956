// Restarts that are owed and do not happen at once: refused, paused, switched off, waiting for a person; and those of observe mode.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import type { Lockstep } from './lockstep.ts';
import { deployment, secret, statefulSet } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';

interface Owed {
  readonly done: boolean;
  readonly owed: readonly {
    readonly workload: { readonly name: string };
    readonly state: string;
    readonly reason: string;
  }[];
}

suite('restarts that are held', { skip: await whySkipped(), timeout: 180_000 }, () => {
  let rig: Rig;
  let lockstep: Lockstep;

  before(async () => {
    rig = await createRig();
    lockstep = await rig.start();
  });
  after(async () => {
    await lockstep?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
  });

  const readOwed = async ({ namespace }: Place): Promise<Owed> => {
    const response = await fetch(`${lockstep.url}/v1/namespaces/${namespace}/owed`);
    assert.equal(response.status, 200);
    return (await response.json()) as Owed;
  };
  const untilNothingIsOwed = (place: Place) =>
    waitFor(async () => (await readOwed(place)).done, { what: 'nothing to be owed', deadlineMs });
  const owedOf = async (place: Place) =>
    (await readOwed(place)).owed.map(({ workload, state, reason }) => ({ name: workload.name, state, reason }));

  test('a refused workload stays owed, is tried once, and holds back no other', async (t) => {
    const place = await rig.createPlace();
    const { namespace } = place;
    await place.create(
      secret('db', { key: 'first' }),
      deployment('denied', { secrets: ['db'] }),
      deployment('allowed', { secrets: ['db'] }),
    );
    await place.untilRolledOut('deployments/denied');
    await place.untilQuiet();
    t.after(() => kubectl(rig.cluster, ['delete', policyKinds, namespace]));
    await deny(rig, place, 'denied');
    await place.untilRestarted('deployments/allowed', () => place.change('db', 'second'));
    const line = await lockstep.waitForLog('restart refused', { namespace, name: 'denied' });
    assert.equal(line['reason'], 'refused');
    assert.equal(line.level, 'warn');
    await place.untilRestarted('deployments/allowed', () => place.change('db', 'third'));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/allowed': 2 });
    const tries = (await rig.workloadWrites()).filter(
      (write) => write.namespace === namespace && write.name === 'denied',
    );
    assert.equal(tries.length, 1, 'at most one try in 10 minutes');
    const blocked = (await owedOf(place)).filter(({ state }) => state === 'blocked');
    assert.deepEqual(blocked, [{ name: 'denied', state: 'blocked', reason: 'refused' }]);
    const events = JSON.stringify(
      await waitFor(
        async () => {
          const found = (await place.list('events')).filter((event) => event['reason'] === 'RestartRefused');
          return found.length > 0 && found;
        },
        { what: 'an Event', deadlineMs },
      ),
    );
    assert.match(events, /denied.*Secret\/db/);
  });

  test('a paused Deployment stays owed and is restarted once when it is resumed', async () => {
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    await place.untilRolledOut('deployments/web');
    await place.patch('deployments/web', { spec: { paused: true } });
    await place.untilQuiet();
    await place.change('db', 'second');
    await lockstep.waitForLog('restart owed but held', { namespace: place.namespace, name: 'web', reason: 'paused' });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
    assert.deepEqual(
      (await owedOf(place)).filter(({ name }) => name === 'web'),
      [{ name: 'web', state: 'blocked', reason: 'paused' }],
    );
    await place.untilRestarted('deployments/web', () => place.patch('deployments/web', { spec: { paused: false } }));
    await place.untilQuiet();
    await untilNothingIsOwed(place);
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });

  test('the pause switch of a namespace holds its restarts and no others', async () => {
    const [paused, other] = [await rig.createPlace(), await rig.createPlace()];
    const workload = [secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] })];
    await Promise.all([paused, other].map((place) => place.create(...workload)));
    await Promise.all([paused, other].map((place) => place.untilQuiet()));
    const turn = (value: string) =>
      kubectl(rig.cluster, ['annotate', '--overwrite', 'namespace', paused.namespace, `lockstep.dev/pause=${value}`]);
    await turn('true');
    // A namespace's annotation comes by another watch than a Secret: only this tells that it has come.
    await waitFor(
      async () => {
        await paused.change('sentinel', `paused? ${Math.random()}`);
        return lockstep
          .lines()
          .some((line) => line['namespace'] === paused.namespace && line['reason'] === 'pause-switch');
      },
      { what: 'the pause switch', deadlineMs, everyMs: 500 },
    );
    await paused.change('db', 'second');
    await lockstep.waitForLog('restart owed but held', {
      namespace: paused.namespace,
      name: 'web',
      reason: 'pause-switch',
    });
    await other.change('db', 'second');
    await other.untilQuiet();
    assert.deepEqual(await other.restarts(), { 'Deployment/web': 1 });
    assert.deepEqual(await paused.restarts(), {});
    await paused.untilRestarted('deployments/web', async () => void (await turn('false')));
    await paused.untilQuiet();
    assert.deepEqual(await paused.restarts(), { 'Deployment/web': 1 });
  });

  test('an OnDelete StatefulSet is restarted and reported until its pods are deleted', async () => {
    const place = await rig.createPlace();
    const updateStrategy = { type: 'OnDelete' };
    await place.create(
      secret('db', { key: 'first' }),
      statefulSet('store', { secrets: ['db'], spec: { updateStrategy } }),
    );
    const pod = await waitFor(() => place.get('pods/store-0'), { what: 'its pod', deadlineMs });
    await place.untilQuiet();
    await place.untilRestarted('statefulsets/store', () => place.change('db', 'second'));
    const reason = 'waiting-for-delete';
    await lockstep.waitForLog('its pods stay until they are deleted', {
      namespace: place.namespace,
      name: 'store',
      reason,
    });
    await place.untilQuiet();
    const waiting = async () => (await owedOf(place)).filter(({ name }) => name === 'store');
    assert.deepEqual(await waiting(), [{ name: 'store', state: 'blocked', reason }]);
    assert.equal((await place.get('pods/store-0')).metadata.uid, pod.metadata.uid, 'the premise: still the old pod');
    await place.remove('pods/store-0');
    await waitFor(async () => (await waiting()).length === 0, { what: 'the report to end', deadlineMs });
    assert.deepEqual(await place.restarts(), { 'StatefulSet/store': 1 });
  });

  test('annotations that make no sense are named, and the rest works', async () => {
    const place = await rig.createPlace();
    const annotations = { 'lockstep.dev/settle': 'soon', 'secret.reloader.stakater.com/auto': 'yes please' };
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'], annotations }));
    const line = await lockstep.waitForLog('annotation makes no sense', { namespace: place.namespace, name: 'web' });
    assert.match(String(line['problems']), /lockstep\.dev\/settle is no duration/);
    assert.match(String(line['problems']), /secret\.reloader\.stakater\.com\/auto/);
    await place.untilQuiet();
    await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });
});

test(
  'observe mode writes nothing at all, and says what it would do',
  { skip: await whySkipped(), timeout: 60_000 },
  async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    await place.untilRolledOut('deployments/web');
    await using lockstep = await rig.start('--mode=observe', `--namespaces=${place.namespace}`);
    await place.change('db', 'second');
    const { owed } = await lockstep.waitForLog('would restart', { namespace: place.namespace, name: 'web' });
    assert.match(JSON.stringify(owed), /"Secret\/db"/);
    await place.change('sentinel', 'second');
    await lockstep.waitForLog('would restart', { namespace: place.namespace, name: 'sentinel' });
    assert.equal(await lockstep.stop(), 0);
    const requests = (await readAudit(rig.cluster.auditLog)).filter(
      // A review of its own rights is asked by POST, and stores nothing.
      ({ user, resource }) => user === rig.account.user && resource !== 'selfsubjectaccessreviews',
    );
    assert.deepEqual([...new Set(requests.map(({ verb }) => verb))].sort(), ['get', 'list', 'watch']);
  },
);

const policyKinds = 'validatingadmissionpolicies,validatingadmissionpolicybindings';

/** From now on the API server refuses every change of one workload's template. */
async function deny({ cluster, account }: Rig, place: Place, name: string): Promise<void> {
  const { namespace } = place;
  const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: namespace } };
  const policy = {
    ...admission,
    kind: 'ValidatingAdmissionPolicy',
    spec: {
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        resourceRules: [
          {
            apiGroups: ['apps'],
            apiVersions: ['v1'],
            operations: ['UPDATE'],
            resources: ['deployments'],
            resourceNames: [name],
          },
        ],
      },
      validations: [{ expression: 'object.spec.template == oldObject.spec.template', message: 'frozen until Monday' }],
    },
  };
  const binding = {
    ...admission,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: namespace, validationActions: ['Deny'] },
  };
  const items = [policy, binding];
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const patch = JSON.stringify({ spec: { template: { metadata: { annotations: { try: 'it' } } } } });
  const tryIt = [
    '-n',
    namespace,
    'patch',
    `deployment/${name}`,
    '-p',
    patch,
    '--dry-run=server',
    `--as=${account.user}`,
  ];
  const refused = () =>
    kubectl(cluster, tryIt).then(
      () => false,
      (error: unknown) => String(error).includes('frozen until Monday'),
    );
  await waitFor(refused, { what: 'the admission policy', deadlineMs });
}
