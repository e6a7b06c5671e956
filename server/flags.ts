// Parses a command line by pflag's rules, so that the flags of Reloader and kubectl mean here what they mean there.
// Says everything that is wrong at once instead of stopping at the first mistake.
import { LockstepError } from './core/errors.ts';
import { parseDuration } from './core/duration.ts';
import { parseBool } from './core/go-text.ts';

interface FlagFacts {
  readonly help: string;
  /** What a value that cannot be used is: a problem, or a warning that leaves the default in force. */
  readonly malformed?: 'problem' | 'warning';
  /** Heading in the help text. */
  readonly group: string;
  readonly short?: string;
}

/** One flag of a table. Durations are in milliseconds; `min` bounds durations and ints (0 when absent). */
export type Flag = FlagFacts &
  (
    | { readonly type: 'bool'; readonly default?: boolean }
    | { readonly type: 'string'; readonly default?: string }
    | { readonly type: 'list'; readonly default?: readonly string[] }
    | { readonly type: 'duration' | 'int'; readonly default?: number; readonly min?: number }
    | {
        readonly type: 'choice';
        readonly choices: readonly string[];
        readonly default?: string;
        /** `any`: upper and lower case are the same, and the value is lower case. */
        readonly letterCase?: 'any';
      }
  );

/** Flag name without dashes -> flag. */
export type FlagTable = Readonly<Record<string, Flag>>;

type ValueOf<F> = F extends { type: 'bool' }
  ? boolean
  : F extends { type: 'duration' | 'int' }
    ? number
    : F extends { type: 'list' }
      ? readonly string[]
      : F extends { choices: readonly (infer C)[] }
        ? C
        : string;

/** The values of a table's flags: never undefined where the table has a default. */
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]: T[K] extends { default: unknown } ? ValueOf<T[K]> : ValueOf<T[K]> | undefined;
};

export interface Parsed<T extends FlagTable> {
  readonly values: FlagValues<T>;
  /** What is left over: words that are no flags, and everything behind `--`. */
  readonly args: readonly string[];
  /** One sentence per mistake; `values` must not be used when there is one. */
  readonly problems: readonly string[];
  /** Values that were ignored, with one sentence each. */
  readonly warnings: readonly FlagWarning[];
}

export interface FlagWarning {
  readonly flag: string;
  readonly says: string;
}

type Value = boolean | string | number | readonly string[];

interface State {
  readonly table: FlagTable;
  readonly shorts: ReadonlyMap<string, string>;
  readonly rest: string[];
  readonly values: Map<string, Value>;
  readonly args: string[];
  readonly problems: string[];
  /** By flag: the last value decides whether there is one. */
  readonly warnings: Map<string, string>;
}

/** Reads `argv` (without program and subcommand) against a table. Never throws. */
export function parseFlags<const T extends FlagTable>(table: T, argv: readonly string[]): Parsed<T> {
  const shorts = new Map(Object.entries(table).flatMap(([name, flag]) => (flag.short ? [[flag.short, name]] : [])));
  const state: State = {
    table,
    shorts,
    rest: [...argv],
    values: new Map(),
    args: [],
    problems: [],
    warnings: new Map(),
  };
  for (let word = state.rest.shift(); word !== undefined; word = state.rest.shift()) {
    if (word === '--') state.args.push(...state.rest.splice(0));
    else if (word.startsWith('--')) readLong(state, word);
    else if (word.startsWith('-') && word !== '-') readShorts(state, word);
    else state.args.push(word);
  }
  const values = Object.fromEntries(
    Object.entries(table).map(([name, flag]) => [name, state.values.get(name) ?? flag.default]),
  ) as FlagValues<T>;
  const warnings = [...state.warnings].map(([flag, says]) => ({ flag, says }));
  return { values, args: state.args, problems: state.problems, warnings };
}

/** The error for a command line or configuration that cannot be used: every problem, one a line. */
export function refuse(problems: readonly string[]): LockstepError {
  return new LockstepError('config-invalid', {
    message: problems.join('\n'),
    details: { problems: problems.length },
  });
}

