// Annotations that match nothing: names and expressions that no object has, auto and search without anything to find,
// marks that nobody searches for.
import { valueOf, type Annotations } from './annotations.ts';
import { splitTrimmed } from './go-text.ts';
import { configResources, objectKey, type ConfigKind } from './object.ts';
import { matchesName, readPatterns } from './reloader-pattern.ts';
import { unmatchedAdvice } from './report-advice.ts';
import { indexNames } from './report-fan-out.ts';
import { isAlive, isUnread, workloadResources, type ReportedConfig } from './report-facts.ts';
import type { ReportedWorkload, ReportFacts } from './report-facts.ts';
import type { UnmatchedFinding } from './report-findings.ts';

type Found = Omit<UnmatchedFinding, 'object' | 'advice'>;

const configKinds: readonly ConfigKind[] = ['ConfigMap', 'Secret'];

/** By workload, then by config object. What could not be read is not judged. */
export function findUnmatched(facts: ReportFacts): readonly UnmatchedFinding[] {
  const names = indexNames(facts);
  const readable = configKinds.filter((kind) => !isUnread(facts, configResources[kind]));
  const ofWorkloads = facts.workloads.filter(isAlive).flatMap((workload) => {
    const namesOf = (kind: ConfigKind): readonly string[] => names.get(`${kind}/${workload.seen.ref.namespace}`) ?? [];
    const found = [
      ...readable.flatMap((kind) => findUnknownNames(workload, kind, namesOf(kind))),
      ...findIdleAuto(workload),
      ...findIdleSearch(facts, workload),
    ];
    return found.map((each) => ({ object: workload.seen.ref, ...each, advice: unmatchedAdvice[each.reason] }));
  });
  return [...ofWorkloads, ...findUnsearched(facts)];
}

function levelOf({ compiled }: ReportedWorkload, kind: ConfigKind): Found['level'] {
  return compiled.kinds[kind].level === 'workload' ? 'object' : 'template';
}

function annotationsOf(workload: ReportedWorkload, level: Found['level']): Annotations {
  return level === 'object' ? workload.annotations : workload.templateAnnotations;
}

function findUnknownNames(workload: ReportedWorkload, kind: ConfigKind, names: readonly string[]): Found[] {
  const { named, exclude } = workload.compiled.rules.keys;
  const level = levelOf(workload, kind);
  const listed = valueOf(annotationsOf(workload, level), named[kind]);
  const wanted = (listed === undefined ? [] : splitTrimmed(listed)).flatMap((part): Found[] => {
    const { patterns } = readPatterns(part);
    const isName = patterns.names.size > 0;
    // What cannot be compiled is told as unreadable.
    if (!isName && patterns.expressions.length === 0) return [];
    if (names.some((name) => matchesName(patterns, name))) return [];
    return [{ level, annotation: named[kind], part, reason: isName ? 'names-nothing' : 'expression-matches-nothing' }];
  });
  const excluded = valueOf(workload.annotations, exclude[kind]);
  const missed = (excluded === undefined ? [] : splitTrimmed(excluded)).filter((part) => !names.includes(part));
  return [
    ...wanted,
    ...missed.map((part): Found => ({ level: 'object', annotation: exclude[kind], part, reason: 'excludes-nothing' })),
  ];
}

/** By annotation, since the general one means both kinds. */
function findIdleAuto(workload: ReportedWorkload): Found[] {
  const { compiled, references, mountsClasses } = workload;
  const keys = configKinds.flatMap((kind) => {
    const { auto } = compiled.kinds[kind];
    return auto.kind === 'on' ? [{ kind, key: auto.key }] : [];
  });
  return [...Map.groupBy(keys, ({ key }) => key)].flatMap(([annotation, members]): Found[] => {
    const isUsed = references.some(({ kind }) => members.some((member) => member.kind === kind)) || mountsClasses;
    const level = levelOf(workload, members[0]?.kind ?? 'Secret');
    return isUsed ? [] : [{ level, annotation, reason: 'auto-without-reference' }];
  });
}

function findIdleSearch(facts: ReportFacts, workload: ReportedWorkload): Found[] {
  const { compiled, references, mountsClasses, seen } = workload;
  const { search: annotation } = compiled.rules.keys;
  const kinds = configKinds.filter((kind) => compiled.kinds[kind].searches);
  if (kinds[0] === undefined || mountsClasses) return [];
  const level = levelOf(workload, kinds[0]);
  const referred = references.filter(({ kind }) => kinds.includes(kind));
  if (referred.length === 0) return [{ level, annotation, reason: 'search-without-reference' }];
  if (isUnread(facts, ...kinds.map((kind) => configResources[kind]))) return [];
  const configs = referred.map((each) => facts.configs.get(objectKey({ ...each, namespace: seen.ref.namespace })));
  return configs.some((config) => isMarked(facts, config))
    ? []
    : [{ level, annotation, reason: 'search-finds-nothing' }];
}

function isMarked({ rules }: ReportFacts, config: ReportedConfig | undefined): boolean {
  return config !== undefined && valueOf(config.annotations, rules.keys.match) === 'true';
}

/** Marks that no workload's search can reach. Not judged where a kind of workload could not be read. */
function findUnsearched(facts: ReportFacts): UnmatchedFinding[] {
  if (isUnread(facts, ...workloadResources)) return [];
  const searched = new Set(
    facts.workloads.flatMap(({ compiled, references, seen }) =>
      references
        .filter(({ kind }) => compiled.kinds[kind].searches)
        .map((each) => objectKey({ ...each, namespace: seen.ref.namespace })),
    ),
  );
  return [...facts.configs].flatMap(([key, config]) => {
    if (!isMarked(facts, config) || searched.has(key)) return [];
    const reason = 'match-unsearched';
    const annotation = facts.rules.keys.match;
    return [{ object: config.seen.ref, level: 'object', annotation, reason, advice: unmatchedAdvice[reason] } as const];
  });
}
