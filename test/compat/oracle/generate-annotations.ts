// Generated annotations and the flags that rename them: matching, nearly matching and malformed values under right and wrong keys.
import { defaultFlags } from './flags.ts';
import type { Random } from './random.ts';
import { keysFor } from './should-reload.ts';
import type { Annotations, ConfigKind, Flags } from './types.ts';
import { readVectors } from './vectors.ts';

const renamed = [
  'configmapAnnotation',
  'secretAnnotation',
  'autoAnnotation',
  'configmapAutoAnnotation',
  'secretAutoAnnotation',
  'ignoreAnnotation',
  'autoSearchAnnotation',
  'searchMatchAnnotation',
] as const satisfies readonly (keyof Flags)[];

const kinds: readonly ConfigKind[] = ['ConfigMap', 'Secret', 'SecretProviderClass'];
const truths = ['1', 't', 'T', 'TRUE', 'true', 'True'];
/** What only `true` itself satisfies. */
const exactly = ['true', 'true', 'true', 'true', 'true', 'true', 'true', 'false', 'True', '1', '', ' true'];

const { names, patterns } = readVectors('regexps.json');
const bools = readVectors('parse-bools.json');
const invalid = patterns.filter((row) => !row.valid);
const withBar = patterns.filter((row) => row.pattern.includes('|'));
const matching = new Map(names.map((name) => [name, patterns.filter((row) => row.matches.includes(name))]));

/** Names that config objects can have. */
export const configNames = names.filter((name) => name !== '');

/** Annotation keys: mostly the defaults, else new ones, another flag's default, or one key for two flags. */
export function renameKeys(random: Random): Partial<Flags> {
  if (!random.chance(0.35)) return {};
  const keys: Partial<Record<(typeof renamed)[number], string>> = {};
  for (const flag of random.some(renamed, 0.35)) {
    keys[flag] = random.chance(0.75) ? `example.com/${flag.toLowerCase()}` : defaultFlags[random.pick(renamed)];
  }
  return keys;
}

export interface AnnotationsInput {
  readonly flags: Flags;
  readonly kind: ConfigKind;
  /** The name of the config object that changed. */
  readonly name: string;
}

/** Annotations of a workload or of its pod template. */
export function annotateWorkload(random: Random, input: AnnotationsInput): Annotations {
  if (random.chance(0.35)) return random.chance(0.2) ? { 'example.com/team': 'true' } : {};
  // Some use the default keys although a flag renamed them.
  const flags = random.chance(0.15) ? { ...input.flags, ...defaultFlags } : input.flags;
  const own = keysFor(flags, input.kind);
  const other = keysFor(flags, random.pick(kinds.filter((kind) => kind !== input.kind)));
  const values: Annotations[] = [
    ...random.some([own.named], 0.35).map((key) => ({ [key]: listPatterns(random, input.name) })),
    ...random.some([other.named], 0.15).map((key) => ({ [key]: listPatterns(random, input.name) })),
    ...random.some([flags.autoSearchAnnotation], 0.4).map((key) => ({ [key]: random.pick(exactly) })),
    ...random.some([flags.autoAnnotation], 0.25).map((key) => ({ [key]: pickBool(random) })),
    ...random.some([own.typedAuto], 0.25).map((key) => ({ [key]: pickBool(random) })),
    ...random.some([other.typedAuto], 0.15).map((key) => ({ [key]: pickBool(random) })),
    ...random.some([own.exclude], 0.2).map((key) => ({ [key]: listNames(random, input.name) })),
    ...random.some([other.exclude], 0.1).map((key) => ({ [key]: listNames(random, input.name) })),
    // Keys that mean something on config objects only.
    ...random.some([flags.ignoreAnnotation, flags.searchMatchAnnotation], 0.08).map((key) => ({ [key]: 'true' })),
  ];
  return Object.fromEntries(values.flatMap((value) => Object.entries(value)));
}

/** Annotations of a config object. */
export function annotateConfig(random: Random, flags: Flags): Annotations {
  const used = random.chance(0.15) ? defaultFlags : flags;
  const keys = [
    ...random.some([used.ignoreAnnotation], 0.15),
    ...random.some([used.searchMatchAnnotation], 0.6),
    // Keys that mean something on workloads only.
    ...random.some([used.autoAnnotation, used.autoSearchAnnotation], 0.08),
  ];
  return Object.fromEntries(keys.map((key) => [key, random.pick(exactly)]));
}

function pickBool(random: Random): string {
  if (random.chance(0.1)) return '';
  return random.chance(0.4) ? random.pick(truths) : random.pick(bools).text;
}

/** Elements that Go was asked about, padded; two of them can be the halves of a quantifier with a comma. */
function listPatterns(random: Random, name: string): string {
  const element = (): string => {
    const draw = random.below(20);
    if (draw < 5) return name;
    if (draw < 7) return random.pick(matching.get(name) ?? []).pattern;
    if (draw < 9) return random.pick(invalid).pattern;
    if (draw < 10) return '';
    if (draw < 11) return 'a{1,3}';
    if (draw < 13) return random.pick(withBar).pattern;
    return random.pick(patterns).pattern;
  };
  return joinPadded(random, element);
}

/** Exact names; patterns among them mean nothing. */
function listNames(random: Random, name: string): string {
  const element = (): string => {
    const draw = random.below(20);
    if (draw < 8) return name;
    if (draw < 10) return random.pick(['.*', `${name}.*`, `^${name}$`, '', name.toUpperCase(), `${name} x`]);
    return random.pick(configNames);
  };
  return joinPadded(random, element, [...trimmed, kept]);
}

/** Go trims these. */
const trimmed = [' ', '  ', '\t', '\n', '\u00a0', '\u0085', '\u2003'];
/** JavaScript trims it, Go does not. */
const kept = '\ufeff';

function joinPadded(random: Random, element: () => string, pads: readonly string[] = trimmed): string {
  const many = random.pick([0, 1, 1, 1, 2, 2, 3]);
  const pad = (): string => (random.chance(0.85) ? '' : random.pick(pads));
  return Array.from({ length: many }, () => `${pad()}${element()}${pad()}`).join(',');
}
