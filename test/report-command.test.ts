// `lockstep report` against an API server in memory: what is said of objects that were really written, by which rights, how
// it is read, and that nothing is written and no value printed.
// Long because each finding is made for real and its output written out.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { digestProjection, digestValues } from '../server/core/digest.ts';
import { LockstepError } from '../server/core/errors.ts';
import type { Report } from '../server/core/report-findings.ts';
import { formatRestartKey } from '../server/core/restart.ts';
import { runReport } from '../server/report-command.ts';
import { createCanary, findLeaks } from './e2e/canary.ts';
import { createCertificate } from './fakes/certificate.ts';
import type { Fault, FaultRequest } from './fakes/faults.ts';
import type { JsonObject } from './fakes/json.ts';
import { startAskingRig, type AskingRig } from './asking-rig.ts';
import { waitFor } from './cluster/wait.ts';

const noon = Date.parse('2026-11-22T12:00:00Z');
const minute = 60_000;
const optIn = { 'reloader.stakater.com/auto': 'true' };
const digestKey = { id: 'k1', secret: Buffer.alloc(32, 7) };

interface Rig extends AskingRig {
  pass(ms: number): void;
  /** Until this many pods run. */
  untilRunning(count: number): Promise<void>;
  write(namespace: string, secret: string, stringData: Readonly<Record<string, string>>): Promise<void>;
  report(...argv: string[]): Promise<Report>;
}

async function startRig(context: TestContext, objects: readonly JsonObject[]): Promise<Rig> {
  let now = noon;
  const rig = await startAskingRig(context, {
    objects,
    command: (argv, deps) => runReport(argv, { ...deps, isWatched: false, after: () => () => undefined }),
    server: { controllers: true, clock: () => now },
  });
  const { server } = rig;
  return {
    ...rig,
    pass: (ms) => void (now += ms),
    async untilRunning(count) {
      const look = async () => {
        const { items } = (await (await fetch(`${server.url}/api/v1/pods`)).json()) as { items: Pod[] };
        return items.filter(({ status }) => status?.phase === 'Running').length === count;
      };
      await waitFor(look, { what: `${count} running pods`, deadlineMs: 10_000, everyMs: 10 });
    },
    async write(namespace, secret, stringData) {
      const path = `/api/v1/namespaces/${namespace}/secrets/${secret}?fieldManager=rotator`;
      const headers = { 'content-type': 'application/merge-patch+json' };
      const answer = await fetch(`${server.url}${path}`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify({ stringData }),
      });
      assert.equal(answer.status, 200);
    },
    report: async (...argv) => JSON.parse((await rig.run('-o', 'json', ...argv)).out) as Report,
  };
}

interface Pod {
  readonly status?: { readonly phase?: string };
}

const secret = (name: string, stringData: JsonObject, namespace = 'prod'): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  stringData,
});

interface Deployed {
  readonly namespace?: string;
  readonly annotations?: JsonObject;
  readonly template?: JsonObject;
  readonly container?: JsonObject;
  readonly volumes?: readonly JsonObject[];
  readonly replicas?: number;
}

const fromDb: JsonObject = {
  env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }],
};

function deployment(name: string, options: Deployed = {}): JsonObject {
  const { namespace = 'prod', annotations = optIn, template = {}, container = fromDb, volumes, replicas = 1 } = options;
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'example.com/app:1', ...container }];
  const spec = { containers, ...(volumes === undefined ? {} : { volumes: [...volumes] }) };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, annotations },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations: template }, spec },
    },
  };
}

