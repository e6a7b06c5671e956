// Does a change of this config object restart this workload? ShouldReload of stakater/Reloader (v1.4.21, pkg/common/common.go),
// rule by rule in its order, with Lockstep's own annotations on top: `lockstep.dev/restart` stands in for auto,
// `lockstep.dev/ignore` beside ignore. Whether a reference is needed too is in the answer; references are judged elsewhere.
import { annotation, valueOf, type Annotations } from './annotations.ts';
import { compileReload, type CompiledReload, type KindRules, type ReloadWorkload } from './reload-compile.ts';
import { configKinds, type ConfigKind } from './object.ts';
import { defaultReloadRules, type ReloaderKind, type ReloadRules } from './reloader-keys.ts';
import { matchesName } from './reloader-pattern.ts';

export { annotation, type Annotations } from './annotations.ts';
export { parseBool } from './go-text.ts';

/** The changed object. For a SecretProviderClass: the class's own annotations, not those of its status objects. */
export interface ReloadConfig {
  readonly kind: ReloaderKind;
  readonly name: string;
  readonly annotations: Annotations;
}

export type ReloadDecision =
  /** Named: whether referenced or not. Search and auto: only if the pod template refers to the config object. */
  | {
      readonly kind: 'yes';
      readonly how: 'named' | 'search' | 'auto';
      /** The annotation that says so, or the flag. */
      readonly by: string;
    }
  | { readonly kind: 'no'; readonly reason: ReloadRefusal };

export type ReloadRefusal =
  | 'resource-ignored'
  | 'workload-type-ignored'
  | 'config-ignored'
  | 'excluded'
  /** The workload names others. */
  | 'not-named'
  /** The workload searches, and the config object is not marked. */
  | 'not-marked'
  /** Auto is written and is not true. */
  | 'turned-off'
  | 'not-opted-in';

/** All at once, for one pair that is asked about once. Never throws. */
export function shouldReload(input: {
  readonly rules: ReloadRules;
  readonly config: ReloadConfig;
  readonly workload: ReloadWorkload;
}): ReloadDecision {
  return decideReload(compileReload(input.workload, input.rules), input.config);
}

export function decideReload(compiled: CompiledReload, config: ReloadConfig): ReloadDecision {
  const at: Case = { compiled, config, own: compiled.kinds[config.kind] };
  for (const { judge } of ordered) {
    const decision = judge(at);
    if (decision !== undefined) return decision;
  }
  return { kind: 'no', reason: refusal(at.own) };
}

/** What each rule said until one decided, for `lockstep explain`. */
export interface ReloadExplanation {
  readonly decision: ReloadDecision;
  /** Whose annotations counted. */
  readonly level: KindRules['level'];
  /** Rules that had no opinion, in order. */
  readonly passed: readonly RuleName[];
  /** Undefined when no rule decided. */
  readonly decidedBy: RuleName | undefined;
}

export function explainReload(compiled: CompiledReload, config: ReloadConfig): ReloadExplanation {
  const at: Case = { compiled, config, own: compiled.kinds[config.kind] };
  const decisive = ordered.findIndex(({ judge }) => judge(at) !== undefined);
  return {
    decision: decideReload(compiled, config),
    level: at.own.level,
    passed: ordered.slice(0, decisive < 0 ? ordered.length : decisive).map(({ name }) => name),
    decidedBy: ordered[decisive]?.name,
  };
}

interface Case {
  readonly compiled: CompiledReload;
  readonly config: ReloadConfig;
  readonly own: KindRules;
}

export type RuleName =
  | 'resources-to-ignore'
  | 'ignored-workload-types'
  | 'ignore'
  | 'exclude'
  | 'named'
  | 'search'
  | 'auto'
  | 'auto-reload-all';

interface Rule {
  readonly name: RuleName;
  /** Undefined: the next rule is asked. */
  readonly judge: (at: Case) => ReloadDecision | undefined;
}

