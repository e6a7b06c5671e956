// One ConfigMap under 100 Deployments: every one ends restarted for the last content, and what that costs the API server
// stands beside what Reloader's code asks of it.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readAudit, templateChanges, type AuditEvent } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { configMap, deployment } from './objects.ts';
import { createRig, type Place, type Rig } from './rig.ts';

const size = 100;
/** The others have replicas 0: their templates are judged, not their pods. */
const running = 3;
const names = Array.from({ length: size }, (_, at) => `web-${String(at).padStart(3, '0')}`);
/**
 * Each round comes when the controllers have taken up the one before: a change that comes earlier is in its rollouts. The last
 * round's changes come within one settle window.
 */
const rounds = [['second'], ['third'], ['a', 'b', 'c', 'd', 'last']];
/** Renewals of the Lease and shards of the ledger, whatever the size of the fan-out. */
const mostOthers = 20;
const fanOutDeadlineMs = 60_000;

test('100 Deployments under one ConfigMap', { skip: await whySkipped(), timeout: 240_000 }, async (t) => {
  await using rig = await createRig();
  const place = await rig.createPlace();
  await createWorkloads(place);
  await using lockstep = await rig.start('--settle=1s', `--namespaces=${place.namespace}`);
  assert.ok(lockstep.metricsUrl);
  await rig.untilRemembered(place, ...names.map((name) => `Deployment/${name}` as const));

  for (const contents of rounds) {
    const fanOut = await measureFanOut(rig, place, contents);
    tell(t, contents, fanOut);
    assert.equal(fanOut.requests['list'], undefined, 'no list: the watches know what uses a ConfigMap');
    assert.ok(countPatches(fanOut) <= size, `${countPatches(fanOut)} patches`);
    const others = fanOut.events.filter((event) => !isPatch(event) && event.resource !== 'events');
    assert.ok(others.length <= mostOthers, `besides: ${describe(others)}`);
    await untilObserved(place);
  }
  await place.untilQuiet();
  const once = names.map((name) => [`Deployment/${name}`, rounds.length]);
  assert.deepEqual(await place.restarts(), Object.fromEntries(once), 'one restart for each settled change');
  for (const name of names.slice(0, running)) await place.untilRolledOut(`deployments/${name}`);
});

async function createWorkloads(place: Place): Promise<void> {
  await place.create(configMap('shared', { key: 'first' }));
  const create = (name: string, at: number): Promise<void> =>
    place.create(deployment(name, { configMaps: ['shared'], spec: { replicas: at < running ? 1 : 0 } }));
  await Promise.all(names.map(create));
  await untilObserved(place);
}

async function untilObserved(place: Place): Promise<void> {
  await Promise.all(names.map((name) => place.untilObserved(`deployments/${name}`)));
}

interface FanOut {
  /** Lockstep's requests from the first change until every Deployment is restarted for the last one. */
  readonly events: readonly AuditEvent[];
  readonly requests: Readonly<Record<string, number>>;
  /** From the last change's answer to the last patch's, the settle window of a second included. */
  readonly elapsedMs: number;
}

async function measureFanOut({ cluster, account }: Rig, place: Place, contents: readonly string[]): Promise<FanOut> {
  const { namespace } = place;
  const since = Date.now();
  for (const content of contents) await place.patch('configmaps/shared', { data: { key: content } });
  const changedAt = await waitFor(() => lastChangeAt(cluster.auditLog, namespace, since, contents.length), {
    what: 'the changes in the audit log',
    deadlineMs: fanOutDeadlineMs,
  });
  const areRestarted = async (): Promise<boolean> => {
    const changes = await templateChanges(cluster.auditLog, { namespace, since: changedAt });
    return new Set(changes.map(({ workload }) => workload.name)).size === size;
  };
  const what = `${size} Deployments to be restarted for ${contents.at(-1)}`;
  await waitFor(areRestarted, { what, deadlineMs: fanOutDeadlineMs, everyMs: 200 });
  const events = (await readAudit(cluster.auditLog)).filter(
    ({ user, receivedAt }) => user === account.user && receivedAt >= since,
  );
  const requests: Record<string, number> = {};
  for (const { verb } of events) requests[verb] = (requests[verb] ?? 0) + 1;
  const lastAt = Math.max(...events.filter(isPatch).map(({ answeredAt }) => answeredAt));
  return { events, requests, elapsedMs: lastAt - changedAt };
}

/** When the last of the changes was answered; undefined while one is missing. */
async function lastChangeAt(
  auditLog: string,
  namespace: string,
  since: number,
  count: number,
): Promise<number | undefined> {
  const changes = (await readAudit(auditLog)).filter(
    (event) =>
      event.namespace === namespace &&
      event.resource === 'configmaps' &&
      event.verb === 'patch' &&
      event.receivedAt >= since,
  );
  return changes.length < count ? undefined : Math.max(...changes.map(({ answeredAt }) => answeredAt));
}

function isPatch({ verb, resource }: AuditEvent): boolean {
  return verb === 'patch' && resource === 'deployments';
}

function countPatches({ events }: FanOut): number {
  return events.filter(isPatch).length;
}

function describe(events: readonly AuditEvent[]): string {
  return events.map(({ verb, resource, name }) => `${verb} ${resource}/${name}`).join(', ');
}

/**
 * Reloader's column is computed from its code (W3, W8, W10): for each update of the ConfigMap 5 lists of the namespace, one
 * patch and one Event for each workload, at 5 requests a second behind a burst of 10, which 3 of the lists share.
 */
function tell(t: TestContext, contents: readonly string[], { events, requests, elapsedMs }: FanOut): void {
  const changes = contents.length;
  const created = events.filter(({ verb, resource }) => verb === 'create' && resource === 'events').length;
  const kept = events.length - countPatches({ events, requests, elapsedMs }) - created - (requests['list'] ?? 0);
  const rows: [what: string, lockstep: number | string, reloader: number | string][] = [
    ['LIST', requests['list'] ?? 0, 5 * changes],
    ['PATCH deployments', events.filter(isPatch).length, size * changes],
    ['CREATE events so far', created, size * changes],
    ['Lease and ledger', kept, 0],
    [
      'seconds to the last patch',
      (elapsedMs / 1000).toFixed(1),
      `about ${((changes * (size + 3) - 10) / 5).toFixed(1)}`,
    ],
  ];
  t.diagnostic(`${changes} change(s)              | Lockstep | Reloader, by its code`);
  for (const [what, lockstep, reloader] of rows) {
    t.diagnostic(`${what.padEnd(26)}| ${String(lockstep).padEnd(9)}| ${reloader}`);
  }
}
