// `lockstep explain` against an API server in memory: what is printed, by which rights, and that nothing is written.
// Long because each output is written out as its reader sees it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { digestProjection, digestValues } from '../server/core/digest.ts';
import { LockstepError } from '../server/core/errors.ts';
import type { ConfigExplanation, WorkloadExplanation } from '../server/core/explanation.ts';
import { formatRestartKey } from '../server/core/restart.ts';
import { runExplain } from '../server/explain-command.ts';
import { formatRecord } from '../server/state/ledger-format.ts';
import type { Fault } from './fakes/faults.ts';
import type { JsonObject } from './fakes/json.ts';
import { startAskingRig, type AskingRig } from './asking-rig.ts';

const value = 'correct-horse-battery';
const digestKey = { id: 'k1', secret: Buffer.alloc(32, 7) };
const ref = { kind: 'Secret', namespace: 'prod', name: 'db' } as const;

/** The full digest of Secret db while it holds `text`. */
function digestOf(text: string): string {
  const content = digestValues(ref, [{ dataKey: 'password', field: 'data', value: Buffer.from(text) }], digestKey);
  return digestProjection(ref, content, ['password'], digestKey);
}

interface Deployed {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly template?: Readonly<Record<string, string>>;
  readonly spec?: JsonObject;
}

function deployment(name: string, { annotations = {}, template = {}, spec = {} }: Deployed = {}): JsonObject {
  const labels = { app: name };
  const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }];
  const containers = [{ name: 'main', image: 'example.com/app:1', env, envFrom: [{ configMapRef: { name: 'app' } }] }];
  const pods = { metadata: { labels, annotations: template }, spec: { containers } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'prod', annotations },
    spec: { selector: { matchLabels: labels }, template: pods, ...spec },
  };
}

const secretDb: JsonObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'prod' },
  stringData: { password: value },
};
const configMapApp: JsonObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'app', namespace: 'prod' },
  data: { mode: value },
};
const keySecret: JsonObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'lockstep-digest-key',
    namespace: 'lockstep-system',
    annotations: { 'lockstep.dev/current-key': 'k1' },
  },
  data: { k1: digestKey.secret.toString('base64') },
};

function ledger(text: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'lockstep-ledger-000', namespace: 'lockstep-system', labels: { 'lockstep.dev/own': 'ledger' } },
    data: { records: text },
  };
}

const optIn = { 'reloader.stakater.com/auto': 'true' };

interface Rig extends AskingRig {
  workload(name: string, ...argv: string[]): Promise<WorkloadExplanation>;
}

async function startRig(context: TestContext, objects: readonly JsonObject[]): Promise<Rig> {
  const command: typeof runExplain = (argv, deps) => runExplain([...argv, '-n', 'prod'], deps);
  const rig = await startAskingRig(context, { objects, command });
  const workload: Rig['workload'] = async (name, ...argv) => {
    const { out } = await rig.run(`deployment/${name}`, '-o', 'json', ...argv);
    return JSON.parse(out) as WorkloadExplanation;
  };
  return { ...rig, workload };
}

function ackedFor(text: string): string {
  const ack = { digest: digestOf(text), projection: 'password', uid: 'u', resourceVersion: '5' };
  return formatRestartKey({ n: 2, acks: { 'Secret/db': ack } });
}

/** A table's rows by their first cell. */
function rowsOf(out: string): Readonly<Record<string, readonly string[]>> {
  const rows = out.split('\n').map((line) => line.split(/ {3,}/));
  return Object.fromEntries(rows.map(([first = '', ...rest]) => [first, rest]));
}

test('a workload in step: rules, references, acks, nothing pending; no value, no full digest, no write', async (context) => {
  const web = deployment('web', { annotations: optIn, template: { 'lockstep.dev/restarted-for': ackedFor(value) } });
  const rig = await startRig(context, [web, secretDb, configMapApp, keySecret]);
  const { code, out, err } = await rig.run('deploy/web');
  assert.deepEqual([code, err], [0, '']);
  const rows = rowsOf(out);
  const shown = digestOf(value).slice(0, 'k1:'.length + 8);
  assert.equal(out.split('\n')[0], 'Deployment web in namespace prod');
  assert.deepEqual(rows['Secrets'], ['auto by reloader.stakater.com/auto (on the workload)']);
  assert.deepEqual(rows['Restarts'], ['2 so far, by the restart key']);
  assert.deepEqual(rows['Secret/db'], [
    'password',
    'yes',
    'yes: auto',
    `${shown} at 5 (restart key)`,
    'same',
    'restart',
  ]);
  assert.deepEqual(rows['ConfigMap/app'], ['all', 'yes', 'yes: auto', '-', '-', 'restart']);
  const json = (await rig.run('deploy/web', '-o', 'json')).out;
  for (const text of [out, json]) {
    assert.ok(!text.includes(value) && !text.includes(Buffer.from(value).toString('base64')));
    assert.ok(!text.includes(digestOf(value).slice(0, 'k1:'.length + 9)));
  }
  assert.deepEqual(rig.server.changes, []);
});

