// `lockstep report --since`: asked over HTTP, and through an API server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createHistory } from '../server/core/shadow-history.ts';
import { parseReport } from '../server/core/shadow-answer.ts';
import { parseSince, reportShadow } from '../server/core/shadow-report.ts';
import { runShadowReport } from '../server/shadow-report.ts';
import { startRig } from './http/rig.ts';
import { T } from './reconcile/rig.ts';

const history = createHistory();
history.add({ kind: 'started', at: T });
const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const pair = { workload, config: 'Secret/db', at: T + 9000, reason: 'changed', changedAt: T + 1000 } as const;
history.add({ kind: 'judged', judgement: { ...pair, result: 'matched', delayMs: 8000 } });
history.add({ kind: 'judged', judgement: { ...pair, config: 'ConfigMap/app', result: 'missed' } });
const shadow = (sinceMs: number) =>
  reportShadow(history, { sinceMs, now: T + 10_000, waiting: 1, gaps: ['reload-failures-unreadable'] });

async function run(argv: readonly string[]): Promise<string> {
  let out = '';
  await runShadowReport(argv, {
    stdout: (text) => void (out += text),
    fetch,
    now: () => T,
    signal: AbortSignal.timeout(20_000),
  });
  return out;
}

test('report: a table, a line for each result, and what could not be seen', async (context) => {
  const { url } = await startRig(context, { shadow });
  const out = await run(['--since=7d', `--server=${url}`]);
  assert.match(out, /^2023-11-14T22:13:21\.000Z +matched +Secret\/db +Deployment\/web +shop +8\.0s +changed$/m);
  assert.match(out, /^2023-11-14T22:13:21\.000Z +missed +ConfigMap\/app +Deployment\/web +shop +changed$/m);
  for (const line of [/^matched +1 /m, /^late +0 /m, /^missed +1 /m, /^waiting +1 /m]) assert.match(out, line);
  assert.match(out, /^Note: the time before WATCHED SINCE was not watched/m);
  assert.match(out, /^Note: Reloader’s Events cannot be read/m);
});

test('report: -o json is the server’s answer', async (context) => {
  const { url } = await startRig(context, { shadow });
  assert.deepEqual(JSON.parse(await run(['--since', '36h', '--server', url, '-o', 'json'])), shadow(36 * 3_600_000));
});

test('report: without --server through the API server’s proxy', async (context) => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(shadow(60_000)));
  }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = writeKubeconfig(context, `http://127.0.0.1:${port}`);
  assert.match(await run(['--since=7d', `--kubeconfig=${kubeconfig}`, '--state-namespace=ops']), /^matched +1 /m);
  assert.deepEqual(asked, ['/api/v1/namespaces/ops/services/http:lockstep:http/proxy/v1/shadow?since=7d']);
});

function writeKubeconfig(context: TestContext, server: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-report-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'kubeconfig');
  const entries = { clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: {} }] };
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  writeFileSync(path, JSON.stringify({ ...entries, contexts, 'current-context': 'x' }));
  return path;
}

const refusals: readonly [rule: string, argv: readonly string[], code: string, message: RegExp][] = [
  ['a duration that is none', ['--since=week'], 'config-invalid', /--since week: want a duration/],
  ['a duration of nothing', ['--since=0d'], 'config-invalid', /--since 0d/],
  ['a server that is no URL', ['--since=7d', '--server=localhost:8080'], 'config-invalid', /--server/],
  ['a stray word', ['--since=7d', 'now'], 'config-invalid', /unexpected word now/],
  ['a server that is not there', ['--server=http://127.0.0.1:1'], 'report-server-unreachable', /127\.0\.0\.1:1/],
];
for (const [rule, argv, code, message] of refusals) {
  test(`report: ${rule} is refused by name`, async () => {
    await assert.rejects(run(argv), { code, message });
  });
}

test('report: a Lockstep that restarts by itself says that it does not observe', async (context) => {
  const { url } = await startRig(context);
  await assert.rejects(run([`--server=${url}`]), {
    code: 'report-server-refused',
    message: /404: this Lockstep does not observe/,
  });
});

test('GET /v1/shadow: what is no duration is 400, and a week where none is given', async (context) => {
  const asked: number[] = [];
  const { url } = await startRig(context, { shadow: (sinceMs) => (asked.push(sinceMs), shadow(sinceMs)) });
  for (const query of ['since=x', 'since=-1h', 'since=0s', 'since=', 'since=1h&since=2h', 'since=9999999h']) {
    const answer = await fetch(`${url}/v1/shadow?${query}`);
    assert.equal(answer.status, 400, query);
    assert.equal(((await answer.json()) as { code: string }).code, 'request-invalid');
  }
  assert.equal((await fetch(`${url}/v1/shadow`)).status, 200);
  assert.deepEqual(asked, [604_800_000]);
});

const sinces: readonly [text: string, ms: number | undefined][] = [
  ['7d', 604_800_000],
  ['36h', 129_600_000],
  ['1h30m', 5_400_000],
  ['7', undefined],
  ['1d2h', undefined],
  ['3651d', undefined],
];
for (const [text, ms] of sinces) test(`since ${text}`, () => assert.equal(parseSince(text), ms));

test('report: an answer that is none is refused', () => {
  for (const value of [undefined, {}, { ...shadow(1), changes: [{}] }, { ...shadow(1), summary: {} }])
    assert.throws(() => parseReport(value), { code: 'report-answer-invalid' });
});
