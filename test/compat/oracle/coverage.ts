// Counts how often generated cases reach each rule and each trap, so that a differential test can show that it tested something.
import { decide, type Outcome } from './decide.ts';
import { defaultFlags } from './flags.ts';
import { matchAsGo, parseBool, type Matcher } from './go-text.ts';
import { keysFor, selectAnnotations, shouldReload } from './should-reload.ts';
import type { Content, ReloaderCase } from './types.ts';

export interface Coverage {
  readonly cases: number;
  /** Name of a rule, an outcome or a trap -> the number of cases. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts by §2's rule alone (`rule:`), by the whole outcome (`no:`, `found:`, `edit:`, `write:`) and by trap (`trap:`). */
export function measureCoverage(cases: Iterable<ReloaderCase>): Coverage {
  const counts = new Map<string, number>();
  let many = 0;
  for (const one of cases) {
    many++;
    for (const name of [`rule:${shouldReload(one).rule}`, ...describe(decide(one)), ...findTraps(one)]) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return { cases: many, counts };
}

/** In percent of all cases; 0 for a name that never occurred. */
export function shareOf({ cases, counts }: Coverage, name: string): number {
  return cases === 0 ? 0 : (100 * (counts.get(name) ?? 0)) / cases;
}

function describe(outcome: Outcome): string[] {
  if (!outcome.restart) return [`no:${outcome.reason}`];
  return [`found:${outcome.target.found}`, `edit:${outcome.edit.edit}`, `write:${outcome.write}`];
}

/** A trap: a plausible mistake would change §2's answer for this case, or at least what invites the mistake is there. */
const traps: Readonly<Record<string, (one: ReloaderCase) => boolean>> = {
  'template-merged-into-workload': (one) =>
    changes(one, (same) => ({ ...same, annotations: { ...same.templateAnnotations, ...same.annotations } })),
  'template-never-read': (one) => changes(one, (same) => ({ ...same, templateAnnotations: {} })),
  'presence-by-value': (one) => changes(one, (same) => ({ ...same, annotations: withoutEmpty(same.annotations) })),
  'exclude-of-template': (one) => {
    const { exclude } = keysFor(one.flags, one.config.kind);
    const value = one.workload.templateAnnotations[exclude];
    return (
      value !== undefined &&
      changes(one, (same) => ({ ...same, annotations: { ...same.annotations, [exclude]: value } }))
    );
  },
  'exclude-of-other-kind': ({ config, workload, flags }) =>
    (['ConfigMap', 'Secret'] as const).some(
      (kind) =>
        kind !== config.kind && workload.annotations[keysFor(flags, kind).exclude]?.split(',').includes(config.name),
    ),
  'pattern-grouped': (one) => changesMatch(one, (pattern, name) => anyOfAlternatives(pattern, name)),
  'pattern-anywhere': (one) =>
    changesMatch(
      one,
      (pattern, name) => matchAsGo(pattern, name) === true || (pattern !== '' && name.includes(pattern)),
    ),
  'pattern-literal': (one) => changesMatch(one, (pattern, name) => pattern === name),
  'pattern-invalid': (one) => {
    const named = selectAnnotations(one)[keysFor(one.flags, one.config.kind).named];
    return named !== undefined && named.split(',').some((part) => isInvalid(part.trim(), one.config.name));
  },
  'bool-by-case': (one) => changes(one, (same) => ({ ...same, annotations: lowerCase(same.annotations) })),
  'bool-exact-true': (one) =>
    changes(one, (same) => ({
      ...same,
      annotations: onlyTrue(same.annotations),
      templateAnnotations: onlyTrue(same.templateAnnotations),
    })),
  'renamed-keys': (one) => {
    const { autoReloadAll, ignoredWorkloadTypes } = one.flags;
    const flags = { ...defaultFlags, autoReloadAll, ignoredWorkloadTypes };
    return shouldReload({ ...one, flags }).rule !== shouldReload(one).rule;
  },
  'false-blocks-all': (one) => one.flags.autoReloadAll && shouldReload(one).rule === 'none',
  'hash-collision': ({ change }) =>
    change.action === 'update' && 'a=1;b=2' === flatten(change.after) && flatten(change.before) === 'a=1;b=2',
};

/** Names of the counters for traps. */
export const trapNames: readonly string[] = Object.keys(traps).map((name) => `trap:${name}`);

function findTraps(one: ReloaderCase): string[] {
  return Object.entries(traps)
    .filter(([, isTrap]) => isTrap(one))
    .map(([name]) => `trap:${name}`);
}

function changes(one: ReloaderCase, alter: (workload: ReloaderCase['workload']) => ReloaderCase['workload']): boolean {
  return shouldReload({ ...one, workload: alter(one.workload) }, lenient).rule !== shouldReload(one).rule;
}

function changesMatch(one: ReloaderCase, matches: Matcher): boolean {
  return shouldReload(one, matches).rule !== shouldReload(one).rule;
}

/** Altered annotations can hold patterns that Go was not asked about: those match nothing. */
const lenient: Matcher = (pattern, name) => {
  try {
    return matchAsGo(pattern, name);
  } catch {
    return false;
  }
};

function isInvalid(pattern: string, name: string): boolean {
  try {
    return matchAsGo(pattern, name) === undefined;
  } catch {
    return false;
  }
}

/** What `^(?:a|b)$` would say, for patterns whose only operator is the bar. */
function anyOfAlternatives(pattern: string, name: string): boolean | undefined {
  return /^[a-z|-]+$/.test(pattern) ? pattern.split('|').includes(name) : matchAsGo(pattern, name);
}

function withoutEmpty(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== '' && value !== 'false'));
}

/** Every other spelling of true becomes one of false. */
function onlyTrue(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const read = ([key, value]: readonly [string, string]): [string, string] => [
    key,
    value !== 'true' && parseBool(value) ? 'false' : value,
  ];
  return Object.fromEntries(Object.entries(annotations).map(read));
}

function lowerCase(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, value.toLowerCase()]));
}

function flatten(content: Content): string {
  const decode = (value: string): string => Buffer.from(value, 'base64').toString();
  switch (content.kind) {
    case 'ConfigMap':
      return join(Object.entries(content.data));
    case 'Secret':
      return join(Object.entries(content.data).map(([key, value]) => [key, decode(value)]));
    case 'SecretProviderClass':
      return join(content.objects.map(({ id, version }) => [id, version]));
  }
}

function join(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([key, value]) => `${key}=${value}`).join(';');
}
