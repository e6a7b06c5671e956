// Reads the vectors that other implementations made (see ../vectors/README.md).
import { readFileSync } from 'node:fs';
import type { Content } from './types.ts';

/** What Go makes of one text. */
export interface Answer<Value> {
  readonly text: string;
  readonly valid: boolean;
  readonly value?: Value;
}

export interface Vectors {
  readonly 'regexps.json': {
    readonly names: readonly string[];
    readonly patterns: readonly {
      readonly pattern: string;
      readonly valid: boolean;
      readonly matches: readonly string[];
    }[];
  };
  readonly 'parse-bools.json': readonly Answer<boolean>[];
  readonly 'trims.json': readonly Answer<string>[];
  readonly 'flag-lists.json': readonly Answer<readonly string[]>[];
  /** Nanoseconds, as text for they exceed a number. */
  readonly 'durations.json': readonly Answer<string>[];
  readonly 'hashes.json': readonly { readonly title: string; readonly content: Content; readonly hash: string }[];
}

const read = new Map<string, unknown>();

/** The parsed file; each is read once. */
export function readVectors<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  if (!read.has(name)) {
    const text = readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8');
    read.set(name, JSON.parse(text));
  }
  return read.get(name) as Vectors[Name];
}
