import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { readConfigFile } from '../../server/config-file.ts';
import { hookFlags } from '../../server/hook-command.ts';
import { parseFlags } from '../../server/flags.ts';

const flux = readConfigFile(readFileSync('flux/examples/lockstep-config.yaml', 'utf8'), 'local-refused');

test('flux: the Provider’s address ends with the configured tenant', () => {
  assert.deepEqual(flux.problems, []);
  const documents = parseAllDocuments(readFileSync('flux/examples/provider-alert.yaml', 'utf8'));
  const [provider, alert] = documents.map((document) => document.toJS() as { spec: Record<string, unknown> });
  assert.equal(provider?.spec['type'], 'generic-hmac');
  const url = new URL(String(provider.spec['address']));
  assert.equal(url.pathname, `/hooks/flux/${flux.file.tenants[0]?.name}`);
  assert.equal(url.hostname, 'lockstep.lockstep-system.svc.cluster.local');
  assert.equal(alert?.spec['eventSeverity'], 'info');
});

interface Job {
  metadata: { annotations: Record<string, string> };
  spec: {
    activeDeadlineSeconds: number;
    template: { spec: { containers: { args: string[]; image: string; securityContext: Record<string, unknown> }[] } };
  };
}

test('argocd: the Job’s arguments are right, and it outlives its deadline', () => {
  const job = parse(readFileSync('argocd/examples/postsync-job.yaml', 'utf8')) as Job;
  assert.equal(job.metadata.annotations['argocd.argoproj.io/hook'], 'PostSync');
  const [container] = job.spec.template.spec.containers;
  const [command, ...argv] = container?.args ?? [];
  assert.equal(command, 'hook');
  const { values, args, problems } = parseFlags(hookFlags, argv);
  assert.deepEqual(problems, []);
  assert.deepEqual(args, ['postsync']);
  assert.ok(job.spec.activeDeadlineSeconds * 1000 > values.timeout);
  assert.equal(container?.securityContext['readOnlyRootFilesystem'], true);
});

test('both examples use the image of the Deployment', () => {
  const image = /image: (\S+)/.exec(readFileSync('manifests/lockstep.yaml', 'utf8'))?.[1];
  assert.equal(/image: (\S+)/.exec(readFileSync('argocd/examples/postsync-job.yaml', 'utf8'))?.[1], image);
});
