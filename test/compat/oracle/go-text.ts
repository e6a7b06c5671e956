// What Go's standard library makes of annotation values. The vectors beside this folder, made by Go, check all of it.
import { readVectors } from './vectors.ts';

/** Whether Go's regexp finds `^<pattern>$` in a name. Undefined: not a valid pattern. */
export type Matcher = (pattern: string, name: string) => boolean | undefined;

/** strconv.ParseBool, its errors read as false. */
export function parseBool(text: string): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text);
}

/** strings.TrimSpace: Unicode's White_Space, which differs from JavaScript's trim by U+0085 and U+FEFF. */
export function trimSpace(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
}

let answers: ReadonlyMap<string, ReadonlySet<string> | undefined> | undefined;

/** Looks up what Go answered. Throws for a pattern or a name that Go was not asked about. */
export const matchAsGo: Matcher = (pattern, name) => {
  const { names, patterns } = readVectors('regexps.json');
  answers ??= new Map(patterns.map((row) => [row.pattern, row.valid ? new Set(row.matches) : undefined]));
  if (!answers.has(pattern)) throw new Error(`no vector for the pattern ${JSON.stringify(pattern)}`);
  if (!names.includes(name)) throw new Error(`no vector for the name ${JSON.stringify(name)}`);
  return answers.get(pattern)?.has(name);
};
