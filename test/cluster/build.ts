// Builds the control plane's programs from Go modules. modules/*/go.mod pin every version; nothing else is downloaded.
import { execFile } from 'node:child_process';
import { glob, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readLogTail, startGuarded } from './processes.ts';

export interface Installation {
  /** Appears complete or not at all. */
  directory: string;
  say: (line: string) => void;
  signal: AbortSignal | undefined;
}

const run = promisify(execFile);
const modules = join(import.meta.dirname, 'modules');
const progressMs = 20_000;

const kubernetesPrograms = ['kube-apiserver', 'kube-controller-manager', 'kubectl'];

/** The versions that modules/*\/go.mod pin: the only place where they are written. */
export async function readPinnedVersions(): Promise<{ kubernetes: string; etcd: string }> {
  return {
    kubernetes: await readPin('kubernetes', 'k8s.io/kubernetes'),
    etcd: await readPin('etcd', 'go.etcd.io/etcd/server/v3'),
  };
}

/** Undefined when there is a Go that can build them: the modules' own version, or one that may fetch it. */
export async function whyNotBuildable(): Promise<string | undefined> {
  const needed = await readPin('kubernetes', 'go');
  const found = await run('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: tmpdir() }).catch(() => undefined);
  if (found === undefined) return 'Go is not installed';
  const [version = '', toolchain = ''] = found.stdout.split('\n');
  const minor = (text: string) => Number(/1\.(\d+)/.exec(text)?.[1] ?? 0);
  const mayFetch = minor(version) >= 21 && !toolchain.startsWith('local');
  if (minor(version) >= minor(needed) || mayFetch) return undefined;
  return `${version} is older than Go ${needed}`;
}

/** Builds all four programs into a directory beside `directory` and renames it. */
export async function buildBinaries({
  directory,
  version,
  say,
  signal,
}: Installation & { version: string }): Promise<void> {
  const unfinished = `${directory}.building-`;
  const work = `${unfinished}${process.pid}`;
  // Nobody else builds now: whoever left one was killed.
  for await (const left of glob(`${unfinished}*`)) await rm(left, { recursive: true });
  await mkdir(work, { recursive: true });
  try {
    say(`building Kubernetes ${version} and etcd from Go modules, once on this machine (about 7 minutes on two cores)`);
    const packages = kubernetesPrograms.map((name) => `k8s.io/kubernetes/cmd/${name}`);
    const ldflags = ['-s', '-w', ...versionFlags(version)].join(' ');
    const step = { work, say, signal };
    await goBuild({ ...step, module: 'kubernetes', argv: ['-ldflags', ldflags, '-o', `${work}/`, ...packages] });
    const etcd = ['-ldflags', '-s -w', '-o', join(work, 'etcd'), 'go.etcd.io/etcd/server/v3'];
    await goBuild({ ...step, module: 'etcd', argv: etcd });
    await Promise.all(['kubernetes', 'etcd'].map((module) => rm(join(work, `${module}.log`))));
    await rename(work, directory);
    say(`built into ${directory}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface GoBuild {
  module: string;
  argv: readonly string[];
  work: string;
  say: (line: string) => void;
  signal: AbortSignal | undefined;
}

async function goBuild({ module, argv, work, say, signal }: GoBuild): Promise<void> {
  signal?.throwIfAborted();
  const logFile = join(work, `${module}.log`);
  const startedAt = performance.now();
  const compiler = startGuarded({
    name: 'go',
    argv: ['go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-v', ...argv],
    directory: join(modules, module),
    logFile,
    env: { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
  });
  const abort = () => void compiler.stop();
  signal?.addEventListener('abort', abort);
  const progress = setInterval(() => {
    const passedS = Math.round((performance.now() - startedAt) / 1000);
    void readFile(logFile, 'utf8')
      .then((log) => say(`${module}: ${log.split('\n').length - 1} packages after ${passedS} s`))
      .catch(() => {}); // the log is gone when the build has just ended
  }, progressMs);
  try {
    const status = await compiler.exited;
    signal?.throwIfAborted();
    if (status !== 0) throw new Error(`go build of ${module} ended with ${status}:\n${await readLogTail(logFile)}`);
  } finally {
    clearInterval(progress);
    signal?.removeEventListener('abort', abort);
  }
}

/** Without these the programs call themselves v0.0.0, and clients and servers refuse each other. */
function versionFlags(version: string): string[] {
  const [major = '', minor = ''] = version.replace('v', '').split('.');
  const facts = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: 'unknown',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
  };
  const holders = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return holders.flatMap((holder) => Object.entries(facts).map(([name, value]) => `-X ${holder}.${name}=${value}`));
}

/** `name version` in a module's go.mod: a requirement, or the `go` line. */
async function readPin(module: string, name: string): Promise<string> {
  const text = await readFile(join(modules, module, 'go.mod'), 'utf8');
  const line = text.split('\n').find((candidate) => candidate.trim().startsWith(`${name} `));
  const version = line?.trim().split(' ')[1];
  if (version === undefined) throw new Error(`modules/${module}/go.mod does not pin ${name}`);
  return version;
}
