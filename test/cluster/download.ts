// Downloads the control plane's programs where they cannot be built: the archive that envtest uses, which lacks the controller
// manager, and that one from Kubernetes' own downloads. Both are compared with the checksums their publishers put beside them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { Installation } from './build.ts';

/** envtest publishes the first release of a minor, so this is not the version that is built. */
export const publishedVersion = 'v1.36.0';

const run = promisify(execFile);
const published = {
  /** envtest's index: version -> archive -> where it is and its SHA-512. */
  index: 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml',
  /** `<version>/bin/<os>/<architecture>/<program>`, its SHA-256 beside it. */
  kubernetes: 'https://dl.k8s.io',
};
const reachMs = 5_000;
const downloadMs = 10 * 60_000;

/** Undefined when the index of archives answers. */
export async function whyNotDownloadable(): Promise<string | undefined> {
  try {
    const { ok, status } = await fetch(published.index, { method: 'HEAD', signal: AbortSignal.timeout(reachMs) });
    return ok ? undefined : `envtest's index answers ${status}`;
  } catch {
    return 'envtest’s archives cannot be reached';
  }
}

/** Fills `directory`, which appears complete or not at all. */
export async function downloadBinaries(
  { directory, say, signal }: Installation,
  sources: typeof published = published,
): Promise<void> {
  const deadline = AbortSignal.timeout(downloadMs);
  const get = (url: string) => download(url, signal ? AbortSignal.any([signal, deadline]) : deadline);
  const work = `${directory}.downloading-${process.pid}`;
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  await mkdir(work, { recursive: true });
  try {
    const archive = findArchive((await get(sources.index)).toString(), `${process.platform}-${architecture}`);
    say(`downloading ${archive.selfLink}`);
    const packed = join(work, 'envtest.tar.gz');
    await writeFile(packed, check(await get(archive.selfLink), 'sha512', archive.hash));
    await run('tar', ['-xzf', packed, '-C', work, '--strip-components=2']);
    await rm(packed);
    const manager = `${sources.kubernetes}/${publishedVersion}/bin/${process.platform}/${architecture}/kube-controller-manager`;
    say(`downloading ${manager}`);
    const hash = (await get(`${manager}.sha256`)).toString().trim();
    await writeFile(join(work, 'kube-controller-manager'), check(await get(manager), 'sha256', hash));
    await chmod(join(work, 'kube-controller-manager'), 0o755);
    await rename(work, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Archive {
  hash: string;
  selfLink: string;
}

function findArchive(text: string, platform: string): Archive {
  const { releases } = parse(text) as { releases: Record<string, Record<string, Archive>> };
  const archive = releases[publishedVersion]?.[`envtest-${publishedVersion}-${platform}.tar.gz`];
  if (archive === undefined) throw new Error(`envtest publishes no ${publishedVersion} for ${platform}`);
  return archive;
}

async function download(url: string, signal: AbortSignal): Promise<Buffer> {
  const reply = await fetch(url, { signal });
  if (!reply.ok) throw new Error(`${url} answers ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}

function check(content: Buffer, algorithm: 'sha256' | 'sha512', expected: string): Buffer {
  const actual = createHash(algorithm).update(content).digest('hex');
  if (actual !== expected) throw new Error(`a download has ${algorithm} ${actual} instead of ${expected}`);
  return content;
}