test('all four kinds of finding, made for real; no value in either form, and no write', async (context) => {
  const canaries = [createCanary(), createCanary(), createCanary()];
  const [first = '', second = '', token = ''] = canaries;
  const mounts = (subPath?: string): JsonObject => ({
    volumeMounts: [{ name: 'tls', mountPath: '/tls', ...(subPath === undefined ? {} : { subPath }) }],
  });
  const volumes = [{ name: 'tls', secret: { secretName: 'web-tls' } }];
  const old = createCertificate({ name: 'old', notBefore: noon - minute, notAfter: noon + 90 * minute });
  const rig = await startRig(context, [
    secret('db', { password: first, token }),
    secret('web-tls', { 'tls.crt': old.cert, 'tls.key': old.key }),
    deployment('web', { replicas: 2 }),
    deployment('edge', { container: mounts('tls.crt'), volumes }),
    deployment('files', { container: mounts(), volumes, annotations: {} }),
    deployment('idle', { container: {}, annotations: { 'secret.reloader.stakater.com/reload': 'gone' } }),
  ]);
  await rig.untilRunning(5);
  rig.pass(10 * minute);
  const renewed = createCertificate({ name: 'new', notBefore: noon + 9 * minute, notAfter: noon + 99 * minute });
  await rig.write('prod', 'db', { password: second });
  await rig.write('prod', 'web-tls', { 'tls.crt': renewed.cert, 'tls.key': renewed.key });
  const writes = rig.server.changes.length;

  const report = await rig.report('-n', 'prod');
  const place = { namespace: 'prod' };
  assert.deepEqual(report.read, { workloads: 4, pods: 5, secrets: 2, configMaps: 0 });
  assert.deepEqual(report.stale[0], {
    config: { kind: 'Secret', ...place, name: 'db' },
    workload: { kind: 'Deployment', ...place, name: 'web' },
    use: 'environment',
    keys: ['password'],
    verdict: 'stale',
    reason: 'changed-after-start',
    changedAt: '2026-11-22T12:10:00Z',
    changedBy: 'rotator',
    pods: 2,
    oldestStart: '2026-11-22T12:00:00Z',
    advice: 'kubectl -n prod rollout restart deployment/web',
  });
  assert.deepEqual(
    report.stale.map(({ workload, use, verdict }) => [workload.name, use, verdict]),
    [
      ['web', 'environment', 'stale'],
      ['edge', 'subPath', 'may-be-stale'],
      ['files', 'volume', 'live-volume'],
    ],
  );
  assert.deepEqual(
    report.unmatched.map(({ object, reason, part }) => [object.name, reason, part]),
    [['idle', 'names-nothing', 'gone']],
  );
  assert.deepEqual(
    report.fanOut.map(({ config, workloads, pods }) => [config.name, workloads, pods]),
    [
      ['db', 1, 2],
      ['web-tls', 1, 1],
    ],
  );
  assert.deepEqual(
    report.certificates.map(({ workload, use, reason, notBefore }) => [workload.name, use, reason, notBefore]),
    [
      ['edge', 'subPath', 'holds-old-certificate', '2026-11-22T12:09:00Z'],
      ['files', 'volume', 'file-renewed', '2026-11-22T12:09:00Z'],
    ],
  );
  const table = (await rig.run('-n', 'prod')).out;
  assert.match(table, /^Report on namespace prod: 4 workloads, 5 running pods, 2 Secrets, 0 ConfigMaps\n/);
  assert.match(table, /^Deployment\/web +2 +2026-11-22T12:00:00Z +Secret\/db +environment +password /m);
  assert.deepEqual(findLeaks(`${JSON.stringify(report)}${table}`, [...canaries, old.key, renewed.key]), []);
  assert.equal(rig.server.changes.length, writes);
});

test('a pod made by a restart for the live content is fresh, whatever the times; without the digest key it is not known', async (context) => {
  const ref = { kind: 'Secret', namespace: 'prod', name: 'db' } as const;
  const content = digestValues(ref, [{ dataKey: 'password', field: 'data', value: Buffer.from('new') }], digestKey);
  const ack = { digest: digestProjection(ref, content, ['password'], digestKey), projection: 'password' };
  const restarted = formatRestartKey({ n: 1, acks: { 'Secret/db': { ...ack, uid: 'u', resourceVersion: '1' } } });
  const rig = await startRig(context, [
    secret('db', { password: 'old' }),
    deployment('web', { template: { 'lockstep.dev/restarted-for': restarted } }),
  ]);
  await rig.untilRunning(1);
  rig.pass(minute);
  await rig.write('prod', 'db', { password: 'new' });
  const without = await rig.report('-n', 'prod');
  assert.deepEqual(without.gaps, [{ resource: 'digest-key', reason: 'absent' }]);
  assert.deepEqual(without.stale[0]?.reason, 'changed-after-start');
  const data = { k1: digestKey.secret.toString('base64') };
  const annotations = { 'lockstep.dev/current-key': 'k1' };
  const metadata = { name: 'lockstep-digest-key', namespace: 'lockstep-system', annotations };
  rig.server.seed([{ apiVersion: 'v1', kind: 'Secret', metadata, data }]);
  assert.deepEqual((await rig.report('-n', 'prod')).stale, []);
  await rig.write('prod', 'db', { password: 'newer' });
  assert.deepEqual((await rig.report('-n', 'prod')).stale[0]?.reason, 'restart-key-differs');
});

test('which namespace: -n, else the context’s, else default; -A is all', async (context) => {
  const rig = await startRig(context, [
    secret('a', { key: 'x' }, 'default'),
    secret('b', { key: 'x' }, 'prod'),
    secret('c', { key: 'x' }, 'prod'),
  ]);
  const read = async (...argv: string[]) => {
    const { namespace, read: counts } = await rig.report(...argv);
    return [namespace, counts.secrets];
  };
  assert.deepEqual(await read('-n', 'prod'), ['prod', 2]);
  assert.deepEqual(await read(), ['default', 1]);
  assert.deepEqual(await read('-A'), [undefined, 3]);
  writeFileSync(rig.kubeconfig, readFileSync(rig.kubeconfig, 'utf8').replace('namespace: default', 'namespace: prod'));
  assert.deepEqual(await read(), ['prod', 2]);
});

