// A temporary directory that only this process may read, for what a tool has to find as files. Gone when the work is done.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

/** Always removes the directory, also when `work` throws. */
export async function withPrivateTree<T>(base: string, work: (tree: PrivateTree) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(base, 'lockstep-render-'));
  try {
    return await work(await openTree(root));
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openTree(root: string): Promise<PrivateTree> {
  const directory = join(root, 'tree');
  const home = join(root, 'home');
  await Promise.all([directory, home].map((path) => mkdir(path, { mode: 0o700 })));
  const place = async (path: string): Promise<string> => {
    const file = join(directory, joinPath('', path));
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    return file;
  };
  return {
    directory,
    home,
    place,
    write: async (folder, files) => {
      for (const [path, content] of files) {
        await writeFile(await place(folder === '' ? path : `${folder}/${path}`), content, { flag: 'wx', mode: 0o600 });
      }
    },
  };
}
