// Opens the engines of the registry, for the service by watches and for commands by lists, and lets them answer as one.
import type {
  EngineGap,
  EngineName,
  EngineProgress,
  EngineRef,
  EngineView,
  OwnerPlan,
  Ownership,
  OwnershipMarks,
  PlanOptions,
} from './core/engine.ts';
import type { EngineSettings } from './engine-flags.ts';
import type { Client } from './kube/client.ts';
import { readEngineResources, type EngineReadOptions } from './kube/engine-reads.ts';
import type { EngineSubject } from './kube/engine-resources.ts';
import { startEngineWatches, type EngineWatchOptions } from './kube/engine-watches.ts';
import { engines } from './registry.ts';

/** All engines as one. */
export interface Engines {
  /** A confirmed owner before a claimed one; two confirmed ones are none. Says so where the owner's resource is not visible. */
  ownerOf(marks: OwnershipMarks): Ownership;
  /** Those whose objects are in this cluster; of one engine, or of all. */
  owners(engine?: EngineName): readonly EngineRef[];
  /** Those whose objects are, as they say, in another one. */
  elsewhere(): readonly EngineRef[];
  /** Undefined: there is no such owner here. */
  plan(owner: EngineRef, options: PlanOptions): OwnerPlan | undefined;
  progressOf(owner: EngineRef, workload: Parameters<EngineView['progressOf']>[1]): EngineProgress;
  /** Resources that are not known, so that what they would say is missing. */
  gaps(): readonly EngineGap[];
}

export interface EngineClients {
  /** This cluster. */
  readonly client: Client;
  /** The one that Argo CD runs in, where `settings` name one. */
  readonly hub: Client | undefined;
  readonly settings: EngineSettings;
  /** Where the resources of engines in this cluster are looked for; empty: anywhere. */
  readonly namespaces: readonly string[];
}

export interface WatchedEngines extends Engines {
  /** Resolves when everything is known that can be. Rejects with a bug. */
  readonly synced: Promise<void>;
  readonly ended: Promise<void>;
}

/** For the service: engines that follow their resources until `signal` aborts. */
export function openEngines(
  options: EngineClients & Omit<EngineWatchOptions, 'client' | 'subjects'>,
  signal: AbortSignal,
): WatchedEngines {
  const { views, groups } = prepare(options);
  const watches = groups.map((group) => startEngineWatches({ ...options, ...group }, signal));
  return {
    ...joinEngines(views, () => watches.flatMap(({ gaps }) => gaps())),
    synced: Promise.all(watches.map(({ synced }) => synced)).then(() => undefined),
    ended: Promise.all(watches.map(({ ended }) => ended)).then(() => undefined),
  };
}

/** For commands: engines as their resources are now. Throws `api-*`. */
export async function readEngines(
  options: EngineClients & Omit<EngineReadOptions, 'client' | 'subjects'>,
): Promise<Engines> {
  const { views, groups } = prepare(options);
  const gaps = await Promise.all(groups.map((group) => readEngineResources({ ...options, ...group })));
  return joinEngines(views, () => gaps.flat());
}

type Views = ReadonlyMap<EngineName, EngineView>;

interface Prepared {
  readonly views: Views;
  /** By the cluster that has their resources. */
  readonly groups: readonly { readonly client: Client; readonly subjects: readonly EngineSubject[] }[];
}

/** Flux's owners name no other cluster by which this one could be found, so only Argo CD is looked for in a hub. */
function prepare({ client, hub, settings, namespaces }: EngineClients): Prepared {
  const open = (engine: EngineName, where: readonly string[]): EngineSubject & { readonly view: EngineView } => {
    const { resources } = engines[engine];
    const { namespace } = settings[engine];
    return { engine, resources, namespace, namespaces: where, view: engines[engine].open(settings[engine]) };
  };
  const argocd = open('argocd', hub === undefined ? namespaces : []);
  const flux = open('flux', namespaces);
  const views = new Map<EngineName, EngineView>([
    ['argocd', argocd.view],
    ['flux', flux.view],
  ]);
  if (hub === undefined) return { views, groups: [{ client, subjects: [argocd, flux] }] };
  return {
    views,
    groups: [
      { client: hub, subjects: [argocd] },
      { client, subjects: [flux] },
    ],
  };
}

function joinEngines(views: Views, gaps: Engines['gaps']): Engines {
  return {
    ownerOf(marks) {
      const answers = [...views.values()].map((view) => view.ownerOf(marks));
      const [first, second] = answers.filter((answer) => answer.kind === 'owned');
      if (first !== undefined && second !== undefined) {
        return { kind: 'unconfirmed', owner: first.owner, reason: 'two-owners' };
      }
      const claim = answers.find((answer) => answer.kind === 'unconfirmed');
      return first ?? (claim === undefined ? { kind: 'not-owned' } : explainClaim(claim, gaps()));
    },
    owners: (engine) =>
      [...views].flatMap(([name, view]) => (engine === undefined || engine === name ? view.owners() : [])),
    elsewhere: () => [...views.values()].flatMap((view) => view.owners('elsewhere')),
    plan: (owner, options) => views.get(owner.engine)?.plan(owner, options),
    progressOf: (owner, workload) => views.get(owner.engine)?.progressOf(owner, workload) ?? { kind: 'idle' },
    gaps,
  };
}

type Claim = Extract<Ownership, { readonly kind: 'unconfirmed' }>;

/** An owner that cannot be seen may exist: `owner-forbidden`, `owner-not-served`, `owner-not-listed`. */
function explainClaim(claim: Claim, gaps: readonly EngineGap[]): Claim {
  const { engine, kind } = claim.owner;
  const gap = gaps.find((candidate) => candidate.engine === engine && candidate.kind === kind);
  return gap === undefined ? claim : { ...claim, reason: `owner-${gap.reason}` };
}
