// Watches the shop's namespace itself: which templates, data and pods came when, in the API server's own order.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KubeApi, KubeObject, WatchEvent } from '../engines/api.ts';
import type { PodBirth, TemplateChange } from './judge.ts';

/** A Deployment in the fields that tell how far its rollout is. */
export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: { readonly volumes?: readonly { readonly secret?: { readonly secretName?: string } }[] };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

export interface DataChange {
  readonly at: number;
  readonly version: bigint;
}

export interface Observer {
  readonly templateChanges: readonly TemplateChange[];
  deployment(name: string): Deployment | undefined;
  /** The last write that changed a Secret's data; its creation counts. */
  dataChange(secret: string): DataChange | undefined;
  /** Workloads that mount a Secret. */
  usersOf(secret: string): readonly string[];
  /** Pods that are not being deleted. */
  pods(): readonly PodBirth[];
  /** Calls back for every further change of a template. */
  onTemplateChange(tell: (change: TemplateChange) => void): void;
  /** Rejects when a watch cannot be continued: then nothing can be proven any more. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface ObserverOptions {
  readonly api: KubeApi;
  readonly namespace: string;
}

interface Facts {
  readonly deployments: Map<string, Deployment>;
  readonly templateChanges: TemplateChange[];
  readonly listeners: ((change: TemplateChange) => void)[];
  readonly data: Map<string, DataChange & { readonly digest: string }>;
  readonly births: Map<string, bigint>;
  readonly pods: Map<string, KubeObject>;
}

/** Resolves once everything that exists was seen. */
export async function startObserver({ api, namespace }: ObserverOptions): Promise<Observer> {
  const facts: Facts = {
    deployments: new Map(),
    templateChanges: [],
    listeners: [],
    data: new Map(),
    births: new Map(),
    pods: new Map(),
  };
  const stopping = new AbortController();
  const watched: readonly [path: string, see: (event: WatchEvent) => void][] = [
    [`/apis/apps/v1/namespaces/${namespace}/deployments`, (event) => seeDeployment(facts, event)],
    [`/api/v1/namespaces/${namespace}/secrets`, (event) => seeSecret(facts, event)],
    [`/api/v1/namespaces/${namespace}/pods`, (event) => seePod(facts, event)],
  ];
  const starts = watched.map(async ([path, see]) => {
    const { items, resourceVersion } = await api.list(path);
    for (const object of items) see({ type: 'ADDED', object });
    return { ended: follow({ api, path, from: resourceVersion, see, signal: stopping.signal }) };
  });
  const watches = (await Promise.all(starts)).map(({ ended }) => ended);
  const failed = Promise.all(watches).then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  return {
    templateChanges: facts.templateChanges,
    deployment: (name) => facts.deployments.get(name),
    dataChange: (secret) => facts.data.get(secret),
    usersOf: (secret) => [...facts.deployments.values()].filter((found) => mounts(found, secret)).map(nameOf),
    pods: () => [...facts.pods.values()].flatMap((pod) => describePod(facts, pod)),
    onTemplateChange: (tell) => void facts.listeners.push(tell),
    failed,
    async stop() {
      stopping.abort();
      await Promise.allSettled(watches);
    },
  };
}

/** All pods are of the current template, available, and no other is left. */
export function isRolledOut(deployment: Deployment | undefined): boolean {
  if (deployment === undefined) return false;
  const { spec, status, metadata } = deployment;
  const wanted = spec.replicas ?? 1;
  return (
    Number(status?.observedGeneration ?? 0) >= Number(metadata['generation']) &&
    status?.updatedReplicas === wanted &&
    status.availableReplicas === wanted &&
    status.replicas === wanted
  );
}

interface Following {
  readonly api: KubeApi;
  readonly path: string;
  readonly from: string;
  readonly see: (event: WatchEvent) => void;
  readonly signal: AbortSignal;
}

/** Watches on from where the last watch ended, so that no event is lost; throws when the API server forgot that point. */
async function follow({ api, path, from, see, signal }: Following): Promise<void> {
  let version = from;
  const aborted = new Promise<'aborted'>((resolve) =>
    signal.addEventListener('abort', () => resolve('aborted'), { once: true }),
  );
  while (!signal.aborted) {
    const events = api.watch(path, version);
    for (;;) {
      const next = await Promise.race([events.next(), aborted]).catch((error: unknown) => {
        if (signal.aborted) return 'aborted' as const;
        throw error;
      });
      if (next === 'aborted') return void events.return(undefined).catch(() => {});
      if (next.done === true) break;
      if (next.value.type === 'ERROR') throw new Error(`the watch of ${path} cannot be continued`);
      version = next.value.object.metadata.resourceVersion ?? version;
      if (next.value.type !== 'BOOKMARK') see(next.value);
    }
    await delay(100, undefined, { signal }).catch(() => {});
  }
}

function seeDeployment(facts: Facts, { type, object }: WatchEvent): void {
  const deployment = object as Deployment;
  const { name } = deployment.metadata;
  const before = facts.deployments.get(name);
  if (type === 'DELETED') facts.deployments.delete(name);
  else facts.deployments.set(name, deployment);
  if (type !== 'MODIFIED' || before === undefined) return;
  if (isDeepStrictEqual(before.spec.template, deployment.spec.template)) return;
  const change = { workload: nameOf(deployment), fieldManager: writerOf(before, deployment), at: Date.now() };
  facts.templateChanges.push(change);
  for (const tell of facts.listeners) tell(change);
}

function seeSecret({ data }: Facts, { type, object }: WatchEvent): void {
  const { name, resourceVersion = '0' } = object.metadata;
  const digest = createHash('sha256')
    .update(JSON.stringify(object['data'] ?? {}))
    .digest('hex');
  if (type === 'DELETED' || data.get(name)?.digest === digest) return;
  data.set(name, { at: Date.now(), version: BigInt(resourceVersion), digest });
}

function seePod({ pods, births }: Facts, { type, object }: WatchEvent): void {
  const { uid = '', resourceVersion = '0' } = object.metadata;
  if (type === 'ADDED') births.set(uid, BigInt(resourceVersion));
  if (type === 'DELETED') pods.delete(uid);
  else pods.set(uid, object);
}

function describePod({ births, deployments }: Facts, pod: KubeObject): PodBirth[] {
  const { name, uid = '', labels = {}, deletionTimestamp } = pod.metadata;
  const owner = [...deployments.values()].find(({ spec }) =>
    Object.entries(spec.selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value),
  );
  if (owner === undefined || deletionTimestamp !== undefined) return [];
  return [{ workload: nameOf(owner), name, version: births.get(uid) ?? 0n }];
}

function mounts({ spec }: Deployment, secret: string): boolean {
  return (spec.template.spec.volumes ?? []).some((volume) => volume.secret?.secretName === secret);
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind || 'Deployment'}/${metadata.namespace ?? ''}/${metadata.name}`;
}

interface ManagedEntry {
  readonly manager: string;
  readonly time?: string;
  readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:template'?: unknown } };
}

/** The manager of the newest entry that this write changed and that owns fields of the template. */
function writerOf(before: Deployment, after: Deployment): string {
  const entries = ({ metadata }: Deployment): readonly ManagedEntry[] =>
    (metadata['managedFields'] as readonly ManagedEntry[] | undefined) ?? [];
  const known = entries(before);
  const written = entries(after).filter(
    (entry) =>
      entry.fieldsV1?.['f:spec']?.['f:template'] !== undefined && !known.some((old) => isDeepStrictEqual(old, entry)),
  );
  const newest = written.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0];
  return newest?.manager ?? 'unknown';
}
