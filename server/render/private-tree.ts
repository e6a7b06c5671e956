// A temporary directory that only this process may read, for what a tool has to find as files. Gone when the work is done.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LockstepError } from '../core/errors.ts';
import { Refused, quote } from './refused.ts';
import { joinPath } from './tree-paths.ts';

export interface PrivateTree {
  /** Of the files. */
  readonly directory: string;
  /** For the tool's own caches. */
  readonly home: string;
  /** Files below `folder` of the directory; names are checked once more. */
  write(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void>;
  /** Where `path` is, its folders made. */
  place(path: string): Promise<string>;
}

/** Always removes the directory, also when `work` throws. Throws `render-failed` where nothing can be written. */
export async function withPrivateTree<T>(base: string, work: (tree: PrivateTree) => Promise<T>): Promise<T> {
  const root = await onDisk(() => mkdtemp(join(base, 'lockstep-render-')));
  try {
    return await work(await onDisk(() => openTree(root)));
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openTree(root: string): Promise<PrivateTree> {
  const directory = join(root, 'tree');
  const home = join(root, 'home');
  await Promise.all([directory, home].map((path) => mkdir(path, { mode: 0o700 })));
  const place = async (path: string): Promise<string> => {
    if (path.length > 3_000 || path.split('/').some((name) => Buffer.byteLength(name) > 255)) {
      throw new Refused(`the path ${quote(path)} is too long`);
    }
    const file = join(directory, joinPath('', path));
    await onDisk(() => mkdir(dirname(file), { recursive: true, mode: 0o700 }));
    return file;
  };
  return {
    directory,
    home,
    place,
    write: async (folder, files) => {
      for (const [path, content] of files) {
        const file = await place(folder === '' ? path : `${folder}/${path}`);
        await onDisk(() => writeFile(file, content, { flag: 'wx', mode: 0o600 }));
      }
    },
  };
}

/** The machine's trouble, which may pass, and no property of the repository. */
async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new LockstepError('render-failed', {
      message: `the private directory for rendering cannot be written: ${code}`,
      cause: error,
    });
  }
}
