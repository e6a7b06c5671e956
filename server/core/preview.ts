// What `lockstep diff --restarts` says: which workloads a change in Git would restart. Config objects that differ between two
// revisions and are not yet live as the second has them, times the live workloads that use them by the reload rules.
import type { Declaration } from './declaration.ts';
import type { DiffOwner } from './diff-declared.ts';
import type { OwnerRef } from './engine.ts';
import type { LiveContent } from './drift.ts';
import { explainConfig, type ExplainedWorkload, type NamespaceFacts } from './explain.ts';
import type { UserExplanation } from './explanation.ts';
import { objectKey, type ConfigRef, type WorkloadRef } from './object.ts';
import { changeOf, type ConfigChange } from './preview-change.ts';
import type { Cause, Preview, PreviewRow } from './preview-row.ts';
import type { Annotations } from './annotations.ts';
import type { PresenceRules } from './snapshot.ts';

export interface PreviewOwner {
  readonly owner: OwnerRef;
  /** As applied. */
  readonly before: DiffOwner['declared'];
  readonly after: DiffOwner['declared'];
}

export interface PreviewFacts {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly revision: string;
  readonly owners: readonly PreviewOwner[];
  /** By `objectKey`. */
  readonly configs: ReadonlyMap<string, { readonly live: LiveContent; readonly annotations: Annotations }>;
  /** Kinds that could not be listed. */
  readonly unread: ReadonlySet<ConfigRef['kind']>;
  readonly workloads: readonly ExplainedWorkload[];
  /** By namespace; of one that is missing nothing is known, and nothing holds restarts there. */
  readonly places: ReadonlyMap<string, NamespaceFacts>;
  readonly presence: PresenceRules;
  readonly gaps: Preview['gaps'];
}

export function makePreview(facts: PreviewFacts): Preview {
  const { namespace, revision, owners } = facts;
  const isAsked = (ref: { readonly namespace: string }): boolean =>
    namespace === undefined || ref.namespace === namespace;
  const changes = owners.flatMap((owner) => listChanges(facts, owner)).filter(({ config }) => isAsked(config));
  const rollouts = owners.flatMap(listRollouts).filter(isAsked);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    revision,
    changes: changes.sort((a, b) => (objectKey(a.config) < objectKey(b.config) ? -1 : 1)),
    workloads: listRows(facts, { changes, rollouts }),
    gaps: facts.gaps,
  };
}

/** Undefined where one of the two is not known. */
function bothOf({ before, after }: PreviewOwner): { before: Declaration; after: Declaration } | undefined {
  if (before.kind === 'unknown' || after.kind === 'unknown') return undefined;
  return { before: before.declaration, after: after.declaration };
}

function listChanges({ configs, unread }: PreviewFacts, owner: PreviewOwner): ConfigChange[] {
  const both = bothOf(owner);
  if (both === undefined) return [];
  const keys = new Set([...both.before.configs.keys(), ...both.after.configs.keys()]);
  return [...keys].flatMap((key) => {
    const [before, after] = [both.before.configs.get(key), both.after.configs.get(key)];
    const kind = (after ?? before)?.ref.kind;
    const live = kind !== undefined && unread.has(kind) ? 'unread' : configs.get(key)?.live;
    const change = changeOf({ before, after, live });
    return change === undefined ? [] : [{ ...change, owner: owner.owner }];
  });
}

function listRollouts(owner: PreviewOwner): WorkloadRef[] {
  const both = bothOf(owner);
  if (both === undefined) return [];
  return [...both.before.workloads].flatMap(([key, { ref, template }]) => {
    const after = both.after.workloads.get(key);
    return after === undefined || after.template === template ? [] : [ref];
  });
}

interface Effect {
  readonly workload: WorkloadRef;
  readonly cause: Cause;
  readonly user: UserExplanation;
}

interface Changed {
  readonly changes: readonly ConfigChange[];
  readonly rollouts: readonly WorkloadRef[];
}

function listRows(facts: PreviewFacts, { changes, rollouts }: Changed): PreviewRow[] {
  const effects = Map.groupBy(
    changes.flatMap((change) => listEffects(facts, change)),
    ({ workload }) => objectKey(workload),
  );
  const rolled = new Map(rollouts.map((ref) => [objectKey(ref), ref]));
  return [...new Set([...effects.keys(), ...rolled.keys()])].sort().flatMap((key): PreviewRow[] => {
    const found = effects.get(key) ?? [];
    const workload = rolled.get(key) ?? found[0]?.workload;
    if (workload === undefined) return [];
    return [{ workload, ...judge(found, rolled.has(key)), because: found.map(({ cause }) => cause), ...waitOf(found) }];
  });
}

function judge(effects: readonly Effect[], isRolled: boolean): Pick<PreviewRow, 'action' | 'reason'> {
  if (isRolled) return { action: 'rollout' };
  const sure = effects.filter(({ cause }) => cause.what !== 'unclear');
  const [first] = sure;
  if (first === undefined) return { action: 'unknown' };
  const held = sure.map(({ user }) => user.ifChanged).find(({ action }) => action === 'held');
  return held?.action === 'held' ? { action: 'held', reason: held.reason } : { action: 'restart' };
}

function waitOf(effects: readonly Effect[]): Pick<PreviewRow, 'waitsForDelete'> {
  return effects.some(({ user }) => user.waitsForDelete) ? { waitsForDelete: true } : {};
}

function listEffects(facts: PreviewFacts, change: ConfigChange): Effect[] {
  const { config, what, keys } = change;
  const { presence, places } = facts;
  const workloads = facts.workloads.filter(({ seen }) => seen.ref.namespace === config.namespace);
  const annotations = facts.configs.get(objectKey(config))?.annotations ?? {};
  const explained = explainConfig({
    config,
    annotations,
    workloads,
    gaps: [],
    place: places.get(config.namespace) ?? { pauseSwitch: false, isWatched: true },
    presence,
  });
  return explained.workloads.flatMap((user): Effect[] => {
    const counts = user.ifChanged.action === 'restart' || user.ifChanged.action === 'held';
    if (!counts || !isConcerned(change, user, { presence, workloads })) return [];
    const used = user.keys === undefined || user.keys === 'all' ? keys : keys.filter((key) => user.keys?.includes(key));
    return [{ workload: user.workload, cause: { config, what, keys: used }, user }];
  });
}

interface Surroundings {
  readonly presence: PresenceRules;
  readonly workloads: readonly ExplainedWorkload[];
}

/** Creations and deletions count by flag; pods that started without an optional object are stale when it comes. */
function isConcerned(
  { config, what, keys }: ConfigChange,
  user: UserExplanation,
  { presence, workloads }: Surroundings,
): boolean {
  switch (what) {
    case 'removed':
      return presence.onDelete;
    case 'created': {
      const own = workloads.find(({ seen }) => objectKey(seen.ref) === objectKey(user.workload));
      const reference = own?.references.find(({ kind, name }) => kind === config.kind && name === config.name);
      return presence.onCreate || reference?.optional === true;
    }
    case 'unclear':
      return true;
    case 'changed':
      return user.keys === undefined || user.keys === 'all' || keys.some((key) => user.keys?.includes(key));
  }
}