test('a change that no restart followed is pending, with its reason', async (context) => {
  const web = deployment('web', { annotations: optIn, template: { 'lockstep.dev/restarted-for': ackedFor('before') } });
  const rig = await startRig(context, [web, secretDb, configMapApp, keySecret]);
  rig.server.seed([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1', namespace: 'prod', labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'example.com/app:1' }] },
    },
  ]);
  const { pending, uses } = await rig.workload('web');
  assert.deepEqual(pending, { kind: 'restart', owed: [{ name: 'Secret/db', reason: 'changed' }] });
  const { out } = await rig.run('deployment/web');
  assert.match(
    out,
    /the running Lockstep holds it \(.*refused, .*flapping.*\) is in its log and \/v1\/namespaces\/prod\/owed/,
  );
  assert.deepEqual(uses.find(({ config }) => config.name === 'db')?.content, { kind: 'different' });
});

test('the ledger’s acks count where the template carries none', async (context) => {
  const rig = await startRig(context, [deployment('web', { annotations: optIn }), secretDb, configMapApp, keySecret]);
  const uid = rig.server.get('apps/v1', 'Deployment', 'prod', 'web')?.['metadata'] as { uid: string };
  const ack = { digest: digestOf(value), projection: 'password', uid: 'u', resourceVersion: '5' };
  const record = { uid: uid.uid, n: 0, acks: { 'Secret/db': ack } };
  rig.server.seed([ledger(formatRecord({ kind: 'workload', key: 'Deployment/prod/web', value: record }))]);
  const { uses, gaps } = await rig.workload('web');
  const db = uses.find(({ config }) => config.name === 'db');
  assert.deepEqual([db?.acked?.from, db?.content, gaps], ['ledger', { kind: 'same' }, []]);
});

test('not opted in: the references are shown with the reason', async (context) => {
  const rig = await startRig(context, [deployment('web'), secretDb]);
  const { pending, uses } = await rig.workload('web');
  assert.deepEqual(pending, { kind: 'nothing', reason: 'not-opted-in' });
  assert.deepEqual(
    uses.map(({ config, state, ifChanged }) => [config.name, state, ifChanged]),
    [
      ['app', 'missing', { action: 'nothing', reason: 'not-opted-in' }],
      ['db', 'exists', { action: 'nothing', reason: 'not-opted-in' }],
    ],
  );
  const all = await rig.workload('web', '--auto-reload-all');
  assert.deepEqual(all.uses[1]?.rule, { kind: 'yes', how: 'auto', by: '--auto-reload-all' });
});

test('named by an expression: what exists and matches is found', async (context) => {
  const web = deployment('web', { annotations: { 'secret.reloader.stakater.com/reload': 'd.*' } });
  const rig = await startRig(context, [web, secretDb, configMapApp]);
  const { uses } = await rig.workload('web');
  const db = uses.find(({ config }) => config.name === 'db');
  assert.deepEqual([db?.keys, db?.rule.kind], ['all', 'yes']);
});

/** Rights that people at their laptops often lack. */
const forbidden: Readonly<Record<string, { path: RegExp; gap: string; says: RegExp }>> = {
  'the ledger': { path: /lockstep-system\/configmaps/, gap: 'ledger-unreadable', says: /the ledger cannot be read/ },
  'the digest key': {
    path: /lockstep-digest-key/,
    gap: 'digest-key-unreadable',
    says: /not comparable: digest-key-unreadable/,
  },
  namespaces: { path: /^\/api\/v1\/namespaces\/[^/]+$/, gap: 'pause-switch-unreadable', says: /is paused is unknown/ },
};

for (const [what, { path, gap, says }] of Object.entries(forbidden)) {
  test(`${what} forbidden: said, and the rest is explained`, async (context) => {
    const web = deployment('web', { annotations: optIn, template: { 'lockstep.dev/restarted-for': ackedFor(value) } });
    const rig = await startRig(context, [web, secretDb, configMapApp, keySecret]);
    const refuse: Fault = { kind: 'status', code: 403, message: 'User "dev" cannot read this' };
    rig.server.setFaults((request) => (path.test(request.path) ? refuse : undefined));
    const { code, out } = await rig.run('deploy/web');
    assert.equal(code, 0);
    assert.match(out, says);
    assert.ok((await rig.workload('web')).gaps.some((found) => found === gap));
  });
}

