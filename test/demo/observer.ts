// Watches the shop's namespace itself: which templates, data and pods came when, in the API server's own order.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { KubeApi, KubeObject, WatchEvent } from '../engines/api.ts';
import { follow } from './follow.ts';
import type { PodBirth, TemplateChange } from './judge.ts';

/** A Deployment in the fields that tell how far its rollout is. */
export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: { readonly volumes?: readonly Volume[] };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

interface Volume {
  readonly secret?: { readonly secretName?: string };
  readonly configMap?: { readonly name?: string };
}

/** `Secret/web-tls`. */
export type ConfigName = `${'Secret' | 'ConfigMap'}/${string}`;

export interface DataChange {
  readonly at: number;
  readonly version: bigint;
  readonly digest: string;
}

export interface SeenEvent {
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

export interface Observer {
  readonly templateChanges: readonly TemplateChange[];
  deployment(name: string): Deployment | undefined;
  /** The last write that changed the data of a Secret or ConfigMap; its creation counts. */
  dataChange(config: ConfigName): DataChange | undefined;
  /** All of them, in order. */
  dataChanges(config: ConfigName): readonly DataChange[];
  /** Workloads that mount it. */
  usersOf(config: ConfigName): readonly string[];
  /** Kubernetes Events about ConfigMaps, as they came. */
  readonly events: readonly SeenEvent[];
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
  readonly data: Map<string, readonly DataChange[]>;
  readonly births: Map<string, bigint>;
  readonly events: SeenEvent[];
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
    events: [],
    pods: new Map(),
  };
  const stopping = new AbortController();
  const watched: readonly [path: string, see: (event: WatchEvent) => void][] = [
    [`/apis/apps/v1/namespaces/${namespace}/deployments`, (event) => seeDeployment(facts, event)],
    [`/api/v1/namespaces/${namespace}/secrets`, (event) => seeData(facts, 'Secret', event)],
    [`/api/v1/namespaces/${namespace}/configmaps`, (event) => seeData(facts, 'ConfigMap', event)],
    [`/api/v1/namespaces/${namespace}/pods`, (event) => seePod(facts, event)],
    [`/api/v1/namespaces/${namespace}/events`, (event) => seeEvent(facts, event)],
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
    events: facts.events,
    deployment: (name) => facts.deployments.get(name),
    dataChange: (config) => facts.data.get(config)?.at(-1),
    dataChanges: (config) => facts.data.get(config) ?? [],
    usersOf: (config) => [...facts.deployments.values()].filter((found) => mounts(found, config)).map(nameOf),
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

function seeData({ data }: Facts, kind: 'Secret' | 'ConfigMap', { type, object }: WatchEvent): void {
  const { resourceVersion = '0' } = object.metadata;
  const name = `${kind}/${object.metadata.name}`;
  const digest = createHash('sha256')
    .update(JSON.stringify(object['data'] ?? {}))
    .digest('hex');
  const before = data.get(name) ?? [];
  if (type === 'DELETED' || before.at(-1)?.digest === digest) return;
  data.set(name, [...before, { at: Date.now(), version: BigInt(resourceVersion), digest }]);
}

function seeEvent({ events }: Facts, { type, object }: WatchEvent): void {
  const { involvedObject, reason = '', message = '' } = object as KubeEvent;
  if (type !== 'ADDED' || involvedObject?.kind !== 'ConfigMap') return;
  events.push({ reason, message, at: Date.now() });
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

function mounts({ spec }: Deployment, config: ConfigName): boolean {
  return (spec.template.spec.volumes ?? []).some(
    ({ secret, configMap }) =>
      config === `Secret/${secret?.secretName ?? ''}` || config === `ConfigMap/${configMap?.name ?? ''}`,
  );
}

function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind || 'Deployment'}/${metadata.namespace ?? ''}/${metadata.name}`;
}

interface KubeEvent extends KubeObject {
  readonly involvedObject?: { readonly kind: string };
  readonly reason?: string;
  readonly message?: string;
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
