// The value of a named annotation: which names does it mean? Reloader compiles each part of the comma list as the Go expression
// `^<part>$` and searches with it, so `foo|bar` means `^foo` or `bar$`, and the comma breaks `{1,3}` apart.
import { RE2JS } from 're2js';
import { splitTrimmed } from './go-text.ts';

/** A list that was read once and is asked often. */
export interface NamePatterns {
  /** Parts that mean exactly one name each: an index can hold them. */
  readonly names: ReadonlySet<string>;
  /** The others. */
  readonly expressions: readonly RE2JS[];
}

export interface PatternProblem {
  readonly reason: 'bad-pattern' | 'pattern-too-large';
  readonly says: string;
}

/** A part without any character that means something to RE2. */
const plain = /^[-\w]*$/;

/**
 * The most that the expressions of one annotation may weigh. A letter weighs 1, multiplied by the counted repetitions beside it:
 * `x{1000}` becomes a thousand instructions, and without a bound 256 KiB of annotation would become gigabytes.
 */
const weightMost = 20_000;

/** Never throws: what cannot be used is left out and named. */
export function readPatterns(value: string): { patterns: NamePatterns; problems: readonly PatternProblem[] } {
  const names = new Set<string>();
  const expressions: RE2JS[] = [];
  const problems: PatternProblem[] = [];
  let weight = 0;
  for (const part of splitTrimmed(value)) {
    if (plain.test(part)) {
      names.add(part);
      continue;
    }
    const heavier = weight + weigh(part);
    if (heavier > weightMost) {
      problems.push({
        reason: 'pattern-too-large',
        says: `skips ${shorten(part)}: too large for a name of at most 253 letters`,
      });
      continue;
    }
    weight = heavier;
    const compiled = compile(part);
    if (typeof compiled === 'string') problems.push({ reason: 'bad-pattern', says: compiled });
    else expressions.push(compiled);
  }
  return { patterns: { names, expressions }, problems };
}

export function matchesName({ names, expressions }: NamePatterns, name: string): boolean {
  return names.has(name) || expressions.some((expression) => expression.matcher(name).find());
}

function weigh(part: string): number {
  // `\x{1000}` is one character, no repetition.
  const unescaped = part.replace(/\\(?:x\{[\da-f]*\}|.)/gis, '.');
  const counts = [...unescaped.matchAll(/\{(\d{1,6})/g)].map(([, count]) => Number(count));
  return part.length * (1 + counts.reduce((sum, count) => sum + count, 0));
}

/** The expression, or what is wrong with it. */
function compile(part: string): RE2JS | string {
  try {
    return RE2JS.compile(`^${dropGroupNames(part)}$`);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return `skips ${shorten(part)}: ${shorten(why)}`;
  }
}

/** A quotation, an escape or a class, in which `(?P<` means something else (never left half read: linear); or the head of a named group. */
const namedGroup = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.?|\[:\^?\w+:\]|[^\]\\])*(?:\]|$)|(\(\?P?<\w+>)/gs;

/** Go lets two groups share a name, this port of RE2 does not; whether a name is found does not depend on names of groups. */
function dropGroupNames(part: string): string {
  return part.replace(namedGroup, (token: string, group: string | undefined) => (group === undefined ? token : '('));
}

/** Annotations hold up to 256 KiB; a log line need not. */
function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 120)}...`;
}
