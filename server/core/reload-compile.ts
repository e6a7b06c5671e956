// Reads a workload's annotations once, so that config objects can be judged against them quickly.
// Reloader's rule of presence: where the workload has none of the keys that concern a kind, its pod template's count instead.
import { annotation, valueOf, type Annotations } from './annotations.ts';
import { parseBool, splitTrimmed } from './go-text.ts';
import type { ReloaderKind, ReloaderWorkloadKind, ReloadRules } from './reloader-keys.ts';
import { readPatterns, type NamePatterns, type PatternProblem } from './reloader-pattern.ts';

export interface ReloadWorkload {
  readonly kind: ReloaderWorkloadKind;
  readonly annotations: Annotations;
  /** Of the pod template. */
  readonly templateAnnotations: Annotations;
}

/** An annotation whose value cannot be used, or only in part. */
export interface ReloadProblem {
  readonly key: string;
  readonly reason: PatternProblem['reason'] | 'bad-boolean';
  /** For people; goes behind `annotation <key>`. */
  readonly says: string;
}

/** Auto in force by the annotation `key`; written but not true, which also stops auto-reload-all; or not written. */
export type Auto =
  { readonly kind: 'on'; readonly key: string } | { readonly kind: 'off' } | { readonly kind: 'unset' };

/** What the annotations say about one kind of config object. */
export interface KindRules {
  /** Where the annotations were read. Exclude lists are always the workload's own. */
  readonly level: 'workload' | 'template';
  readonly excluded: ReadonlySet<string>;
  /** Undefined without the named annotation. */
  readonly named: NamePatterns | undefined;
  readonly searches: boolean;
  readonly auto: Auto;
}

export interface CompiledReload {
  readonly rules: ReloadRules;
  readonly workloadKind: ReloaderWorkloadKind;
  readonly kinds: Readonly<Record<ReloaderKind, KindRules>>;
  /** Each once, in the order of the kinds. */
  readonly problems: readonly ReloadProblem[];
}

/** Never throws. The result is plain data about this workload and these rules: make it anew when either changes. */
export function compileReload(workload: ReloadWorkload, rules: ReloadRules): CompiledReload {
  const problems = new Map<string, ReloadProblem>();
  const note: Note = (problem) => void problems.set(`${problem.key} ${problem.says}`, problem);
  const compile = (kind: ReloaderKind): KindRules => compileKind(kind, workload, { rules, note });
  const kinds = {
    ConfigMap: compile('ConfigMap'),
    Secret: compile('Secret'),
    SecretProviderClass: compile('SecretProviderClass'),
  };
  return { rules, workloadKind: workload.kind, kinds, problems: [...problems.values()] };
}

type Note = (problem: ReloadProblem) => void;

interface Compiling {
  readonly rules: ReloadRules;
  readonly note: Note;
}

function compileKind(kind: ReloaderKind, workload: ReloadWorkload, { rules: { keys }, note }: Compiling): KindRules {
  const present = [keys.named[kind], keys.search, keys.auto, keys.typedAuto[kind], annotation.restart];
  const level = present.some((key) => valueOf(workload.annotations, key) !== undefined) ? 'workload' : 'template';
  const source = level === 'workload' ? workload.annotations : workload.templateAnnotations;
  const excluded = valueOf(workload.annotations, keys.exclude[kind]);
  const general = valueOf(source, annotation.restart) === undefined ? keys.auto : annotation.restart;
  return {
    level,
    excluded: new Set(excluded === undefined ? [] : splitTrimmed(excluded)),
    named: readNamed(source, keys.named[kind], note),
    searches: valueOf(source, keys.search) === 'true',
    auto: readAuto(source, [general, keys.typedAuto[kind]], note),
  };
}

function readNamed(source: Annotations, key: string, note: Note): NamePatterns | undefined {
  const value = valueOf(source, key);
  if (value === undefined) return undefined;
  const { patterns, problems } = readPatterns(value);
  for (const problem of problems) note({ key, ...problem });
  return patterns;
}

/** The keys are OR-ed; empty is as good as absent. */
function readAuto(source: Annotations, keys: readonly string[], note: Note): Auto {
  const written = keys.filter((key) => (valueOf(source, key) ?? '') !== '');
  const on = written.filter((key) => {
    const parsed = parseBool(source[key] ?? '');
    if (parsed === undefined)
      note({ key, reason: 'bad-boolean', says: 'is neither true nor false and counts as false' });
    return parsed === true;
  });
  if (on[0] !== undefined) return { kind: 'on', key: on[0] };
  return { kind: written.length > 0 ? 'off' : 'unset' };
}
