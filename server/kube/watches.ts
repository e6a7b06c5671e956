// Starts the reflectors of everything Lockstep watches, in the order that makes their first lists a proof: workloads, then
// config objects, then revisions (RESTART-PROTOCOL.md rule 5), and says which are not synced.
import type { LockstepError } from '../core/errors.ts';
import { classResource, compareVersions, configResources, statusResource, workloadKinds } from '../core/object.ts';
import type { WorkloadKind } from '../core/object.ts';
import type { SeenProviderClass, SeenStatus } from '../core/provider-class.ts';
import { isWatched } from '../core/reload.ts';
import type { Selector } from '../core/selector.ts';
import type { SeenConfig, SeenEvent, SeenNamespace, SeenRevision, SeenWorkload } from '../core/seen.ts';
import type { Client } from './client.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { groupPath, parseConfig } from './ingest-config.ts';
import { parseProviderClass, parseStatus } from './ingest-provider-class.ts';
import { parseNamespace, parseRevision } from './ingest-revision.ts';
import { parseWorkload, workloadPath } from './ingest-workload.ts';
import type { Reading } from './ingest.ts';
import { reflect, type ReflectorOptions } from './reflector.ts';
import { selectionQuery } from './selection.ts';

export interface WatchHandlers {
  readonly onWorkload: (event: SeenEvent<SeenWorkload>) => void;
  readonly onConfig: (event: SeenEvent<SeenConfig>) => void;
  readonly onProviderClass: (event: SeenEvent<SeenProviderClass>) => void;
  readonly onStatus: (event: SeenEvent<SeenStatus>) => void;
  readonly onRevision: (event: SeenEvent<SeenRevision>) => void;
  readonly onNamespace: (event: SeenEvent<SeenNamespace>) => void;
  readonly onSynced: (watch: string, isSynced: boolean) => void;
  readonly onTrouble: (watch: string, error: LockstepError, retryMs: number) => void;
}

export interface WatchOptions extends WatchHandlers {
  readonly client: Client;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly reading: Reading;
  readonly kinds: readonly WorkloadKind[];
  /** What config objects must carry. */
  readonly configSelector: Selector;
  /** `config-objects`: these only, besides the namespaces that are selected by label. */
  readonly resources: 'all' | 'config-objects';
  /** By label: they are listed before everything else, since it depends on them what counts. */
  readonly namespaceChoice: 'by-name' | 'by-label';
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Between the workloads' first list and the config objects': the ledger is read here. */
  readonly afterWorkloads: () => Promise<void>;
}

export interface Watches {
  /** Resolves when every first list is complete. Rejects with what a reflector threw: a bug. */
  readonly synced: Promise<void>;
  /** Whether resource versions of different resources come from one order; false until known. */
  readonly oneOrder: () => boolean;
  readonly unsynced: () => readonly string[];
  /** Every watch has said something since, so nothing from before is still to come (ms); undefined before the first lists. */
  readonly heardUntil: () => number | undefined;
  /** Resolves when all have ended. */
  readonly ended: Promise<void>;
}

/** Without spec and status; whole objects from a server that cannot. */
const metadataOnly = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
} as const;
/** A Secret or ConfigMap may be 1 MiB, a workload is a few KiB. */
const pageSizes = { config: 100, other: 500 } as const;

export function startWatches(options: WatchOptions, signal: AbortSignal): Watches {
  const unsynced = new Set<string>();
  const heardAt = new Map<string, number>();
  const running: Promise<void>[] = [];
  let inOrder = false;
  const startPhase = async (watches: readonly Watch[]): Promise<string[]> =>
    Promise.all(watches.map((watch) => startWatch(options, { watch, unsynced, heardAt, running, signal })));
  const phases = listPhases(options, createDiscovery(options.client, options.now));
  const titles = phases.flatMap(({ watches }) => watches.map(({ title }) => title));
  for (const title of titles) unsynced.add(title);
  const start = async (): Promise<void> => {
    const versions: string[][] = [];
    for (const { watches, after } of phases) {
      versions.push(await startPhase(watches));
      await after?.();
    }
    inOrder = options.resources === 'all' && (await isOneOrder(options, versions, signal));
  };
  const synced = start();
  const heardUntil = (): number | undefined =>
    heardAt.size < titles.length ? undefined : Math.min(...heardAt.values());
  const ended = synced.catch(() => undefined).then(async () => void (await Promise.all(running)));
  return { synced, ended, oneOrder: () => inOrder, unsynced: () => [...unsynced], heardUntil };
}