test('each resource is listed once, page by page, and again when its moment was forgotten', async (context) => {
  const many = Array.from({ length: 150 }, (_, at) => secret(`s${at}`, { key: 'x' }));
  const rig = await startRig(context, many);
  const asked: string[] = [];
  rig.server.setFaults(({ verb, resource }) => {
    // Discovery of kinds that a cluster may not have names no resource.
    if (resource !== '') asked.push(`${verb} ${resource}`);
    const isSecondPage = asked.filter((each) => each === 'list secrets').length === 2;
    return isSecondPage && resource !== '' && asked.at(-1) === 'list secrets'
      ? { kind: 'status', code: 410 }
      : undefined;
  });
  assert.equal((await rig.report('-n', 'prod')).read.secrets, 150);
  const times = Map.groupBy(asked, (each) => each);
  const often = [...times].flatMap(([each, { length }]) => (length === 1 ? [] : [[each, length]]));
  assert.deepEqual(often, [['list secrets', 4]]);
  assert.deepEqual(
    asked.filter((each) => !each.startsWith('list ')),
    ['get secrets'],
  );
});

const forbid =
  (...resources: string[]) =>
  ({ resource }: FaultRequest): Fault | undefined =>
    resources.length === 0 || resources.includes(resource ?? '')
      ? { kind: 'status', code: 403, message: 'User cannot list it' }
      : undefined;

test('what may not be read is a named gap; when it is everything, an error', async (context) => {
  const rig = await startRig(context, [secret('db', { password: 'x' }), deployment('web')]);
  rig.server.setFaults(forbid('secrets', 'pods'));
  const { gaps, read } = await rig.report('-n', 'prod');
  assert.deepEqual(gaps, [
    { resource: 'secrets', reason: 'forbidden' },
    { resource: 'pods', reason: 'forbidden' },
  ]);
  assert.equal(read.workloads, 1);
  const { out } = await rig.run('-n', 'prod');
  assert.match(out, /^Not read: listing secrets is not granted: nothing is said of Secrets and their certificates$/m);
  assert.match(out, /^Not read: listing pods is not granted: /m);
  rig.server.setFaults(forbid());
  await assert.rejects(rig.run('-n', 'prod'), (error) => {
    assert.ok(error instanceof LockstepError && error.code === 'api-forbidden');
    return true;
  });
});

const refused: Readonly<Record<string, readonly [argv: readonly string[], message: RegExp]>> = {
  'an unknown flag': [['--namspace=x'], /^unknown flag --namspace; did you mean --namespace\?/],
  'a word': [['prod'], /^unexpected word prod$/],
  'a path as namespace': [['-n', '../x'], /^--namespace "\.\.\/x": no name of a namespace$/],
  'no fan-out at all': [['--top=0'], /^--top 0/],
};
for (const [what, [argv, message]] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => {
    const silent = { stdout: () => undefined, stderr: () => undefined, isWatched: false, after: () => () => undefined };
    const deps = { ...silent, now: Date.now, randomBytes, signal: AbortSignal.timeout(5_000) };
    await assert.rejects(runReport(argv, deps), (error) => {
      assert.ok(error instanceof LockstepError && error.code === 'config-invalid');
      assert.match(error.message, message);
      return true;
    });
  });
}

test('as a process: exit code 0 whatever was found, 2 when it cannot be read', async (context) => {
  const rig = await startRig(context, [deployment('web')]);
  const run = async (...argv: string[]) => {
    try {
      const done = await promisify(execFile)(process.execPath, ['server/main.ts', 'report', ...argv]);
      return { code: 0, ...done };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };
  const [found, wrong, help] = await Promise.all([
    run('-n', 'prod', '--kubeconfig', rig.kubeconfig),
    run('--sever'),
    run('--help'),
  ]);
  assert.deepEqual([found.code, found.stderr, wrong.code, help.code], [0, '', 2, 0]);
  assert.match(found.stdout, /^Report on namespace prod: 1 workload, /);
  assert.match(help.stdout, /-A, --all-namespaces/);
  await rig.server.stop();
  const unreachable = await run('-n', 'prod', '--kubeconfig', rig.kubeconfig);
  assert.equal(unreachable.code, 2);
  assert.match(unreachable.stderr, /^cannot get secrets .*: no answer .*\napi-unreachable: /);
});
