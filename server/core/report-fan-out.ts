// How many workloads, and pods, one change of a config object would restart by the rules as they are.
import { objectKey, type ConfigKind, type ConfigRef } from './object.ts';
import { decideReload } from './reload.ts';
import { matchesName } from './reloader-pattern.ts';
import { fanOutAdvice } from './report-advice.ts';
import { isUnread, type ReportedWorkload, type ReportFacts } from './report-facts.ts';
import type { FanOutFinding } from './report-findings.ts';

/** The `top` largest, by workloads and then by pods. */
export function findFanOut(facts: ReportFacts, top: number): readonly FanOutFinding[] {
  const names = indexNames(facts);
  const pods = countPods(facts);
  const found = new Map<string, { config: ConfigRef; workloads: number; pods: number }>();
  for (const workload of facts.workloads) {
    for (const config of listRestarting(facts, workload, names)) {
      const key = objectKey(config);
      const sum = found.get(key) ?? { config, workloads: 0, pods: 0 };
      sum.workloads++;
      sum.pods += pods.get(objectKey(workload.seen.ref)) ?? 0;
      found.set(key, sum);
    }
  }
  const sums = [...found].sort(([a, x], [b, y]) => y.workloads - x.workloads || y.pods - x.pods || (a < b ? -1 : 1));
  return sums.slice(0, top).map(([, { pods: count, ...sum }]) => ({
    ...sum,
    ...(isUnread(facts, 'pods') ? {} : { pods: count }),
    advice: fanOutAdvice,
  }));
}

type Names = ReadonlyMap<string, readonly string[]>;

/** By `kind/namespace`. */
export function indexNames({ configs }: ReportFacts): Names {
  const refs = [...configs.values()].map(({ seen }) => seen.ref);
  return new Map(
    [...Map.groupBy(refs, ({ kind, namespace }) => `${kind}/${namespace}`)].map(([place, members]) => [
      place,
      members.map(({ name }) => name),
    ]),
  );
}

function countPods({ pods }: ReportFacts): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { owner } of pods) counts.set(objectKey(owner), (counts.get(objectKey(owner)) ?? 0) + 1);
  return counts;
}

const configKinds: readonly ConfigKind[] = ['ConfigMap', 'Secret'];

/** Existing config objects whose change restarts the workload: referred to, or named. */
function listRestarting(
  facts: ReportFacts,
  { seen, compiled, references }: ReportedWorkload,
  names: Names,
): ConfigRef[] {
  const { namespace } = seen.ref;
  if (seen.reload === undefined) return [];
  return configKinds.flatMap((kind) => {
    const patterns = compiled.kinds[kind].named;
    const existing = patterns === undefined ? [] : (names.get(`${kind}/${namespace}`) ?? []);
    const named = patterns === undefined ? [] : existing.filter((name) => matchesName(patterns, name));
    const referred = references.flatMap((reference) => (reference.kind === kind ? [reference.name] : []));
    return [...new Set([...referred, ...named])].flatMap((name) => {
      const ref: ConfigRef = { kind, namespace, name };
      const config = facts.configs.get(objectKey(ref));
      if (config === undefined) return [];
      const { annotations } = config.seen;
      return decideReload(compiled, { kind, name, annotations }).kind === 'yes' ? [ref] : [];
    });
  });
}