/** The known word that is closest to a misspelt one, as `; did you mean X?`, or nothing when none is close. */
export function suggest(word: string, known: readonly string[], prefix = ''): string {
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? '' : `; did you mean ${prefix}${near.candidate}?`;
}

function readLong(state: State, word: string): void {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const flag = Object.hasOwn(state.table, name) ? state.table[name] : undefined;
  if (flag === undefined) {
    state.problems.push(`unknown flag --${name}${suggest(name, Object.keys(state.table), '--')}`);
    return;
  }
  if (equals >= 0) assign(state, name, word.slice(equals + 1));
  else assignNext(state, name, flag);
}

/** `-A`, `-n shop`, `-nshop`, `-n=shop`, `-Ao json`: bools may stand together, the last one may take a value. */
function readShorts(state: State, word: string): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word.charAt(at);
    const name = state.shorts.get(letter);
    const flag = name === undefined ? undefined : state.table[name];
    if (name === undefined || flag === undefined) {
      state.problems.push(`unknown flag -${letter} in ${word.split('=')[0]}`);
      return;
    }
    const behind = word.slice(at + 1);
    if (behind.startsWith('=')) return assign(state, name, behind.slice(1));
    if (flag.type !== 'bool') return behind === '' ? assignNext(state, name, flag) : assign(state, name, behind);
    assign(state, name, 'true');
  }
}

function assignNext(state: State, name: string, flag: Flag): void {
  if (flag.type === 'bool') return assign(state, name, 'true');
  const next = state.rest.shift();
  if (next === undefined) state.problems.push(`--${name} needs a value`);
  else assign(state, name, next);
}

function assign(state: State, name: string, text: string): void {
  const flag = state.table[name];
  if (flag === undefined) return;
  const value = convert(flag, text);
  state.warnings.delete(name);
  if (value === undefined) refuseValue(state, { name, flag, text });
  else if (flag.type !== 'list') state.values.set(name, value);
  else state.values.set(name, [...asList(state.values.get(name)), ...asList(value)]);
}

function refuseValue(state: State, { name, flag, text }: { name: string; flag: Flag; text: string }): void {
  const sentence = `--${name} ${text === '' ? '""' : text}: ${wanted(flag)}`;
  if (flag.malformed !== 'warning') return void state.problems.push(sentence);
  state.values.delete(name);
  state.warnings.set(name, `${sentence}; it is ignored`);
}

function convert(flag: Flag, text: string): Value | undefined {
  switch (flag.type) {
    case 'bool':
      return parseBool(text);
    case 'string':
      return text;
    case 'list':
      return splitCsv(text);
    case 'int':
      return atLeast(flag.min ?? 0, /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined);
    case 'duration':
      return atLeast(flag.min ?? 0, parseDuration(text));
    case 'choice':
      return choose(flag.choices, flag.letterCase === 'any' ? text.toLowerCase() : text);
  }
}

function choose(choices: readonly string[], text: string): string | undefined {
  return choices.includes(text) ? text : undefined;
}

function wanted(flag: Flag): string {
  switch (flag.type) {
    case 'bool':
      return 'want true or false';
    case 'int':
      return `want a whole number of at least ${flag.min ?? 0}`;
    case 'duration':
      return `want a duration such as 500ms, 10s or 1m30s${flag.min ? `, at least ${flag.min}ms` : ', not negative'}`;
    case 'choice':
      return `want one of ${flag.choices.filter((choice) => choice !== '').join(', ')}`;
    case 'list':
      return 'want a comma-separated list with balanced quotes';
    case 'string':
      return 'want text';
  }
}

function atLeast(min: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= min ? value : undefined;
}

function asList(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value : [];
}

/** One CSV record by Go's encoding/csv, which pflag's StringSlice uses. Undefined when a quote is out of place. */
function splitCsv(text: string): readonly string[] | undefined {
  if (text === '') return [];
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = field.exec(text); // takes a field and the comma behind it, or the end
    if (match === null) return undefined;
    fields.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '') return fields;
  }
}

/** Levenshtein distance; flag names are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of b.split('').entries()) {
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
