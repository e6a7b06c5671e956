// Calls `kubectl kustomize` and `helm template` as a person would, in a checkout, to see whether ours gives the same.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Case, DirectCall } from './case.ts';

const run = promisify(execFile);

export interface Programs {
  readonly kubectl: string;
  readonly helm: string;
}

/** The objects that the calls print, of several with one identity the last. */
export async function renderDirectly(item: Case, calls: readonly DirectCall[], programs: Programs): Promise<unknown[]> {
  const root = await mkdtemp(join(tmpdir(), 'lockstep-golden-'));
  try {
    for (const [tree, files] of item.trees) await write(join(root, tree), files);
    const texts: string[] = [];
    for (const call of calls) {
      await write(root, new Map(Object.entries(call.files ?? {})));
      const [program, args] =
        'kustomize' in call
          ? [programs.kubectl, ['kustomize', call.kustomize]]
          : [programs.helm, call.helm];
      const options = { cwd: root, env: { HOME: root, PATH: '' }, maxBuffer: 64 * 1024 * 1024 };
      const { stdout } = await run(program, [...args], options);
      texts.push(stdout);
    }
    return parseObjects(texts);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** What a text declares, in the order of identities. */
export function parseObjects(texts: readonly string[]): unknown[] {
  const objects = new Map<string, unknown>();
  for (const document of texts.flatMap((text) => parseAllDocuments(text))) {
    if (document.errors.length > 0) throw new Error(`a tool printed broken YAML: ${document.errors[0]?.code}`);
    const value: unknown = document.toJS();
    if (value !== null && value !== undefined) objects.set(identityOf(value), value);
  }
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function identityOf(value: unknown): string {
  const { apiVersion, kind, metadata } = value as {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly metadata?: { readonly namespace?: string; readonly name?: string };
  };
  return [apiVersion, kind, metadata?.namespace, metadata?.name].join('/');
}

async function write(root: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
