// What an engine sees of a repository: the head of a branch and the manifests at a revision, fetched by plain git.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from './api.ts';

export interface Checkout {
  /** The commit at the branch's head, asked from the repository. */
  head(): Promise<string>;
  /** The objects declared below the path at a commit that `head` answered. */
  objects(revision: string): Promise<readonly KubeObject[]>;
}

export interface CheckoutOptions {
  /** URL or path. */
  readonly repository: string;
  readonly branch: string;
  readonly path: string;
  /** A directory of its own, made when missing. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

const timeoutMs = 30_000;
const run = promisify(execFile);

export function openCheckout({ repository, branch, path, directory, signal }: CheckoutOptions): Checkout {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('git', ['-C', directory, ...args], { env, signal, timeout: timeoutMs });
    return stdout;
  };
  let isMade = false;
  const make = async (): Promise<void> => {
    if (isMade) return;
    await mkdir(directory, { recursive: true });
    await git('init', '-q', '--bare');
    isMade = true;
  };
  return {
    async head() {
      await make();
      const [commit] = (await git('ls-remote', '--', repository, `refs/heads/${branch}`)).split('\t');
      if (commit === undefined || commit === '') throw new Error(`${repository} has no branch ${branch}`);
      return commit;
    },
    async objects(revision) {
      await git('fetch', '-q', '--depth=1', '--', repository, `+refs/heads/${branch}:refs/heads/${branch}`);
      const names = (await git('ls-tree', '-r', '-z', '--name-only', revision, '--', path)).split('\0');
      const objects: KubeObject[] = [];
      for (const name of names.filter((file) => /\.(ya?ml|json)$/.test(file))) {
        for (const document of parseAllDocuments(await git('show', `${revision}:${name}`))) {
          if (document.errors[0] !== undefined)
            throw new Error(`${name} at ${revision}: ${document.errors[0].message}`);
          const value: unknown = document.toJS();
          if (isObject(value)) objects.push(value);
        }
      }
      return objects;
    },
  };
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value && 'metadata' in value;
}
