// `lockstep report` as a user runs it, against a real control plane: each kind of finding made for real.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Report } from '../../server/core/report-findings.ts';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { createCertificate } from '../fakes/certificate.ts';
import { createCanary, findLeaks } from './canary.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Place } from './rig.ts';

const hour = 3_600_000;

test(
  'report: stale pods, idle annotations, fan-outs and renewed certificates, by reads alone and without a value',
  { skip: await whySkipped(), timeout: 120_000 },
  async () => {
    const canaries = [createCanary(), createCanary(), createCanary()];
    const [first = '', second = '', settings = ''] = canaries;
    await using rig = await createRig();
    const place = await rig.createPlace();
    const old = createCertificate({ name: 'old', notBefore: Date.now() - hour, notAfter: Date.now() + hour });
    await place.create(
      secret('db', { key: first }),
      secret('tls', { 'tls.crt': old.cert, 'tls.key': old.key }),
      secret('settings', { key: settings }),
      deployment('web', { secrets: ['db', 'settings'], spec: { replicas: 2 } }),
      deployment('edge', { secrets: ['tls', 'settings'] }),
      deployment('idle', { annotations: { 'secret.reloader.stakater.com/reload': 'gone' }, secrets: ['settings'] }),
    );
    for (const name of ['web', 'edge', 'idle'] as const) await place.untilRolledOut(`deployments/${name}`);
    await untilOld(place);
    const renewed = createCertificate({ name: 'new', notBefore: Date.now(), notAfter: Date.now() + hour });
    await place.change('db', second);
    await place.patch('secrets/tls', { stringData: { 'tls.crt': renewed.cert, 'tls.key': renewed.key } });

    const run = async (...flags: string[]) => {
      const argv = ['server/main.ts', 'report', '-n', place.namespace, '--kubeconfig', rig.account.kubeconfig];
      return (await promisify(execFile)(process.execPath, [...argv, ...flags])).stdout;
    };
    const [table, json] = await Promise.all([run(), run('-o', 'json')]);
    const report = JSON.parse(json) as Report;
    assert.deepEqual(
      report.stale.map(({ workload, config, verdict, pods }) => [workload.name, config.name, verdict, pods]),
      [
        ['edge', 'tls', 'stale', 1],
        ['web', 'db', 'stale', 2],
      ],
    );
    assert.deepEqual(
      report.unmatched.map(({ object, reason, part }) => [object.name, reason, part]),
      [['idle', 'names-nothing', 'gone']],
    );
    const { config, workloads, pods } = report.fanOut[0] ?? {};
    assert.deepEqual([config?.name, workloads, pods], ['settings', 3, 4]);
    assert.deepEqual(
      report.certificates.map((each) => [each.workload.name, each.config.name, each.reason]),
      [['edge', 'tls', 'holds-old-certificate']],
    );
    assert.match(table, /^Stale pods: 3 pod uses stale, 0 may be, /m);
    assert.deepEqual(findLeaks(`${table}${json}`, [...canaries, old.key, renewed.key]), []);
    const requests = (await readAudit(rig.cluster.auditLog)).filter(({ user }) => user === rig.account.user);
    assert.deepEqual([...new Set(requests.map(({ verb }) => verb))].sort(), ['get', 'list']);
  },
);

/** Kubernetes' times have whole seconds: until a change is a later one than the start of every pod. */
async function untilOld(place: Place): Promise<void> {
  const newest = async () =>
    Math.max(...(await place.list('pods')).map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
  const isOld = async () => Date.now() > (await newest()) + 3_000;
  await waitFor(isOld, { what: 'older pods', deadlineMs });
}