/** Watches whose first lists are made at the same time. */
interface Phase {
  readonly watches: readonly Watch[];
  readonly after?: () => Promise<void>;
}

function listPhases(options: WatchOptions, discovery: Discovery): readonly Phase[] {
  const namespaces = { watches: namespaceWatches(options) };
  const byLabel = options.namespaceChoice === 'by-label' ? [namespaces] : [];
  const configs = { watches: [...configWatches(options), ...classWatches(options, discovery)] };
  if (options.resources === 'config-objects') return [...byLabel, configs];
  const workloads = { watches: workloadWatches(options, discovery), after: options.afterWorkloads };
  const revisions = revisionWatches(options);
  const last = { watches: byLabel.length > 0 ? revisions : [...revisions, ...namespaces.watches] };
  return [...byLabel, workloads, configs, last];
}

interface Watch {
  readonly title: string;
  /** Runs until the signal aborts; `listed` is told each list's version. */
  readonly run: (
    watch: Pick<ReflectorOptions<never>, 'onListed' | 'onHeard' | 'onAbsent' | 'onTrouble'>,
    signal: AbortSignal,
  ) => Promise<void>;
}

interface Start {
  readonly watch: Watch;
  readonly unsynced: Set<string>;
  readonly heardAt: Map<string, number>;
  readonly running: Promise<void>[];
  readonly signal: AbortSignal;
}

/** Resolves with the first list's version; empty where the server has no such resource. */
function startWatch(options: WatchOptions, { watch, unsynced, heardAt, running, signal }: Start): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const setSynced = (isSynced: boolean): void => {
    if (isSynced) unsynced.delete(watch.title);
    else unsynced.add(watch.title);
    options.onSynced(watch.title, isSynced);
  };
  const run = watch.run(
    {
      onHeard: () => heardAt.set(watch.title, options.now()),
      onListed: (version) => {
        heardAt.set(watch.title, options.now());
        setSynced(true);
        resolve(version);
      },
      onAbsent: () => {
        heardAt.set(watch.title, Infinity);
        setSynced(true);
        resolve('');
      },
      onTrouble: (error, retryMs) => {
        if (error.code !== 'api-expired') setSynced(false);
        options.onTrouble(watch.title, error, retryMs);
      },
    },
    signal,
  );
  running.push(run.catch(reject));
  return promise;
}

function scopes(namespaces: readonly string[]): readonly (string | undefined)[] {
  return namespaces.length === 0 ? [undefined] : namespaces;
}

function titled(resource: string, namespace: string | undefined): string {
  return namespace === undefined ? resource : `${resource} in ${namespace}`;
}

function workloadWatches(options: WatchOptions, discovery: Discovery): Watch[] {
  return options.kinds.flatMap((kind) => {
    const { group, version, resource, mayBeAbsent } = workloadKinds[kind];
    return scopes(options.namespaces).map((namespace) =>
      toWatch<SeenWorkload>(options, namespace, {
        resource,
        base: `/apis/${group}/${version}`,
        parse: (object) => parseWorkload(kind, object, options.reading),
        onEvent: options.onWorkload,
        pageSize: pageSizes.other,
        ...(mayBeAbsent === true ? { isServed: (signal) => discovery.isServed(workloadKinds[kind], signal) } : {}),
      }),
    );
  });
}

