// Fan-outs, certificates and the whole of a report.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateFinding } from '../../server/core/report-findings.ts';
import { makeReport } from '../../server/core/report.ts';
import { config, facts, pod, seconds, use, workload, type PodOptions } from './report-facts.ts';

const auto = { 'reloader.stakater.com/auto': 'true' };
const top = (count: number) => ({ top: count });

test('report, fan-out: by workloads, then by pods, then by name; only as many as asked for', () => {
  const workloads = [
    workload('web', { annotations: auto }),
    workload('api', { annotations: { 'configmap.reloader.stakater.com/auto': 'true' } }),
    workload('off'),
    workload('job', { annotations: { 'secret.reloader.stakater.com/reload': 'd.*' }, references: [] }),
    workload('not', { annotations: { ...auto, 'secrets.exclude.reloader.stakater.com/reload': 'db' }, references: [] }),
  ];
  const pods = [pod(), pod(), pod({ owner: 'api' }), pod({ owner: 'off' })];
  const found = (count: number) => makeReport(facts({ workloads, pods }), top(count)).fanOut;
  assert.deepEqual(
    found(10).map(({ config: { name }, workloads: sum, pods: run }) => [name, sum, run]),
    [
      ['app', 2, 3],
      ['db', 2, 2],
    ],
  );
  assert.equal(found(1).length, 1);
});

test('report, fan-out: an ignored object restarts nothing; pods that could not be read are not zero', () => {
  const workloads = [workload('web', { annotations: auto })];
  const ignored = config('Secret', 'db', { annotations: { 'lockstep.dev/ignore': 'true' } });
  const gaps = [{ resource: 'pods', reason: 'forbidden' } as const];
  const { fanOut } = makeReport(facts({ configs: [ignored, config('ConfigMap', 'app')], workloads, gaps }), top(10));
  assert.deepEqual(
    fanOut.map(({ advice: _, ...finding }) => finding),
    [{ config: { kind: 'ConfigMap', namespace: 'shop', name: 'app' }, workloads: 1 }],
  );
});

const certificate = { notBefore: seconds(1000), notAfter: seconds(9000) };
const renewed: Readonly<Record<string, readonly [pod: PodOptions, reason: CertificateFinding['reason'] | 'none']>> = {
  'in the environment': [{}, 'holds-old-certificate'],
  'by subPath': [{ uses: [use({ way: 'subPath', keys: ['tls.crt'] })] }, 'holds-old-certificate'],
  'by volume': [{ uses: [use({ way: 'volume' })] }, 'file-renewed'],
  'another key of the Secret': [{ uses: [use({ keys: ['ca.crt'] })] }, 'none'],
  'a pod that started since': [{ startedAt: seconds(1000) }, 'none'],
};
for (const [rule, [options, reason]] of Object.entries(renewed)) {
  test(`report, certificates: ${rule}`, () => {
    const configs = [config('Secret', 'db', { certificate })];
    const { certificates } = makeReport(facts({ configs, pods: [pod(options), pod(options)] }), top(1));
    const [found] = certificates;
    assert.equal(found?.reason ?? 'none', reason);
    if (found === undefined) return;
    assert.deepEqual(
      [found.pods, found.notBefore, found.notAfter],
      [2, '1970-01-01T00:16:40Z', '1970-01-01T02:30:00Z'],
    );
  });
}

test('report: what was read is counted, and a certificate that is none is named', () => {
  const configs = [config('Secret', 'db', { certificate: 'unreadable' }), config('ConfigMap', 'app')];
  const report = makeReport(facts({ configs, pods: [pod()], workloads: [workload('web')] }), top(1));
  assert.deepEqual(report.read, { workloads: 1, pods: 1, secrets: 1, configMaps: 1 });
  assert.deepEqual(report.unreadableCertificates, [{ kind: 'Secret', namespace: 'shop', name: 'db' }]);
});
