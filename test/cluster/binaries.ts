// Finds the control plane's programs: $KUBEBUILDER_ASSETS, then the cache, then a build from Go modules, then a download.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildBinaries, readPinnedVersions, whyNotBuildable } from './build.ts';
import { downloadBinaries, publishedVersion, whyNotDownloadable } from './download.ts';
import { withLock } from './lock.ts';

export const binaryNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;

export type Origin = 'KUBEBUILDER_ASSETS' | 'cache' | 'build' | 'download';

export interface Binaries {
  directory: string;
  /** Kubernetes' version, such as `v1.36.3`. */
  version: string;
  origin: Origin;
}

export type Finding = { available: true; version: string; origin: Origin } | { available: false; why: string };

const run = promisify(execFile);
const say = (line: string): boolean => process.stderr.write(`test/cluster: ${line}\n`);

/** What `provideBinaries` would use, found out without building or downloading anything. */
export async function findControlPlane(env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const { kubernetes } = await readPinnedVersions();
  const openssl = await run('openssl', ['version'])
    .then(() => true)
    .catch(() => false);
  if (!openssl) return { available: false, why: 'openssl is not installed' };
  const present = await findPresent(env, () => {});
  if (present !== undefined) return { available: true, version: present.version, origin: present.origin };
  const notBuildable = await whyNotBuildable();
  if (notBuildable === undefined) return { available: true, version: kubernetes, origin: 'build' };
  const notDownloadable = await whyNotDownloadable();
  if (notDownloadable === undefined) return { available: true, version: publishedVersion, origin: 'download' };
  return { available: false, why: `not in the cache; ${notBuildable}; ${notDownloadable}` };
}

/** For `test(name, { skip })`: why this machine cannot run a control plane, or false. */
export async function whySkipped(): Promise<string | false> {
  const found = await findControlPlane();
  return found.available ? false : `no control plane: ${found.why}`;
}

/** The programs, built or downloaded first if they must be. Only one process on the machine does that at a time. */
export async function provideBinaries(signal?: AbortSignal): Promise<Binaries> {
  const { env } = process;
  const present = await findPresent(env, say);
  if (present !== undefined) return present;
  const cache = cacheDirectory(env);
  await mkdir(cache, { recursive: true });
  return withLock(join(cache, 'lock'), { say, signal }, async () => {
    const arrived = await findPresent(env, () => {});
    if (arrived !== undefined) return arrived;
    const notBuildable = await whyNotBuildable();
    if (notBuildable === undefined) {
      const versions = await readPinnedVersions();
      const directory = pinnedDirectory(env, versions);
      await buildBinaries({ directory, version: versions.kubernetes, say, signal });
      return { directory, version: versions.kubernetes, origin: 'build' };
    }
    say(`${notBuildable}: downloading`);
    const directory = join(cache, publishedVersion);
    await downloadBinaries({ directory, say, signal });
    return { directory, version: publishedVersion, origin: 'download' };
  });
}

async function findPresent(env: NodeJS.ProcessEnv, note: (line: string) => void): Promise<Binaries | undefined> {
  if (env['KUBEBUILDER_ASSETS']) {
    const assets = resolve(env['KUBEBUILDER_ASSETS']);
    const missing = await listMissing(assets);
    if (missing.length === 0)
      return { directory: assets, version: await readVersion(assets), origin: 'KUBEBUILDER_ASSETS' };
    note(`KUBEBUILDER_ASSETS=${assets} lacks ${missing.join(', ')}: looking elsewhere`);
  }
  const versions = await readPinnedVersions();
  for (const [directory, version] of [
    [pinnedDirectory(env, versions), versions.kubernetes],
    [join(cacheDirectory(env), publishedVersion), publishedVersion],
  ] as const) {
    if ((await listMissing(directory)).length === 0) return { directory, version, origin: 'cache' };
  }
  return undefined;
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'lockstep', 'control-plane');
}

function pinnedDirectory(env: NodeJS.ProcessEnv, { kubernetes, etcd }: { kubernetes: string; etcd: string }): string {
  return join(cacheDirectory(env), `${kubernetes}-etcd-${etcd}`);
}

async function listMissing(directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (const name of binaryNames) {
    await access(join(directory, name), constants.X_OK).catch(() => missing.push(name));
  }
  return missing;
}

/** From `Kubernetes v1.36.3`. */
async function readVersion(directory: string): Promise<string> {
  const { stdout } = await run(join(directory, 'kube-apiserver'), ['--version']);
  return stdout.trim().split(' ').at(-1) ?? '';
}
