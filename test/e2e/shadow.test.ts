// Observe mode beside a Reloader that handles some changes well and others not: Lockstep says which, and writes nothing at all.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ShadowReport } from '../../server/core/shadow-report.ts';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { runLockstep, type Lockstep } from './lockstep.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';

const lateMs = 2_000;
const flags = ['--mode=observe', '--settle-max=1s', `--shadow-late=${lateMs}ms`, '--shadow-missed=8s'];

test(
  'what Reloader did beside observe mode is judged, kept over a restart, and nothing is written',
  { skip: await whySkipped(), timeout: 180_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lockstep-shadow-'));
    await using rig = await createRig('observe.yaml');
    const place = await rig.createPlace();
    const names = ['right', 'missed', 'doubled', 'late', 'failed', 'unused'] as const;
    await place.create(
      ...names.map((name) => secret(name, { key: 'first', other: 'first' })),
      ...names.map((name) => deployment(name, { keys: [{ secret: name, key: 'key' }] })),
    );
    await Promise.all(names.map((name) => place.untilRolledOut(`deployments/${name}`)));
    const start = () => rig.start(...flags, `--namespaces=${place.namespace}`, `--state-dir=${folder}`);
    const reload = (name: string, content: string) => restartAsReloader(rig, place, { name, content });
    {
      await using lockstep = await start();
      await place.change('right', 'second');
      await reload('right', 'key=second;other=first');
      await place.change('missed', 'second');
      await place.change('doubled', 'second');
      await untilJudged(lockstep, { name: 'right', result: 'matched' });
      await reload('doubled', 'key=second;other=first');
      await untilJudged(lockstep, { name: 'doubled', result: 'matched' });
      await reload('doubled', 'key=second;other=first');
      await place.change('failed', 'second');
      await failAsReloader(rig, place, 'failed');
      await place.change('unused', 'second', 'other');
      await reload('unused', 'key=first;other=second');
      await place.change('late', 'second');
      const dueAt = Date.now() + lateMs + 500;
      await waitFor(async () => Date.now() > dueAt, { what: 'the limit to pass', deadlineMs });
      await reload('late', 'key=second;other=first');
      for (const name of ['missed', 'failed', 'late'] as const) await untilJudged(lockstep, { name, result: name });
      await untilJudged(lockstep, { name: 'doubled', result: 'doubled' });
      await untilJudged(lockstep, { name: 'unused', result: 'needless' });
      const report = await readReport(lockstep);
      assert.deepEqual(report.summary, { matched: 2, late: 1, missed: 1, failed: 1, doubled: 1, needless: 1 });
      assert.deepEqual([report.waiting, report.gaps], [0, ['not-watched-yet']]);
      const metrics = await (await fetch(`${lockstep.metricsUrl}/metrics`)).text();
      assert.match(metrics, /lockstep_shadow_changes_total\{result="missed",kind="Deployment"\} 1/);
      assert.match(metrics, /lockstep_shadow_reloader_delay_seconds_count 3/);
      assert.doesNotMatch(lockstep.output(), new RegExp(sha1('key=second;other=first')), 'no hash of a Secret is told');
      assert.equal(await lockstep.stop(), 0);
    }
    await using again = await start();
    const kept = await readReport(again);
    assert.equal(kept.changes.length, 7, 'the history outlives the process');
    assert.deepEqual(kept.gaps, ['not-watched-yet', 'restarted']);
    const { output } = await runLockstep(['report', '--since=1h', `--server=${again.url}`]);
    assert.match(output, /missed +Secret\/missed +Deployment\/missed/);
    assert.equal(await again.stop(), 0);
    const requests = (await readAudit(rig.cluster.auditLog)).filter(({ user }) => user === rig.account.user);
    // Asking for one's rights is a POST that stores nothing.
    const asked = requests.filter(({ resource }) => resource !== 'selfsubjectaccessreviews');
    assert.deepEqual([...new Set(asked.map(({ verb }) => verb))].sort(), ['get', 'list', 'watch']);
    assert.deepEqual(
      requests.filter(({ status }) => status === 403).length,
      0,
      'and nothing asked that is not granted',
    );
    await rm(folder, { recursive: true });
  },
);

interface Judged {
  readonly name: string;
  readonly result: string;
}

async function untilJudged(lockstep: Lockstep, { name, result }: Judged): Promise<void> {
  await lockstep.waitForLog('Reloader judged', { name, result });
}

async function readReport({ url }: Lockstep): Promise<ShadowReport> {
  const { code, output } = await runLockstep(['report', '--since=1h', `--server=${url}`, '-o', 'json']);
  assert.equal(code, 0, output);
  return JSON.parse(output) as ShadowReport;
}

let restarts = 0;

/** By Reloader's annotations strategy, which writes again for the same content. */
async function restartAsReloader(
  { api }: Rig,
  { namespace }: Place,
  { name, content }: { name: string; content: string },
): Promise<void> {
  const last = {
    type: 'SECRET',
    name,
    namespace,
    hash: sha1(content),
    containerRefs: ['main'],
    observedAt: ++restarts,
  };
  const annotations = { 'reloader.stakater.com/last-reloaded-from': JSON.stringify(last) };
  const reply = await api.call(
    'PATCH',
    `/apis/apps/v1/namespaces/${namespace}/deployments/${name}?fieldManager=Reloader`,
    {
      body: { spec: { template: { metadata: { annotations } } } },
      contentType: 'application/strategic-merge-patch+json',
    },
  );
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
}

async function failAsReloader({ api }: Rig, { namespace }: Place, name: string): Promise<void> {
  const reply = await api.call('POST', `/api/v1/namespaces/${namespace}/events`, {
    body: {
      metadata: { generateName: `${name}.` },
      involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name },
      type: 'Warning',
      reason: 'ReloadFail',
      message: `Update for '${name}' of type 'Deployment' in namespace '${namespace}' failed with error no`,
      source: { component: 'reloader-secrets' },
    },
  });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