/** The first that decides wins. Which annotations count was settled when the workload was read. */
const ordered: readonly Rule[] = [
  { name: 'resources-to-ignore', judge: refuseIf(isResourceIgnored, 'resource-ignored') },
  { name: 'ignored-workload-types', judge: refuseIf(isWorkloadTypeIgnored, 'workload-type-ignored') },
  {
    name: 'ignore',
    judge: refuseIf(({ compiled, config }) => isIgnored(config.annotations, compiled.rules), 'config-ignored'),
  },
  { name: 'exclude', judge: refuseIf(({ own, config }) => own.excluded.has(config.name), 'excluded') },
  {
    name: 'named',
    judge: ({ own, config, compiled }) =>
      own.named !== undefined && matchesName(own.named, config.name)
        ? { kind: 'yes', how: 'named', by: compiled.rules.keys.named[config.kind] }
        : undefined,
  },
  {
    name: 'search',
    judge: ({ own, config, compiled: { rules } }) =>
      own.searches && valueOf(config.annotations, rules.keys.match) === 'true'
        ? { kind: 'yes', how: 'search', by: rules.keys.search }
        : undefined,
  },
  {
    name: 'auto',
    judge: ({ own: { auto } }) => (auto.kind === 'on' ? { kind: 'yes', how: 'auto', by: auto.key } : undefined),
  },
  {
    name: 'auto-reload-all',
    judge: ({ own, compiled }) =>
      own.auto.kind === 'unset' && reloadsAll(compiled)
        ? { kind: 'yes', how: 'auto', by: '--auto-reload-all' }
        : undefined,
  },
];

function refuseIf(holds: (at: Case) => boolean, reason: ReloadRefusal): Rule['judge'] {
  return (at) => (holds(at) ? { kind: 'no', reason } : undefined);
}

function isResourceIgnored({ config, compiled: { rules } }: Case): boolean {
  return !isWatched(config.kind, rules);
}

/** The kinds that concern anybody under these rules. */
export function knownKinds({ csi }: ReloadRules): readonly ConfigKind[] {
  return configKinds.filter((kind) => kind !== 'SecretProviderClass' || csi);
}

/** `--resources-to-ignore` knows no word for SecretProviderClasses, which have a flag of their own. */
export function isWatched(kind: ReloaderKind, { resourcesToIgnore, csi }: ReloadRules): boolean {
  if (kind === 'SecretProviderClass') return csi;
  const word = kind === 'Secret' ? 'secrets' : 'configmaps';
  return !resourcesToIgnore.includes(word);
}

function isWorkloadTypeIgnored({ compiled: { rules, workloadKind } }: Case): boolean {
  const word = workloadKind === 'Job' ? 'jobs' : workloadKind === 'CronJob' ? 'cronjobs' : undefined;
  return rules.ignoredWorkloadTypes.some((ignored) => ignored === word);
}

/** Of all that did not apply, what its author would ask about first. */
function refusal({ named, searches, auto }: KindRules): ReloadRefusal {
  if (named !== undefined) return 'not-named';
  if (searches) return 'not-marked';
  return auto.kind === 'off' ? 'turned-off' : 'not-opted-in';
}

/** True when a config object is marked as not restarting anything. */
export function isIgnored(annotations: Annotations, { keys }: ReloadRules = defaultReloadRules): boolean {
  return valueOf(annotations, keys.ignore) === 'true' || valueOf(annotations, annotation.ignore) === 'true';
}

/** Can a reference to a config object of this kind make a `yes`? Where not, the workload's references need no index. */
export function asksForReferences(compiled: CompiledReload, kind: ReloaderKind): boolean {
  const { searches, auto } = compiled.kinds[kind];
  return searches || auto.kind === 'on' || (auto.kind === 'unset' && reloadsAll(compiled));
}

/** A Job that starts by surprise does harm: a flag for everything is not asking for it. */
function reloadsAll({ rules, workloadKind }: CompiledReload): boolean {
  const isJob = workloadKind === 'Job' || workloadKind === 'CronJob';
  return rules.autoReloadAll && (rules.runsAllJobs || !isJob);
}