test('the last Event of Lockstep tells what was decided last', async (context) => {
  const rig = await startRig(context, [deployment('web', { annotations: optIn }), secretDb, configMapApp]);
  const event = (name: string, component: string, minute: string, message: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'prod' },
    involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'web' },
    type: 'Normal',
    reason: 'Restarted',
    message,
    source: { component },
    firstTimestamp: `2026-11-22T10:${minute}:00Z`,
    lastTimestamp: `2026-11-22T10:${minute}:00Z`,
    count: 1,
  });
  rig.server.seed([
    event('a', 'lockstep', '02', 'Restarted for Secret/db (changed)'),
    event('b', 'lockstep', '01', 'earlier'),
    event('c', 'deployment-controller', '03', 'Scaled up'),
  ]);
  const { out } = await rig.run('deploy/web');
  assert.deepEqual(rowsOf(out)['Last'], ['2026-11-22T10:02:00Z Restarted: Restarted for Secret/db (changed)']);
});

test('holds: the pause switch of the namespace', async (context) => {
  const annotations = { 'lockstep.dev/pause': 'true' };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod', annotations } };
  const rig = await startRig(context, [namespace, deployment('web', { annotations: optIn }), secretDb, configMapApp]);
  assert.equal((await rig.workload('web')).held, 'pause-switch');
  assert.match((await rig.run('secret/db')).out, /^Deployment\/web .* held: pause-switch /m);
});

const watched: [rule: string, flag: string, held: string | undefined][] = [
  ['with its labels', '--namespace-selector=team=a', undefined],
  ['without them', '--namespace-selector=team=b', 'namespace-not-watched'],
  ['ignored', '--namespaces-to-ignore=prod', 'namespace-not-watched'],
];
for (const [rule, flag, held] of watched) {
  test(`holds: a namespace ${rule}`, async (context) => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod', labels: { team: 'a' } } };
    const rig = await startRig(context, [namespace, deployment('web', { annotations: optIn }), secretDb, configMapApp]);
    assert.equal((await rig.workload('web', flag)).held, held);
    const isHeld = /^Deployment\/web .* held: namespace-not-watched /m.test((await rig.run('secret/db', flag)).out);
    assert.equal(isHeld, held !== undefined);
  });
}

test('with a namespace selector, a namespace that cannot be read may be watched or not', async (context) => {
  const rig = await startRig(context, [deployment('web', { annotations: optIn }), secretDb, configMapApp]);
  rig.server.setFaults(({ path }) =>
    path === '/api/v1/namespaces/prod' ? { kind: 'status', code: 403, message: 'no' } : undefined,
  );
  const { held, gaps } = await rig.workload('web', '--namespace-selector=team=a');
  assert.deepEqual([held, gaps.includes('namespace-labels-unreadable')], [undefined, true]);
});

test('a Secret that cannot be read is said to be so', async (context) => {
  const rig = await startRig(context, [deployment('web', { annotations: optIn }), secretDb, configMapApp]);
  rig.server.setFaults(({ path }) =>
    path.endsWith('/secrets/db') ? { kind: 'status', code: 403, message: 'User cannot get it' } : undefined,
  );
  const { pending, uses } = await rig.workload('web');
  assert.deepEqual(pending, { kind: 'unknown', reason: 'unreadable' });
  assert.equal(uses.find(({ config }) => config.name === 'db')?.state, 'unreadable');
});

test('holds: a paused Deployment and the pause switch', async (context) => {
  const paused = deployment('paused', { annotations: optIn, spec: { paused: true } });
  const rig = await startRig(context, [paused, deployment('web', { annotations: optIn }), secretDb, configMapApp]);
  assert.equal((await rig.workload('paused')).held, 'paused');
  assert.match((await rig.run('deploy/paused')).out, /^Note .*spec\.paused/m);
  assert.equal((await rig.workload('web')).held, undefined);
});

test('a pause for a period: when it ends, and under which keys', async (context) => {
  const pausedAt = new Date().toISOString();
  const annotations = { ...optIn, 'x/period': '100h', 'deployment.reloader.stakater.com/paused-at': pausedAt };
  const web = deployment('web', { annotations, spec: { paused: true } });
  const rig = await startRig(context, [web, secretDb, configMapApp]);
  const flag = '--pause-deployment-annotation=x/period';
  const { pause, held } = JSON.parse((await rig.run('deploy/web', '-o', 'json', flag)).out) as WorkloadExplanation;
  const resumeAt = new Date(Date.parse(pausedAt) + 360_000_000).toISOString();
  assert.deepEqual([pause, held], [{ kind: 'until', resumeAt }, undefined]);
  assert.ok((await rig.run('deploy/web', flag)).out.includes(`resumed, at ${resumeAt}`));
  assert.match((await rig.run('deploy/web')).out, /^Note .*due to be resumed \(no-period\)/m);
});

