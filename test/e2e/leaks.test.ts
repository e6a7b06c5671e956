// No value of a Secret leaves Lockstep: logs at their most talkative, ledger, Events, restart keys and every HTTP answer are
// searched for canaries after a run in which everything happens to them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import { createCanary, encodingsOf, findLeaks } from './canary.ts';
import type { Lockstep } from './lockstep.ts';
import { configMap, deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';

test(
  'no value of a Secret is in any log line, ledger, Event, restart key or HTTP answer',
  { skip: await whySkipped(), timeout: 120_000 },
  async () => {
    const canaries: string[] = [];
    const next = () => {
      const canary = createCanary();
      canaries.push(canary);
      return canary;
    };
    await using rig = await createRig();
    const place = await rig.createPlace();
    const applied = (value: string) =>
      kubectl(
        rig.cluster,
        ['-n', place.namespace, 'apply', '-f', '-'],
        JSON.stringify(secret('applied', { key: value })),
      );
    await place.create(
      secret('data', { key: next(), [`k${'.'.repeat(100)}`]: next() }),
      secret('gone', { key: next() }),
      configMap('settings', { key: next() }),
      deployment('web', { secrets: ['data', 'applied', 'gone'], configMaps: ['settings'] }),
      deployment('broken', { secrets: ['data'], annotations: { 'lockstep.dev/settle': 'soon' } }),
      deployment('paused', { secrets: ['data'], spec: { paused: true } }),
    );
    await applied(next());
    await using lockstep = await rig.start();
    await rig.untilRemembered(place, 'Deployment/web');
    await place.untilRestarted('deployments/web', () => place.change('data', next()));
    await place.untilRestarted('deployments/web', async () => void (await applied(next())));
    await place.patch('secrets/data', { data: { key: Buffer.from(next()).toString('base64') } });
    await place.patch('configmaps/settings', { data: { key: next() } });
    await place.remove('secrets/gone');
    await place.untilQuiet();
    await place.untilRestarted('deployments/web', () => place.create(secret('gone', { key: next() })));
    await place.untilQuiet();

    const answers = await readAnswers(lockstep, place);
    await lockstep.stop(); // the ledger is complete now
    const corpora = { log: lockstep.output(), answers, ...(await readTraces(rig, place)) };
    for (const [name, corpus] of Object.entries(corpora)) {
      assert.deepEqual(findLeaks(corpus, canaries), [], name);
      for (const [encoding, [text]] of Object.entries(encodingsOf(canaries[0] ?? ''))) {
        const found = findLeaks(`${corpus}${text}`, canaries);
        assert.ok(
          found.some((leak) => leak.canary === 0 && leak.encoding === encoding),
          `${encoding} in ${name}`,
        );
      }
    }
  },
);

async function readAnswers({ url, metricsUrl }: Lockstep, { namespace }: Place): Promise<string> {
  const requests: [string, RequestInit?][] = [
    [`${metricsUrl}/metrics`],
    [`${metricsUrl}/readyz`],
    [`${metricsUrl}/livez`],
    [`${url}/v1/namespaces/${namespace}/owed`],
    [`${url}/v1/namespaces/nowhere/owed`],
    [`${url}/v1/namespaces/${namespace}/owed?phase=none`],
    [`${url}/v1/secrets/data`],
    [`${url}/hooks/flux/nobody`, { method: 'POST', body: '{}' }],
  ];
  const answers = await Promise.all(
    requests.map(async ([address, init]) => {
      const response = await fetch(address, init);
      return `${address} ${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
    }),
  );
  const all = answers.join('\n');
  assert.match(all, /lockstep_restarts_total/);
  assert.match(all, /"name":"paused"/);
  return all;
}

/** What Lockstep wrote into the cluster; the Secrets themselves, its digest key among them, are left out. */
async function readTraces(
  rig: Rig,
  place: Place,
): Promise<Record<'ledger' | 'lease' | 'events' | 'restartKeys', string>> {
  const read = async (path: string) => JSON.stringify((await rig.api.call('GET', path)).body);
  const own = `namespaces/${rig.account.namespace}`;
  const ledger = await read(`/api/v1/${own}/configmaps`);
  assert.match(ledger, /Secret\/data/);
  const lease = await read(`/apis/coordination.k8s.io/v1/${own}/leases`);
  assert.match(lease, /holderIdentity/);
  const events = await waitFor(
    async () => {
      const text = JSON.stringify(await place.list('events'));
      return text.includes('Restarted for') && text;
    },
    { what: 'Events', deadlineMs },
  );
  const restartKeys = JSON.stringify(await place.list('deployments'));
  assert.match(restartKeys, /lockstep\.dev\/restarted-for/);
  return { ledger, lease, events, restartKeys };
}
