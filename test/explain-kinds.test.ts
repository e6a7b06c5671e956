// `lockstep explain` of Jobs and CronJobs: what would restart them, and why some never are.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { runExplain } from '../server/explain-command.ts';
import type { WorkloadExplanation } from '../server/core/explanation.ts';
import { finished, setStatus } from './compat/job-world.ts';
import { cronJob, job } from './e2e/kinds.ts';
import { optIn, secret, type KubeObject } from './e2e/objects.ts';
import { startAskingRig, type AskingRig } from './asking-rig.ts';
import type { JsonObject } from './fakes/json.ts';

const secrets = ['db'];
const forbid = { concurrencyPolicy: 'Forbid' };
const running = { active: [{ kind: 'Job', name: 'x-1' }] };

interface Case {
  readonly name: string;
  readonly object: KubeObject;
  readonly status?: object;
  readonly flags?: readonly string[];
  /** By its place and what it says. */
  readonly held?: string;
  readonly pending: string;
  readonly says?: RegExp;
}

const cases: readonly Case[] = [
  { name: 'job/x', object: job('x', { secrets }), pending: 'record' },
  { name: 'cj/x', object: cronJob('x', { secrets }), pending: 'record' },
  {
    name: 'job/x',
    object: job('x', { secrets }),
    status: finished,
    held: 'finished',
    pending: 'nothing',
    says: /has finished: nothing is run again/,
  },
  {
    name: 'cronjobs/x',
    object: cronJob('x', { secrets, spec: { suspend: true } }),
    held: 'suspended',
    pending: 'nothing',
    says: /is suspended: nothing is started/,
  },
  {
    name: 'cronjob/x',
    object: cronJob('x', { secrets, spec: forbid }),
    status: running,
    held: 'job-running',
    pending: 'record',
    says: /another starts when it has ended/,
  },
  {
    name: 'cronjob/x',
    object: cronJob('x', { secrets, annotations: {} }),
    flags: ['--auto-reload-all'],
    pending: 'nothing',
  },
  {
    name: 'cronjob/x',
    object: cronJob('x', { secrets, annotations: {} }),
    flags: ['--auto-reload-all', '--reload-strategy=env-vars'],
    pending: 'record',
  },
  {
    name: 'cronjob/x',
    object: cronJob('x', { secrets, annotations: {}, templateAnnotations: optIn }),
    pending: 'record',
  },
];

for (const { name, object, status, flags = [], held, pending, says = /./ } of cases) {
  test(`explain ${name} ${flags.join(' ')}: ${held ?? 'not held'}, pending: ${pending}`, async (t) => {
    const { explain, server } = await open(t, object);
    if (status !== undefined) await setStatus({ server }, `${object.kind.toLowerCase()}s/x`, status);
    const { out } = await explain(name, ...flags);
    assert.match(out, says);
    const found = JSON.parse((await explain(name, '-o', 'json', ...flags)).out) as WorkloadExplanation;
    assert.deepEqual([found.held, found.pending.kind], [held, pending]);
  });
}

test('explain of a kind that is not served says so, and asks for nothing else', async (t) => {
  const { explain } = await open(t, job('x', { secrets }));
  for (const name of ['rollout/x', 'dc/x']) assert.equal((await explain(name)).code, 1);
});

test('explain secret/db names what would run', async (t) => {
  const { explain } = await open(t, job('import', { secrets }), cronJob('report', { secrets }));
  const { out } = await explain('secret/db');
  assert.match(out, /Job\/import/i);
  assert.match(out, /CronJob\/report/i);
});

interface Opened extends Pick<AskingRig, 'server'> {
  readonly explain: AskingRig['run'];
}

async function open(t: TestContext, ...made: KubeObject[]): Promise<Opened> {
  const all = [secret('db', { key: 'first' }), ...made];
  const objects = all.map(
    (object) => ({ ...object, metadata: { ...object.metadata, namespace: 'shop' } }) as JsonObject,
  );
  const command: typeof runExplain = (argv, deps) => runExplain([...argv, '-n', 'shop'], deps);
  const rig = await startAskingRig(t, { objects, command });
  return { server: rig.server, explain: (...argv) => rig.run(...argv) };
}
