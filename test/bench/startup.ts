// How long Lockstep needs to be ready in a cluster of some size, and how much memory, beside a bare client's lists of the same objects.
import { join } from 'node:path';
import { createApiClient } from '../cluster/api.ts';
import { readCredentials } from '../cluster/certificates.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { startLockstep } from './lockstep.ts';
import { createAll, createWorld, deployment, paths, secret } from './world.ts';

export interface StartupSizes {
  readonly secrets: number;
  readonly workloads: number;
}

export interface StartupResult {
  readonly sizes: StartupSizes;
  /** First start: no ledger, everything gets its baseline. Second start: with the ledger of the first. */
  readonly readyMs: { readonly first: number; readonly second: number; readonly floor: number };
  readonly peakMiB: { readonly first: number; readonly second: number };
}

const secretBytes = 2048;
const pageSize = 500;

export async function runStartup(cluster: Cluster, sizes: StartupSizes): Promise<StartupResult> {
  await using world = await createWorld(cluster, { deployments: 0, replicas: 0 });
  const api = createApiClient(cluster.url, await readCredentials(cluster.directory, 'admin'), 'bench-driver');
  const nameOf = (index: number): string => `s-${String(index).padStart(5, '0')}`;
  const secrets = Array.from({ length: sizes.secrets }, (_, index) => secret(nameOf(index), secretBytes));
  const workloads = Array.from({ length: sizes.workloads }, (_, index) => {
    const use = { secretRef: { name: nameOf(index % Math.max(1, sizes.secrets)) } };
    return deployment(`d-${index}`, use, { replicas: 0, optedIn: 'true' });
  });
  try {
    await createAll(api, paths.secrets, secrets);
    await createAll(api, paths.deployments, workloads);
    await world.untilAllRolledOut();
    const start = async (name: string): Promise<{ readyMs: number; peakMiB: number }> => {
      const outputFile = join(cluster.directory, `startup-${name}.log`);
      const { kubeconfigs } = world;
      const lockstep = await startLockstep({
        kubeconfig: kubeconfigs.lockstep,
        outputFile,
        profileDirectory: undefined,
      });
      await lockstep.untilQuiet();
      const peakMiB = (await lockstep.peakBytes()) / 2 ** 20;
      await lockstep.stop();
      return { readyMs: lockstep.readyMs, peakMiB };
    };
    const [first, second] = [await start('first'), await start('second')];
    const startedAt = performance.now();
    for (const path of ['/apis/apps/v1/deployments', '/apis/apps/v1/replicasets', '/api/v1/secrets'])
      await listAll(api, path);
    const floor = performance.now() - startedAt;
    return {
      sizes,
      readyMs: { first: first.readyMs, second: second.readyMs, floor },
      peakMiB: { first: first.peakMiB, second: second.peakMiB },
    };
  } finally {
    await api.close();
  }
}

async function listAll(api: ReturnType<typeof createApiClient>, path: string): Promise<void> {
  for (let token: string | undefined = ''; token !== undefined;) {
    const { body } = await api.call('GET', `${path}?limit=${pageSize}&continue=${encodeURIComponent(token)}`);
    const next = (body as { metadata: { continue?: string } }).metadata.continue ?? '';
    token = next === '' ? undefined : next;
  }
}

export function formatStartup({ sizes, readyMs, peakMiB }: StartupResult): string {
  const { secrets, workloads } = sizes;
  const line = (name: string, ms: number, mib: number): string =>
    `  ${name.padEnd(14)} ready in ${(ms / 1000).toFixed(1)} s, peak (VmHWM) ${mib.toFixed(0)} MiB\n`;
  return (
    `start with ${secrets} Secrets of 2 KB and ${workloads} Deployments\n` +
    line('first start', readyMs.first, peakMiB.first) +
    line('second start', readyMs.second, peakMiB.second) +
    `  floor          ${(readyMs.floor / 1000).toFixed(1)} s for the lists alone\n`
  );
}
