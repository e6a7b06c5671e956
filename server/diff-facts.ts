// Gathers what `lockstep diff` judges: engines first, then what is live, then what the owners concerned declare.
import type { DiffGap } from './core/diff-row.ts';
import type { DiffConfig, DiffFacts } from './core/diff.ts';
import { ownerKey } from './core/diff-declared.ts';
import type {
  EngineGap,
  EngineRef,
  OwnerPlan,
  OwnerRef,
  Ownership,
  OwnershipMarks,
  PlanOptions,
} from './core/engine.ts';
import { configResources, objectKey, type ConfigKind } from './core/object.ts';
import type { PreviewFacts } from './core/preview.ts';
import type { NamespaceFacts } from './core/explain.ts';
import type { Gap } from './core/explanation.ts';
import { declareOwners, resolveRevision, type OwnerPorts, type PlannedOwner } from './diff-owners.ts';
import { readLiveFacts, type LiveAsking, type LiveFacts } from './diff-reads.ts';
import { listElsewhere } from './elsewhere.ts';
import { askRecorded, type RecordedAsking } from './diff-recorded.ts';
import { readNamespace } from './explain-namespace.ts';
import type { Asking } from './explain-reads.ts';

/** All engines as one. */
export interface DiffEngines {
  ownerOf(marks: OwnershipMarks): Ownership;
  owners(): readonly EngineRef[];
  /** Those whose objects are, as they say, in another cluster. */
  elsewhere(): readonly EngineRef[];
  plan(owner: EngineRef, options: PlanOptions): OwnerPlan | undefined;
  /** Resources that are not known. */
  gaps(): readonly EngineGap[];
}

export interface DiffPorts extends OwnerPorts {
  readonly engines: DiffEngines;
  /** Sources of the configuration, each an owner of what it declares in its namespace. */
  readonly sources: readonly PlannedOwner[];
  readonly instanceLabels: readonly string[];
}

export interface DiffAsking extends Omit<LiveAsking, 'instanceLabels'>, Omit<RecordedAsking, 'namespace'>, Asking {
  readonly engine: OwnerRef['engine'] | undefined;
  readonly revision: string | undefined;
  readonly say: (text: string) => void;
  readonly now: number;
}

export interface Gathered<T> {
  readonly facts: T;
  /** What failed, so that the answer is not the whole one. */
  readonly failures: readonly DiffGap[];
}

/** Throws `api-*`; `git-not-found` when there is no such revision anywhere. */
export async function gatherDiff(ports: DiffPorts, asking: DiffAsking): Promise<Gathered<DiffFacts>> {
  const { namespace, engine, revision } = asking;
  const live = await readLiveFacts({ ...asking, instanceLabels: ports.instanceLabels });
  const planned = planOwners(ports, live, asking);
  const at = await findRevisions(ports, planned, asking);
  const { owners, failures } = await declareOwners(ports, planned, running(asking, planned, at.revisions));
  const recorded = await askRecorded(asking);
  const gaps = [...listGaps(ports, live), ...at.gaps, ...failures];
  if (recorded.kind === 'unknown') gaps.push({ about: 'recorded checksums', says: recorded.says });
  return {
    facts: {
      namespace,
      engine,
      revision,
      configs: live.configs.map((config): DiffConfig => ({
        ...config,
        ownership: ownershipOf(ports, config.marks),
      })),
      unread: unreadKinds(live),
      owners,
      workloads: live.workloads.map(({ seen, references }) => ({ ref: seen.ref, references })),
      recorded: recorded.kind === 'known' ? recorded.answers : undefined,
      gaps,
    },
    failures,
  };
}

