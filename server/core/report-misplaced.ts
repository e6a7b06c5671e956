// Annotations that are not read as they stand: on the wrong object, hidden, or with a value that counts as nothing.
import { annotation, valueOf, type Annotations } from './annotations.ts';
import type { ConfigKind } from './object.ts';
import { reloaderKinds, type ReloadKeys } from './reloader-keys.ts';
import { unmatchedAdvice } from './report-advice.ts';
import { isAlive, type ReportedConfig, type ReportedWorkload, type ReportFacts } from './report-facts.ts';
import type { UnmatchedFinding } from './report-findings.ts';

/** Without advice: that of the reason. */
type Found = Omit<UnmatchedFinding, 'object' | 'advice'> & { readonly advice?: string };
type Names = Pick<ReportFacts, 'rules' | 'pausePeriod'>;

/** By workload, then by config object. */
export function findMisplaced(facts: ReportFacts): readonly UnmatchedFinding[] {
  const tell =
    (object: UnmatchedFinding['object']) =>
    (found: Found): UnmatchedFinding => ({ object, advice: unmatchedAdvice[found.reason], ...found });
  return [
    ...facts.workloads
      .filter(isAlive)
      .flatMap((workload) => judgeWorkload(facts, workload).map(tell(workload.seen.ref))),
    ...[...facts.configs.values()].flatMap((config) => judgeConfig(facts, config).map(tell(config.seen.ref))),
  ];
}

/** Every annotation that is judged here, wherever it stands. */
export function judgedAnnotations(names: Names): readonly string[] {
  return [...workloadKeys(names), ...templateless(names), ...configKeys(names.rules.keys), annotation.pause];
}

/** Read on workloads, else on pod templates. */
function workloadKeys({ rules: { keys } }: Names): readonly string[] {
  const byKind = reloaderKinds.flatMap((kind) => [keys.typedAuto[kind], keys.named[kind]]);
  return [keys.auto, keys.search, annotation.restart, annotation.settle, ...byKind];
}

/** Read on workloads only. */
function templateless({ rules: { keys }, pausePeriod }: Names): readonly string[] {
  return [...reloaderKinds.map((kind) => keys.exclude[kind]), pausePeriod];
}

function configKeys(keys: ReloadKeys): readonly string[] {
  return [keys.match, keys.ignore, annotation.ignore];
}

function judgeWorkload(names: Names, workload: ReportedWorkload): Found[] {
  const { annotations, templateAnnotations, compiled, seen } = workload;
  const { keys } = names.rules;
  const levelOf = (key: string): Found['level'] => (valueOf(annotations, key) === undefined ? 'template' : 'object');
  const paused = present(seen.ref.kind === 'Deployment' ? [] : [names.pausePeriod], annotations);
  return [
    ...compiled.problems.map(({ key, says }): Found => {
      const advice = `${unmatchedAdvice['unreadable-value']}: it ${says}`;
      return { level: levelOf(key), annotation: key, reason: 'unreadable-value', advice };
    }),
    ...[annotations, templateAnnotations].flatMap((from, at) => {
      const level = at === 0 ? 'object' : 'template';
      const moved = [
        ...moveTo('on a Secret or ConfigMap', present(configKeys(keys), from), level),
        ...moveTo('on a namespace', present([annotation.pause], from), level),
      ];
      return [...moved, ...notTrue(from, [keys.search], level)];
    }),
    ...moveTo('on the workload itself', present(templateless(names), templateAnnotations), 'template'),
    ...paused.map((key): Found => ({ level: 'object', annotation: key, reason: 'deployment-only' })),
    ...listHidden(names, workload),
  ];
}

function judgeConfig(names: Names, { annotations }: ReportedConfig): Found[] {
  return [
    ...moveTo('on a workload', present([...workloadKeys(names), ...templateless(names)], annotations), 'object'),
    ...moveTo('on a namespace', present([annotation.pause], annotations), 'object'),
    ...notTrue(annotations, configKeys(names.rules.keys), 'object'),
  ];
}

/** Flags may give two annotations one key. */
function present(keys: readonly string[], annotations: Annotations): readonly string[] {
  return [...new Set(keys)].filter((key) => valueOf(annotations, key) !== undefined);
}

function moveTo(place: string, keys: readonly string[], level: Found['level']): Found[] {
  const advice = `${unmatchedAdvice['wrong-place']}: ${place}`;
  return keys.map((key) => ({ level, annotation: key, reason: 'wrong-place', advice }));
}

/** Reloader compares these texts with `true`; what plainly means no is left alone. */
function notTrue(annotations: Annotations, keys: readonly string[], level: Found['level']): Found[] {
  return keys.flatMap((key) => {
    const value = valueOf(annotations, key);
    const isPlain = value === undefined || ['true', 'false', ''].includes(value);
    return isPlain ? [] : [{ level, annotation: key, part: value, reason: 'not-exactly-true' }];
  });
}

/** On the pod template, where no kind that they concern is read from there. */
function listHidden({ rules: { keys } }: Names, { annotations, templateAnnotations, compiled }: ReportedWorkload) {
  const both: readonly ConfigKind[] = ['ConfigMap', 'Secret'];
  const general = [keys.auto, keys.search, annotation.restart].map((key) => ({ key, kinds: both }));
  const typed = both.flatMap((kind) => [keys.typedAuto[kind], keys.named[kind]].map((key) => ({ key, kinds: [kind] })));
  return [...general, ...typed].flatMap(({ key, kinds }): Found[] => {
    const value = valueOf(templateAnnotations, key);
    const isRead = kinds.some((kind) => compiled.kinds[kind].level === 'template');
    if (value === undefined || isRead || valueOf(annotations, key) === value) return [];
    return [{ level: 'template', annotation: key, reason: 'hidden-by-workload' }];
  });
}
