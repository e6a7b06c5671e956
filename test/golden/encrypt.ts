// Encrypts files of a case with the real sops, so that no key and no ciphertext is kept in this repository.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { makeAgeKey, type Tools } from '../tools/tools.ts';
import type { Case } from './case.ts';

const run = promisify(execFile);

export interface EncryptedCase {
  readonly item: Case;
  /** Text of the file with the age identity; undefined: nobody has it. */
  readonly ageKey: string | undefined;
}

/** The case with its files as sops leaves them. */
export async function encryptCase(item: Case, tools: Tools): Promise<EncryptedCase> {
  const { sops } = item.setup;
  if (sops === undefined) return { item, ageKey: undefined };
  const { text, recipient } = await makeAgeKey(tools);
  const trees = new Map<string, ReadonlyMap<string, Uint8Array>>();
  for (const [name, files] of item.trees) {
    const encrypted = new Map(files);
    for (const path of sops.files) {
      const content = files.get(path);
      if (content === undefined) throw new Error(`${item.name}: there is no ${path} to encrypt`);
      encrypted.set(path, await encrypt(tools, { path, content, recipient, regex: sops.regex }));
    }
    trees.set(name, encrypted);
  }
  return { item: { ...item, trees }, ageKey: sops.key === 'held' ? text : undefined };
}

interface Plain {
  readonly path: string;
  readonly content: Uint8Array;
  readonly recipient: string;
  readonly regex: string;
}

async function encrypt({ sops }: Tools, { path, content, recipient, regex }: Plain): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-golden-'));
  try {
    const file = join(directory, basename(path));
    await writeFile(file, content, { mode: 0o600 });
    const args = ['encrypt', '--age', recipient, '--encrypted-regex', regex, file];
    const { stdout } = await run(sops, args, { env: { HOME: directory, PATH: '' }, cwd: directory, encoding: 'buffer' });
    return stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
