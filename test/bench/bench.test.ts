import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import type { AuditEvent } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { answersOf, countRequests, quantile } from './measure.ts';
import type { BenchResult } from './result.ts';
import { align } from './table.ts';

const run = promisify(execFile);
const bench = join(import.meta.dirname, 'main.ts');

suite('npm run bench', { skip: await whySkipped() }, () => {
  test('a quick run counts what there is; its times are not judged', async () => {
    const { stdout } = await run(process.execPath, [bench, '--quick', '--json'], { timeout: 240_000 });
    const { sizes, requests, checks, ...figures } = JSON.parse(
      stdout.trimEnd().split('\n').at(-1) ?? '',
    ) as BenchResult;
    assert.deepEqual(sizes, { changes: 10, deployments: 20, replicas: 1, rounds: 1 });
    const counts = checks.filter(({ kind }) => kind === 'count');
    assert.deepEqual(
      counts.map(({ found }) => found),
      ['10', '10', '1', '1', '0', '0'],
    );
    assert.ok(counts.every(({ isMet }) => isMet));
    assert.equal(requests.latency['patch deployments'], 10);
    assert.equal(requests['fan-out']['patch deployments'], 20);
    for (const pair of [...Object.values(figures.latencyMs), ...Object.values(figures.fanOutMs), figures.peakMiB]) {
      assert.ok(pair.lockstep > 0 && pair.floor > 0, JSON.stringify(figures));
    }
  });
});

test('options that do not exist are refused by name', async () => {
  await assert.rejects(run(process.execPath, [bench, '--fast']), { code: 2, stderr: /--fast/ });
  await assert.rejects(run(process.execPath, [bench, '--changes=many']), { code: 2, stderr: /--changes many/ });
});

suite('the judge of a run', () => {
  const event = (fields: Partial<AuditEvent>): AuditEvent => ({
    auditId: '',
    verb: 'patch',
    user: 'lockstep',
    userAgent: '',
    fieldManager: '',
    isDryRun: false,
    resource: 'deployments',
    subresource: '',
    namespace: 'bench',
    name: 'web',
    status: 200,
    receivedAt: 0,
    answeredAt: 0,
    answer: undefined,
    ...fields,
  });
  const change = (receivedAt: number): AuditEvent =>
    event({ user: 'driver', resource: 'secrets', name: 'db', receivedAt, answeredAt: receivedAt + 1 });
  const patch = (receivedAt: number, fields: Partial<AuditEvent> = {}): AuditEvent =>
    event({ receivedAt, answeredAt: receivedAt + 2, ...fields });
  const side = {
    user: 'lockstep',
    config: { resource: 'secrets', name: 'db' },
    deployments: new Set(['web', 'api']),
  } as const;
  const all = [{ name: 'latency', from: 0, until: 1000 }] as const;

  const rows: readonly [string, readonly AuditEvent[], ReturnType<typeof answersOf>][] = [
    ['a patch belongs to the change before it', [change(10), patch(13), change(20), patch(24)], [{ ms: 4, patches: 1 }, { ms: 5, patches: 1 }]],
    ['the last patch counts', [change(10), patch(12), patch(30, { name: 'api' })], [{ ms: 21, patches: 2 }]],
    ['a patch of another workload does not', [change(10), patch(12), patch(30, { name: 'other' })], [{ ms: 3, patches: 1 }]],
    ['nor one by somebody else', [change(10), patch(12), patch(30, { user: 'kubectl' })], [{ ms: 3, patches: 1 }]],
    ['nor a refused one', [change(10), patch(12), patch(30, { status: 409 })], [{ ms: 3, patches: 1 }]],
    ['a change outside the phases is not judged', [change(2000), patch(2003)], []],
  ]; // prettier-ignore
  for (const [rule, events, answers] of rows) {
    test(rule, () => assert.deepEqual(answersOf(events, all, side), answers));
  }

  test('a change without an answer has none', () => {
    assert.equal(answersOf([change(10)], all, side)[0]?.patches, 0);
  });

  test('requests are counted by verb and resource, inside the phases only', () => {
    const own = { namespace: 'lockstep-system', verb: 'update', resource: 'configmaps' };
    const events = [patch(1), patch(2), event({ ...own, receivedAt: 3 }), patch(4, { user: 'x' }), patch(5000)];
    assert.deepEqual(countRequests(events, 'lockstep', all), { 'patch deployments': 2, 'update ledger': 1 });
  });

  test('a quantile is one of the values', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    assert.deepEqual(
      [0.5, 0.99, 1].map((share) => quantile(values, share)),
      [100, 198, 200],
    );
  });

  test('columns stand below each other, headings apart', () => {
    assert.equal(align([['', 'a'], ['a heading'], ['x', '10']], 'right'), '    a\na heading\nx  10');
  });
});