/** Throws `api-*`; `git-not-found` when there is no such revision anywhere. */
export async function gatherPreview(
  ports: DiffPorts,
  asking: DiffAsking & { readonly revision: string },
): Promise<Gathered<PreviewFacts>> {
  const { namespace, revision, presence } = asking;
  const live = await readLiveFacts({ ...asking, instanceLabels: ports.instanceLabels });
  const planned = planOwners(ports, live, asking).filter(
    ({ owner }) => (asking.engine ?? owner.engine) === owner.engine,
  );
  const at = await findRevisions(ports, planned, asking);
  const before = await declareOwners(ports, planned, running(asking, planned, new Map()));
  const after = await declareOwners(ports, planned, running(asking, planned, at.revisions));
  const places = await readPlaces(asking, live);
  const failures = [...before.failures, ...after.failures];
  const owners = before.owners.flatMap((owner, place) => {
    const other = after.owners[place];
    return other === undefined ? [] : [{ owner: owner.owner, before: owner.declared, after: other.declared }];
  });
  return {
    facts: {
      namespace,
      revision,
      owners,
      configs: new Map(live.configs.map((config) => [objectKey(config.ref), config])),
      unread: unreadKinds(live),
      workloads: live.workloads,
      places,
      presence,
      gaps: [...listGaps(ports, live), ...at.gaps, ...failures],
    },
    failures,
  };
}

/** What cannot be read holds nothing: a restart that is held all the same is foreseen once too often. */
async function readPlaces(asking: DiffAsking, { workloads }: LiveFacts): Promise<PreviewFacts['places']> {
  const gaps: Gap[] = [];
  const places = new Map<string, NamespaceFacts>();
  for (const name of new Set(workloads.map(({ seen }) => seen.ref.namespace))) {
    places.set(name, await readNamespace(asking, name, gaps));
  }
  return places;
}

function running({ say, signal }: DiffAsking, { length }: readonly unknown[], revisions: ReadonlyMap<string, string>) {
  return {
    revisions,
    signal,
    onDone: (done: number) => say(`rendering what is declared: ${done} of ${length} owners`),
  };
}

async function findRevisions(ports: DiffPorts, planned: readonly PlannedOwner[], asking: DiffAsking) {
  const { revision, say, signal } = asking;
  if (revision === undefined) return { revisions: new Map<string, string>(), gaps: [] };
  say('looking for the revision in each repository');
  return resolveRevision(ports, planned, { revision, signal });
}

function ownershipOf({ engines }: DiffPorts, marks: OwnershipMarks | undefined): Ownership {
  return marks === undefined ? { kind: 'not-owned' } : engines.ownerOf(marks);
}

/** All, or for one namespace: those that own something in it, deploy to it, or are configured for it. */
function planOwners(ports: DiffPorts, live: LiveFacts, { namespace }: DiffAsking): readonly PlannedOwner[] {
  const { engines, sources } = ports;
  const owned = new Set<string>();
  for (const marks of [
    ...live.configs.map((each) => each.marks),
    ...live.workloads.map(({ seen }) => seen.ownership),
  ]) {
    const ownership = ownershipOf(ports, marks);
    if (ownership.kind !== 'not-owned') owned.add(ownerKey(ownership.owner));
  }
  const isConcerned = (owner: EngineRef): boolean =>
    namespace === undefined || owned.has(ownerKey(owner)) || deploysTo(engines, owner, namespace);
  const planned = engines
    .owners()
    .filter(isConcerned)
    .map((owner): PlannedOwner => ({ owner, plan: async (options) => engines.plan(owner, options) }));
  return [...planned, ...sources.filter(({ owner }) => namespace === undefined || owner.namespace === namespace)];
}

/** Its overrides change what is rendered, not where it goes. */
function deploysTo(engines: DiffEngines, owner: EngineRef, namespace: string): boolean {
  const found = engines.plan(owner, { revisions: new Map() })?.finish([]);
  return found !== undefined && 'parts' in found && found.namespace === namespace;
}

function unreadKinds({ forbidden }: LiveFacts): ReadonlySet<ConfigKind> {
  const kinds = Object.entries(configResources) as [ConfigKind, string][];
  return new Set(kinds.flatMap(([kind, resource]) => (forbidden.includes(resource) ? [kind] : [])));
}

function listGaps({ engines }: DiffPorts, { forbidden }: LiveFacts): DiffGap[] {
  const lists = forbidden.map((resource) => ({ about: resource, says: 'listing them is not granted' }));
  const unseen = engines.gaps().filter(({ reason }) => reason !== 'not-served');
  const unknown = unseen.map(({ resource, reason }) => ({
    about: resource,
    says:
      reason === 'forbidden' ? 'listing them is not granted: what they own is not told' : 'they could not be listed',
  }));
  return [...lists, ...unknown, ...listElsewhere(engines.elsewhere())];
}