test('a config object: whom a change would restart by which rule, and whom not and why; its content is not read', async (context) => {
  const objects = [
    deployment('auto', { annotations: optIn }),
    deployment('off'),
    deployment('excluded', { annotations: { ...optIn, 'secrets.exclude.reloader.stakater.com/reload': 'db' } }),
    deployment('paused', { annotations: optIn, spec: { paused: true } }),
    secretDb,
  ];
  const rig = await startRig(context, objects);
  const { code, out } = await rig.run('secret/db', '-o', 'json');
  const { workloads } = JSON.parse(out) as ConfigExplanation;
  assert.equal(code, 0);
  assert.deepEqual(
    workloads.map(({ workload, ifChanged }) => [workload.name, ifChanged]),
    [
      ['auto', { action: 'restart' }],
      ['paused', { action: 'held', reason: 'paused' }],
      ['excluded', { action: 'nothing', reason: 'excluded' }],
      ['off', { action: 'nothing', reason: 'not-opted-in' }],
    ],
  );
  const rows = rowsOf((await rig.run('secret/db')).out);
  assert.deepEqual(rows['Deployment/auto'], ['password', 'restart', 'yes: auto', 'reloader.stakater.com/auto']);
  assert.deepEqual(rows['Deployment/off'], ['password', 'nothing: not-opted-in', 'no: not-opted-in', '-']);
});

test('exit code 1 and one line when there is no such object', async (context) => {
  const rig = await startRig(context, [secretDb]);
  for (const [word, line] of [
    ['sts/web', 'there is no StatefulSet web in namespace prod\n'],
    ['cm/web', 'there is no ConfigMap web in namespace prod\n'],
  ] as const) {
    assert.deepEqual(await rig.run(word), { code: 1, out: '', err: line });
  }
});

const refused: Readonly<Record<string, readonly [argv: readonly string[], message: RegExp]>> = {
  'an unknown flag': [['deploy/web', '--namspace=x'], /^unknown flag --namspace; did you mean --namespace\?/],
  'no object': [[], /^want one object as <kind>\/<name>, such as deployment\/web$/],
  'no name': [['deploy/'], /^want one object .*, not deploy\/$/],
  'an unknown kind': [['deployement/web'], /^unknown kind deployement; did you mean deployments?\?$/],
  'a path in the name': [['secret/..%2f'], /^want one object/],
  'two objects': [['deploy/a', 'deploy/b'], /^unexpected word deploy\/b$/],
  'an unknown output': [['deploy/a', '-o', 'yaml'], /^--output yaml: want one of table, json/],
};

for (const [what, [argv, message]] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => {
    const silent = { stdout: () => undefined, stderr: () => undefined };
    const deps = { ...silent, now: Date.now, randomBytes, signal: AbortSignal.timeout(5_000) };
    await assert.rejects(runExplain(argv, deps), (error) => {
      assert.ok(error instanceof LockstepError && error.code === 'config-invalid');
      assert.match(error.message, message);
      return true;
    });
  });
}

test('as a process: exit codes, the help, and one line for what cannot be reached', async (context) => {
  const rig = await startRig(context, [deployment('web'), secretDb]);
  const run = async (...argv: string[]) => {
    try {
      const done = await promisify(execFile)(process.execPath, ['server/main.ts', 'explain', ...argv]);
      return { code: 0, ...done };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };
  const flags = ['-n', 'prod', '--kubeconfig', rig.kubeconfig];
  const [explained, missing, wrong, help] = await Promise.all([
    run('deploy/web', ...flags),
    run('deploy/none', ...flags),
    run('deploy/web', '--sever'),
    run('--help'),
  ]);
  assert.deepEqual([explained.code, missing.code, wrong.code, help.code], [0, 1, 2, 0]);
  assert.match(explained.stdout, /^Deployment web in namespace prod\n/);
  assert.match(wrong.stderr, /^unknown flag --sever/);
  assert.match(help.stdout, /--state-namespace string/);
  await rig.server.stop();
  const unreachable = await run('deploy/web', ...flags);
  assert.equal(unreachable.code, 2);
  assert.match(unreachable.stderr, /^cannot get deployments prod\/web: no answer .*\napi-unreachable: /);
});
