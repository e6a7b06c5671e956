// Real kustomize, helm, sops and age-keygen for tests: from the cache, else built from Go modules. modules/*/go.mod pin every version.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whyNotBuildable } from '../cluster/build.ts';
import { withLock } from '../cluster/lock.ts';
import { readLogTail, startGuarded } from '../cluster/processes.ts';

export interface Tools {
  readonly kustomize: string;
  readonly helm3: string;
  readonly helm4: string;
  readonly sops: string;
  readonly ageKeygen: string;
}

interface Program {
  /** Folder of modules/. */
  readonly module: string;
  readonly package: string;
  readonly file: string;
}

const programs: Readonly<Record<keyof Tools, Program>> = {
  kustomize: { module: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5', file: 'kustomize' },
  helm3: { module: 'helm3', package: 'helm.sh/helm/v3/cmd/helm', file: 'helm3' },
  helm4: { module: 'helm4', package: 'helm.sh/helm/v4/cmd/helm', file: 'helm4' },
  sops: { module: 'sops', package: 'github.com/getsops/sops/v3/cmd/sops', file: 'sops' },
  ageKeygen: { module: 'sops', package: 'filippo.io/age/cmd/age-keygen', file: 'age-keygen' },
};
const names = Object.keys(programs) as (keyof Tools)[];
const modules = join(import.meta.dirname, 'modules');
const say = (line: string): boolean => process.stderr.write(`test/tools: ${line}\n`);

/** For `test(name, { skip })`: why this machine has no such tools and cannot build them, or false. */
export async function whyNoTools(): Promise<string | false> {
  if ((await listMissing()).length === 0) return false;
  const why = await whyNotBuildable();
  return why === undefined ? false : `no kustomize and helm: ${why}`;
}

/** Paths of the programs, built first if they must be: some 5 minutes on two cores, once on a machine. */
export async function provideTools(signal?: AbortSignal): Promise<Tools> {
  const cache = cacheDirectory();
  await mkdir(cache, { recursive: true });
  if ((await listMissing()).length > 0) {
    await withLock(join(cache, 'lock'), { say, signal }, async () => {
      for (const name of await listMissing()) await build(name, signal);
    });
  }
  const paths = await Promise.all(names.map(async (name) => [name, await pathOf(name)]));
  return Object.fromEntries(paths) as Record<keyof Tools, string>;
}

async function build(name: keyof Tools, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const { module, package: target } = programs[name];
  const path = await pathOf(name);
  const built = `${path}.building-${process.pid}`;
  const logFile = `${built}.log`;
  say(`building ${name} from Go modules, once on this machine`);
  const compiler = startGuarded({
    name: 'go',
    argv: ['go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', built, target],
    directory: join(modules, module),
    logFile,
    env: { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
  });
  const abort = (): void => void compiler.stop();
  signal?.addEventListener('abort', abort);
  try {
    const status = await compiler.exited;
    signal?.throwIfAborted();
    if (status !== 0) throw new Error(`go build of ${name} ended with ${status}:\n${await readLogTail(logFile)}`);
    await rename(built, path);
  } finally {
    signal?.removeEventListener('abort', abort);
    await Promise.all([built, logFile].map((file) => rm(file, { force: true })));
  }
}

async function listMissing(): Promise<(keyof Tools)[]> {
  const missing: (keyof Tools)[] = [];
  for (const name of names) await access(await pathOf(name), constants.X_OK).catch(() => missing.push(name));
  return missing;
}

/** Named by the pins of its module, so that each version is kept apart. */
async function pathOf(name: keyof Tools): Promise<string> {
  const { module, file } = programs[name];
  const pins = await readFile(join(modules, module, 'go.sum'));
  return join(cacheDirectory(), `${file}-${createHash('sha256').update(pins).digest('hex').slice(0, 12)}`);
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lockstep', 'tools');
}

const run = promisify(execFile);

/** A new age identity: the file's text and its public half. */
export async function makeAgeKey({ ageKeygen }: Tools): Promise<{ readonly text: string; readonly recipient: string }> {
  const { stdout } = await run(ageKeygen, []);
  const recipient = /^# public key: (age1\w+)$/m.exec(stdout)?.[1];
  if (recipient === undefined) throw new Error('age-keygen printed no public key');
  return { text: stdout, recipient };
}
