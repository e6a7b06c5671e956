// What Helm applied by its own record: a Secret in the cluster, for charts that are in no Git repository.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Hidden } from '../core/hidden.ts';
import type { ManifestTool, RenderedText } from '../core/rendering.ts';
import type { Job, Method } from './job.ts';
import { Refused } from './refused.ts';

const unzip = promisify(gunzip);
/** The Secret itself holds at most 1 MiB. */
const mostBytes = 32 * 1024 * 1024;

export const helmRelease: Method<ManifestTool> = {
  inputs: async (job) => [(await readRelease(job)).version],
  render: async (job) => {
    const { record } = await readRelease(job);
    return [{ path: undefined, text: new Hidden(await readManifest(record.reveal())) } satisfies RenderedText];
  },
};

async function readRelease({ tool, ports, signal }: Job<ManifestTool>): Promise<{
  readonly version: string;
  readonly record: Hidden<string>;
}> {
  const name = `sh.helm.release.v1.${tool.releaseName}.v${tool.version}`;
  const live = await ports.live({ kind: 'Secret', namespace: tool.storageNamespace, name }, signal);
  const record = live?.data.reveal().get('release');
  if (live === undefined || record === undefined) {
    throw new Refused(`Helm’s record ${tool.storageNamespace}/${name} is not there`);
  }
  return { version: live.resourceVersion, record: new Hidden(record) };
}

/** base64 of gzip of JSON; very old releases are not zipped. */
async function readManifest(record: string): Promise<string> {
  try {
    const packed = Buffer.from(record, 'base64');
    const isZipped = packed[0] === 0x1f && packed[1] === 0x8b;
    const bytes = isZipped ? await unzip(packed, { maxOutputLength: mostBytes }) : packed;
    const release: unknown = JSON.parse(bytes.toString('utf8'));
    const manifest = (release as { readonly manifest?: unknown } | null)?.manifest;
    if (typeof manifest === 'string') return manifest;
  } catch {
    // Told below: the error could hold what was read.
  }
  throw new Refused('Helm’s record of the release cannot be read', 'unreadable');
}