function configWatches(options: WatchOptions): Watch[] {
  const kinds = (['Secret', 'ConfigMap'] as const).filter((kind) => isWatched(kind, options.reading.rules));
  return kinds.flatMap((kind) =>
    scopes(options.namespaces).map((namespace) =>
      toWatch<SeenConfig>(options, namespace, {
        resource: configResources[kind],
        base: '/api/v1',
        query: selectionQuery(kind, options.configSelector),
        parse: (object) => parseConfig(kind, object, options.reading),
        onEvent: options.onConfig,
        pageSize: pageSizes.config,
      }),
    ),
  );
}

/** The objects of the CSI driver. What is in the pods is in its status objects; the classes have the annotations. */
function classWatches(options: WatchOptions, discovery: Discovery): Watch[] {
  const { reading, configSelector } = options;
  if (!isWatched('SecretProviderClass', reading.rules)) return [];
  return scopes(options.namespaces).flatMap((namespace) => [
    toWatch<SeenProviderClass>(options, namespace, {
      resource: classResource.resource,
      base: groupPath(classResource),
      parse: (object) => parseProviderClass(object, reading),
      onEvent: options.onProviderClass,
      accept: metadataOnly,
      pageSize: pageSizes.other,
      isServed: (signal) => discovery.isServed(classResource, signal),
    }),
    toWatch<SeenStatus>(options, namespace, {
      resource: statusResource.resource,
      base: groupPath(statusResource),
      query: selectionQuery('SecretProviderClass', configSelector),
      parse: (object) => parseStatus(object, reading),
      onEvent: options.onStatus,
      pageSize: pageSizes.other,
      isServed: (signal) => discovery.isServed(statusResource, signal),
    }),
  ]);
}

function revisionWatches(options: WatchOptions): Watch[] {
  return scopes(options.namespaces).flatMap((namespace) =>
    (['replicasets', 'controllerrevisions'] as const).map((resource) =>
      toWatch<SeenRevision>(options, namespace, {
        resource,
        base: '/apis/apps/v1',
        parse: parseRevision,
        onEvent: options.onRevision,
        pageSize: pageSizes.other,
        ...(resource === 'replicasets' ? { accept: metadataOnly } : {}),
      }),
    ),
  );
}

/** The pause switch of single namespaces needs a right on all of them, so it is left out where namespaces are listed. */
function namespaceWatches(options: WatchOptions): Watch[] {
  if (options.namespaces.length > 0) return [];
  const namespaces = { resource: 'namespaces', base: '/api/v1', parse: parseNamespace, onEvent: options.onNamespace };
  return [
    toWatch<SeenNamespace>(options, undefined, { ...namespaces, pageSize: pageSizes.other, accept: metadataOnly }),
  ];
}

interface Kind<T> {
  readonly resource: string;
  readonly base: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: typeof metadataOnly;
  readonly isServed?: (signal: AbortSignal) => Promise<boolean>;
  readonly pageSize: number;
  readonly parse: ReflectorOptions<T>['parse'];
  readonly onEvent: ReflectorOptions<T>['onEvent'];
}

function toWatch<T>(options: WatchOptions, namespace: string | undefined, { base, ...kind }: Kind<T>): Watch {
  const { client, random, sleep } = options;
  const path = `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.resource}`;
  return {
    title: titled(kind.resource, namespace),
    run: (callbacks, signal) => reflect({ client, path, random, sleep, ...kind, ...callbacks }, signal),
  };
}

/** Lists made one after the other must show rising versions, the last one below a fresh one of the first resource. */
async function isOneOrder(
  options: WatchOptions,
  phases: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<boolean> {
  const query = { limit: '1' };
  const path = workloadPath('Deployment', options.namespaces[0]);
  const again = await options.client
    .send({ verb: 'list', resource: 'deployments', subject: '', path, query, signal })
    .catch(() => undefined);
  const last = (again as { metadata?: { resourceVersion?: string } } | undefined)?.metadata?.resourceVersion;
  if (last === undefined) return false;
  const told = phases.map((versions) => versions.filter((version) => version !== ''));
  const sorted = [...told.map((versions) => versions.sort(compareVersions)), [last]];
  return sorted.every((versions, index) => {
    const before = sorted[index - 1]?.at(-1);
    return before === undefined || compareVersions(before, versions[0] ?? '') <= 0;
  });
}
