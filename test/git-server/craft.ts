// Writes objects into a repository that git itself would not write, byte by byte.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

/** Mode, name as UTF-8 text or raw bytes, and the id of an object that need not exist. */
export type RawEntry = readonly [mode: string, name: string | Uint8Array, id: string];

export interface Craft {
  blob(content: string | Uint8Array): string;
  /** In the order given, which need not be git's. */
  tree(...entries: readonly RawEntry[]): string;
  rawTree(bytes: Uint8Array): string;
  /** A commit, put on a branch of its own. */
  commit(tree: string, branch: string): string;
}

export function createCraft(bare: string): Craft {
  // As loose objects, without git: thousands of them take no time.
  const write = (type: string, input: string | Uint8Array): string => {
    const object = Buffer.concat([Buffer.from(`${type} ${Buffer.byteLength(input)}\0`), Buffer.from(input)]);
    const id = createHash('sha1').update(object).digest('hex');
    const folder = join(bare, 'objects', id.slice(0, 2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, id.slice(2)), deflateSync(object, { level: 1 }));
    return id;
  };
  return {
    blob: (content) => write('blob', content),
    tree: (...entries) =>
      write(
        'tree',
        Buffer.concat(
          entries.map(([mode, name, id]) =>
            Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.of(0), Buffer.from(id, 'hex')]),
          ),
        ),
      ),
    rawTree: (bytes) => write('tree', bytes),
    commit: (tree, branch) => {
      const person = 'Mallory <mallory@example.org> 1700000000 +0000';
      const commit = write('commit', `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\nCrafted\n`);
      execFileSync('git', ['update-ref', `refs/heads/${branch}`, commit], { cwd: bare });
      return commit;
    },
  };
}
