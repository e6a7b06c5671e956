// Values that must never be seen again, and the search that finds them however they were encoded, or a part of them.
import { execFile } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { promisify } from 'node:util';

export interface Leak {
  /** Which canary, by its place in the list: its value would be the next leak. */
  readonly canary: number;
  readonly encoding: string;
}

const length = 48;
// Half of it is escaped by JSON or in URLs, and some of it is more than a byte.
const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789+/=&%"\\<>? #;éß';

/** A random text that occurs nowhere by chance, not even a part of it. */
export function createCanary(): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}

/** Characters of an encoded text that are enough to call it a leak; rows of a value that is only partly shown are found too. */
const windowSize = 16;
const step = 4;

/** Each way in which a value may be written, to the texts that give it away. */
export function encodingsOf(value: string): Record<string, readonly string[]> {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => innerBase64(bytes, offset));
  const hex = bytes.toString('hex');
  const url = encodeURIComponent(value);
  const digests = ['md5', 'sha1', 'sha256', 'sha512'].flatMap((algorithm) => {
    const digest = createHash(algorithm).update(bytes).digest();
    return [digest.toString('hex'), digest.toString('base64').replace(/=+$/, ''), digest.toString('base64url')];
  });
  return {
    plain: [value],
    json: [JSON.stringify(value).slice(1, -1)],
    base64,
    base64url: base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    hex: [hex, hex.toUpperCase()],
    url: [
      url,
      url.replace(/%../g, (escape) => escape.toLowerCase()),
      new URLSearchParams([['', value]]).toString().slice(1),
    ],
    digest: digests,
  };
}

/** Where canaries shine through; at most one leak for each canary and encoding. */
export function findLeaks(corpus: string | Buffer, canaries: readonly string[]): Leak[] {
  const bytes = Buffer.from(corpus);
  return canaries.flatMap((value, canary) =>
    Object.entries(encodingsOf(value))
      .filter(([, texts]) => texts.some((text) => windowsOf(text).some((window) => bytes.includes(window))))
      .map(([encoding]) => ({ canary, encoding })),
  );
}

/** Every object of a Git repository, uncompressed. */
export async function readGitObjects(repository: string): Promise<Buffer> {
  const argv = ['-C', repository, 'cat-file', '--batch-all-objects', '--batch'];
  const { stdout } = await promisify(execFile)('git', argv, { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

/** What is left of a value's base64 whatever stands before and behind it, when it begins at `offset` of three bytes. */
function innerBase64(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const shared = Math.ceil((offset * 8) / 6);
  const isCut = (offset + bytes.length) % 3 !== 0;
  return text.slice(shared, isCut ? -1 : undefined);
}

function windowsOf(text: string): string[] {
  const count = Math.max(0, Math.floor((text.length - windowSize) / step)) + 1;
  return Array.from({ length: count }, (_, at) => text.slice(at * step, at * step + windowSize));
}
