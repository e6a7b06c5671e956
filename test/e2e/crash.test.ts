// Lockstep is killed 20 times in a run of 200 changes over 20 Deployments. The audit log alone tells whether a restart was
// missed (I1), repeated (I2) or made up (I3). $LOCKSTEP_SEED repeats a run's moments and choices.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { readAudit, type AuditEvent, type TemplateChange } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import type { Lockstep } from './lockstep.ts';
import { deployment, secret } from './objects.ts';
import { createRig, type Place, type Rig } from './rig.ts';

const deployments = 20;
const changes = 200;
const kills = 20;
/** Some time for Lockstep to be somewhere else at each kill: starting, settling, patching, writing its ledger. */
const runMs = 60_000;

const names = Array.from({ length: deployments }, (_, at) => `d${String(at).padStart(2, '0')}`);
/** Every Deployment has a Secret of its own, and every fourth one uses a common one besides. */
const usersOf = (secretName: string) =>
  secretName === 'common' ? names.filter((_, at) => at % 4 === 0) : [secretName];
const secretsOf = (name: string) => [name, 'common'].filter((secretName) => usersOf(secretName).includes(name));

test(
  'killed at 20 random moments of 200 changes: I1, I2 and I3 hold',
  { skip: await whySkipped(), timeout: 240_000 },
  async (t) => {
    const seed = Number(process.env['LOCKSTEP_SEED'] ?? randomInt(2 ** 31));
    t.diagnostic(`LOCKSTEP_SEED=${seed}`);
    const random = createRandom(seed);
    await using rig = await createRig();
    const place = await rig.createPlace();
    for (const name of ['common', ...names]) await place.create(secret(name, { key: 'first' }));
    for (const name of names) await place.create(deployment(name, { secrets: secretsOf(name) }));
    await Promise.all(names.map((name) => place.untilObserved(`deployments/${name}`)));

    await withKills({ rig, place, random, t }, async () => {
      const pauses = Array.from({ length: changes }, () => random() * 2 * (runMs / changes));
      for (const [round, pauseMs] of pauses.entries()) {
        await delay(pauseMs); // the load itself: changes come at random moments
        const at = Math.floor(random() * (names.length + 1));
        await place.change(names[at] ?? 'common', `change ${round}`);
      }
    });
    await place.untilQuiet();
    for (const name of names) await place.untilRolledOut(`deployments/${name}`);
    await judge(rig, place, t);
  },
);

interface Run {
  readonly rig: Rig;
  readonly place: Place;
  readonly random: () => number;
  readonly t: TestContext;
}

/** Lockstep runs while `use` does, but is killed and started again at random moments, and runs when it is over. */
async function withKills({ rig, place, random, t }: Run, use: () => Promise<void>): Promise<void> {
  const start = () => rig.spawn('--settle=100ms', `--namespaces=${place.namespace}`);
  const moments = Array.from({ length: kills }, () => random() * runMs).sort((a, b) => a - b);
  let lockstep: Lockstep = await start();
  t.after(() => lockstep[Symbol.asyncDispose]());
  await rig.untilRemembered(place, ...names.map((name) => `Deployment/${name}` as const));
  const beganAt = performance.now();
  let killed = 0;
  const killing = (async () => {
    for (const moment of moments) {
      await delay(Math.max(0, beganAt + moment - performance.now())); // the fault itself: at a random moment
      await lockstep.kill('SIGKILL');
      killed++;
      lockstep = await start();
    }
  })();
  await Promise.all([use(), killing]);
  assert.equal(killed, kills);
  await lockstep.untilReady();
}

async function judge(rig: Rig, place: Place, t: TestContext): Promise<void> {
  const { namespace } = place;
  const audit = (await readAudit(rig.cluster.auditLog)).filter((event) => event.namespace === namespace);
  const restarts = await place.changes();
  const writes = audit.filter(
    ({ verb, resource, status, userAgent }) =>
      verb === 'patch' && resource === 'secrets' && status < 300 && userAgent.startsWith('e2e'),
  );
  const running = (await place.list('pods')).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const pods = running.map(({ metadata }) => metadata.name);
  let total = 0;
  for (const name of names) {
    const changed = writes.filter((write) => usersOf(write.name).includes(name));
    const restarted = restarts.filter(({ workload }) => workload.name === name);
    total += restarted.length;
    assertNoneMissed(
      name,
      changed,
      pods.filter((pod) => pod.startsWith(`${name}-`)),
      audit,
    );
    assertNoneTooMany(name, changed, restarted);
  }
  const distinct = writes.filter(({ name }) => name !== 'sentinel');
  assert.equal(distinct.length, changes);
  t.diagnostic(`${kills} kills, ${changes} changes, ${total} restarts`);
}

/** I1: every pod that runs was bound to its node, before which it cannot read anything, after the last change was answered. */
function assertNoneMissed(
  name: string,
  changed: readonly AuditEvent[],
  pods: readonly string[],
  audit: readonly AuditEvent[],
): void {
  const lastAt = Math.max(...changed.map(({ answeredAt }) => answeredAt));
  assert.ok(pods.length > 0, `${name} runs`);
  for (const pod of pods) {
    const bound = audit.find(({ subresource, name: bindee }) => subresource === 'binding' && bindee === pod);
    assert.ok(bound !== undefined, `${pod} was bound`);
    assert.ok(
      changed.length === 0 || bound.receivedAt > lastAt,
      `I1: ${pod} was bound at ${bound.receivedAt}, before the last of ${changed.length} changes at ${lastAt}`,
    );
  }
}

/** I2 and I3: at no moment were there more restarts than changes before it. */
function assertNoneTooMany(name: string, changed: readonly AuditEvent[], restarted: readonly TemplateChange[]): void {
  for (const [before, { at }] of restarted.entries()) {
    const possible = changed.filter(({ receivedAt }) => receivedAt < at).length;
    assert.ok(before < possible, `I2, I3: restart ${before + 1} of ${name} at ${at} follows only ${possible} changes`);
  }
}

/** mulberry32: small, and the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
