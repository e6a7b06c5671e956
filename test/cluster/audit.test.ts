import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { readAudit, requestsByVerb, templateChanges } from './audit.ts';

const ns = { namespace: 'other' };
let count = 0;

suite('reading an audit log', () => {
  let file: string;
  before(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'lockstep-audit-')), 'audit.log');
  });
  after(() => rm(join(file, '..'), { recursive: true }));

  const write = (...lines: object[]) => writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

  const changeTable: { rule: string; lines: object[]; changes: string[] }[] = [
    { rule: 'creating is no change', lines: [put('1', 'a', { verb: 'create' })], changes: [] },
    { rule: 'another template is one', lines: [put('1', 'a'), put('2', 'b'), put('3', 'b')], changes: ['a-b'] },
    { rule: 'there and back are two', lines: [put('1', 'a'), put('2', 'b'), put('3', 'a')], changes: ['a-b', 'b-a'] },
    { rule: 'versions order, not lines', lines: [put('10', 'b'), put('9', 'a'), put('11', 'b')], changes: ['a-b'] },
    { rule: 'a new uid is a new object', lines: [put('1', 'a'), put('2', 'b', { uid: 'u2' })], changes: [] },
    { rule: 'a refused write is none', lines: [put('1', 'a'), put('2', 'b', { code: 409 })], changes: [] },
    { rule: 'a dry run is none', lines: [put('1', 'a'), put('2', 'b', { query: 'dryRun=All' })], changes: [] },
    { rule: 'another namespace is left out', lines: [put('1', 'a', ns), put('2', 'b', ns)], changes: [] },
  ];
  for (const { rule, lines, changes } of changeTable) {
    test(rule, async () => {
      await write(...lines);
      const found = await templateChanges(file, { namespace: 'shop' });
      assert.deepEqual(
        found.map(({ annotationsBefore, annotationsAfter }) => `${annotationsBefore['v']}-${annotationsAfter['v']}`),
        changes,
      );
    });
  }

  test('times keep their microseconds; the field manager falls back to the user agent', async () => {
    await write(put('1', 'a'), put('2', 'b', { query: 'fieldManager=me' }));
    const [first, second] = await readAudit(file);
    assert.equal(first?.receivedAt, Date.parse('2026-01-02T03:04:05Z') + 123.456);
    assert.deepEqual([first?.fieldManager, second?.fieldManager], ['kubectl', 'me']);
  });

  test('a watch counts once; filters apply; a half-written line is left out', async () => {
    const watch = { ...put('1', 'a'), verb: 'watch', auditID: 'w' };
    const lines = [watch, watch, { ...put('1', 'a'), user: { username: 'other' } }, put('2', 'b')];
    await writeFile(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"verb":"pat`);
    assert.deepEqual(await requestsByVerb(file), { watch: 1, patch: 2 });
    assert.deepEqual(await requestsByVerb(file, { user: 'admin' }), { watch: 1, patch: 1 });
    assert.deepEqual(await requestsByVerb(file, { userAgent: 'lockstep/' }), {});
    assert.deepEqual(await requestsByVerb(file, { since: Date.parse('2027-01-01') }), {});
  });
});

interface Variation {
  verb?: string;
  uid?: string;
  code?: number;
  query?: string;
  namespace?: string;
}

/** A write of a Deployment that answered with this version and template annotation. */
function put(resourceVersion: string, value: string, variation: Variation = {}): object {
  const { verb = 'patch', uid = 'u1', code = 200, query = '', namespace = 'shop' } = variation;
  return {
    auditID: `id-${++count}`,
    verb,
    user: { username: 'admin' },
    userAgent: 'kubectl/v1.36.3',
    requestURI: `/apis/apps/v1/namespaces/${namespace}/deployments/web?${query}`,
    objectRef: { resource: 'deployments', namespace, name: 'web' },
    responseStatus: { code },
    requestReceivedTimestamp: '2026-01-02T03:04:05.123456Z',
    stageTimestamp: '2026-01-02T03:04:05.223456Z',
    responseObject: {
      kind: 'Deployment',
      metadata: { namespace, name: 'web', uid, resourceVersion },
      spec: { template: { metadata: { annotations: { v: value } } } },
    },
  };
}
