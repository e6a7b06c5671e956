// A tiny cluster for the explorer: config objects, Deployments with their controller's semantics, pods that read content
// at birth, resource versions in one order, timestamps of whole seconds. Every write is one step.
// Long because every step changes one and the same state, which nothing else may touch.
import { digestValues, type ContentDigests, type DigestKey } from '../../server/core/digest.ts';
import type { EngineRef } from '../../server/core/engine.ts';
import type { WorkloadRef } from '../../server/core/object.ts';
import { parseRestartKey } from '../../server/core/restart.ts';
import type { SeenConfig, SeenRevision, SeenWorkload } from '../../server/core/seen.ts';
import type { Projection } from '../../server/core/digest.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { unremarkable } from '../core/seen.ts';

const reload = compileReload(
  { kind: 'Deployment', annotations: { 'secret.reloader.stakater.com/auto': 'true' }, templateAnnotations: {} },
  defaultReloadRules,
);

export const namespace = 'shop';

/** What a config object can hold. From the third to the first only a key vanishes, which moves no managedFields time. */
export const contents: readonly Readonly<Record<string, string>>[] = [{ a: '0' }, { a: '1' }, { a: '0', b: '1' }];

export interface Config {
  readonly name: string;
  readonly uid: string;
  readonly version: number;
  readonly content: number;
  readonly dataWrittenAt: number;
  readonly createdAt: number;
  /** The field manager that owns its data. */
  readonly writer: string;
}

export interface Template {
  readonly image: number;
  readonly uses: readonly string[];
  readonly keyText: string | undefined;
}

export interface Deployment {
  readonly name: string;
  readonly uid: string;
  readonly version: number;
  readonly optedIn: boolean;
  readonly template: Template;
  /** What its controller has seen. */
  readonly observed: Template | undefined;
  readonly number: number;
  readonly createdAt: number;
}

export interface ReplicaSet {
  readonly uid: string;
  readonly owner: string;
  readonly template: Template;
  readonly createdAt: number;
  readonly number: number;
  readonly version: number;
}

export interface Pod {
  readonly replicaSet: string;
  readonly createdAt: number;
  /** Content by config object's name. */
  readonly read: Readonly<Record<string, number>>;
}

export type Resource = 'workloads' | 'configs' | 'revisions';
export interface Written {
  readonly resource: Resource;
  readonly name: string;
  readonly version: number;
  readonly at: number;
  readonly object: Config | Deployment | ReplicaSet | undefined;
}

export interface Cluster {
  now: number;
  version: number;
  readonly configs: Map<string, Config>;
  readonly workloads: Map<string, Deployment>;
  readonly revisions: Map<string, ReplicaSet>;
  readonly pods: Map<string, Pod[]>;
  readonly denied: Set<string>;
  readonly shards: Map<string, { version: number; text: string }>;
  keys: readonly DigestKey[];
  /** What watches deliver, by resource. */
  readonly log: Readonly<Record<Resource, Written[]>>;
  /** Content that each config object had last, also when it is gone. */
  readonly lastContent: Map<string, number>;
  uids: number;
  /** One Application that declares everything; undefined while it does not sync. */
  sync: { readonly handled: ReadonlySet<string> } | undefined;
}

export const secondsOf = (ms: number): number => Math.floor(ms / 1000) * 1000;

export function createCluster(): Cluster {
  return {
    now: 1_700_000_000_250,
    version: 100,
    configs: new Map(),
    workloads: new Map(),
    revisions: new Map(),
    pods: new Map(),
    denied: new Set(),
    shards: new Map(),
    keys: [makeKey(0)],
    log: { workloads: [], configs: [], revisions: [] },
    lastContent: new Map(),
    uids: 0,
    sync: undefined,
  };
}

export function makeKey(number: number): DigestKey {
  return { id: `k${number}`, secret: Buffer.alloc(32, number + 1) };
}

function write<T extends Config | Deployment | ReplicaSet>(
  cluster: Cluster,
  resource: Resource,
  store: Map<string, T>,
  { name, object }: { name: string; object: T | undefined },
): void {
  if (object === undefined) store.delete(name);
  else store.set(name, object);
  cluster.log[resource].push({ resource, name, version: cluster.version, at: cluster.now, object });
}

/** Creates it where it does not exist. */
export function putConfig(cluster: Cluster, name: string, content: number, writer = 'somebody'): void {
  const before = cluster.configs.get(name);
  const [old, fresh] = [contents[before?.content ?? -1], contents[content] ?? {}];
  const onlyVanished = old !== undefined && Object.keys(fresh).every((key) => fresh[key] === old[key]);
  const object: Config = {
    name,
    uid: before?.uid ?? `c${++cluster.uids}`,
    version: ++cluster.version,
    content,
    writer,
    createdAt: before?.createdAt ?? secondsOf(cluster.now),
    dataWrittenAt: before !== undefined && onlyVanished ? before.dataWrittenAt : secondsOf(cluster.now),
  };
  cluster.lastContent.set(name, content);
  write(cluster, 'configs', cluster.configs, { name, object });
}

/** A label edit, by the data's own manager (whose time moves) or by another. */
export function labelConfig(cluster: Cluster, name: string, by: 'data-manager' | 'other'): void {
  const before = cluster.configs.get(name);
  if (before === undefined) return;
  const dataWrittenAt = by === 'other' ? before.dataWrittenAt : secondsOf(cluster.now);
  write(cluster, 'configs', cluster.configs, {
    name,
    object: { ...before, version: ++cluster.version, dataWrittenAt },
  });
}

export function deleteConfig(cluster: Cluster, name: string): void {
  cluster.version++;
  write(cluster, 'configs', cluster.configs, { name, object: undefined });
}

export function createWorkload(
  cluster: Cluster,
  name: string,
  template: Template,
  optedIn: boolean,
  replicas = 2,
): void {
  const uid = `w${++cluster.uids}`;
  const object: Deployment = {
    name,
    uid,
    version: ++cluster.version,
    optedIn,
    template,
    observed: undefined,
    number: 0,
    createdAt: secondsOf(cluster.now),
  };
  cluster.pods.set(name, []);
  write(cluster, 'workloads', cluster.workloads, { name, object });
  observe(cluster, name);
  const current = currentReplicaSet(cluster, name);
  if (current !== undefined)
    cluster.pods.set(
      name,
      Array.from({ length: replicas }, () => bear(cluster, current)),
    );
}

export function deleteWorkload(cluster: Cluster, name: string): void {
  const gone = cluster.workloads.get(name);
  cluster.version++;
  write(cluster, 'workloads', cluster.workloads, { name, object: undefined });
  cluster.pods.set(name, []);
  for (const [uid, { owner }] of cluster.revisions)
    if (owner === gone?.uid) {
      cluster.version++;
      write(cluster, 'revisions', cluster.revisions, { name: uid, object: undefined });
    }
}

export function editWorkload(
  cluster: Cluster,
  name: string,
  change: Partial<Pick<Deployment, 'template' | 'optedIn'>>,
): void {
  const before = cluster.workloads.get(name);
  if (before === undefined) return;
  write(cluster, 'workloads', cluster.workloads, {
    name,
    object: { ...before, ...change, version: ++cluster.version },
  });
}

/** The Deployment controller: an equal template re-uses its old ReplicaSet, which gets a new number. */
export function observe(cluster: Cluster, name: string): void {
  const workload = cluster.workloads.get(name);
  if (workload === undefined || workload.observed === workload.template) return;
  const siblings = [...cluster.revisions.values()].filter(({ owner }) => owner === workload.uid);
  const same = siblings.find(({ template }) => isSameTemplate(template, workload.template));
  const highest = Math.max(0, ...siblings.map(({ number }) => number));
  const number = same !== undefined && same.number === highest ? highest : highest + 1;
  if (same?.number !== number) {
    const uid = same?.uid ?? `r${++cluster.uids}`;
    const createdAt = same?.createdAt ?? secondsOf(cluster.now);
    const object = {
      uid,
      owner: workload.uid,
      template: workload.template,
      createdAt,
      number,
      version: ++cluster.version,
    };
    write(cluster, 'revisions', cluster.revisions, { name: uid, object });
  }
  const object = { ...workload, observed: workload.template, number, version: ++cluster.version };
  write(cluster, 'workloads', cluster.workloads, { name, object });
}

export function isSameTemplate(a: Template, b: Template): boolean {
  return a.image === b.image && a.keyText === b.keyText && a.uses.join() === b.uses.join();
}

/** The ReplicaSet that the controller rolls to: of the template it has observed. */
export function currentReplicaSet(cluster: Cluster, name: string): ReplicaSet | undefined {
  const workload = cluster.workloads.get(name);
  return [...cluster.revisions.values()].find(
    ({ owner, number }) => owner === workload?.uid && number === workload?.number,
  );
}

function bear(cluster: Cluster, { uid, template }: ReplicaSet): Pod {
  const read = Object.fromEntries(template.uses.map((name) => [name, cluster.configs.get(name)?.content ?? -1]));
  return { replicaSet: uid, createdAt: secondsOf(cluster.now), read };
}

/** A pod starts only when everything that it uses exists. */
export function canStart(cluster: Cluster, template: Template): boolean {
  return template.uses.every((name) => cluster.configs.has(name));
}

/** Replaces a pod: `churn` by one of its own revision, `rollout` by one of the current one. False when nothing happens. */
export function replacePod(cluster: Cluster, name: string, index: number, how: 'churn' | 'rollout'): boolean {
  const pods = cluster.pods.get(name) ?? [];
  const pod = pods[index];
  const current = currentReplicaSet(cluster, name);
  const target = how === 'rollout' ? current : cluster.revisions.get(pod?.replicaSet ?? '');
  if (pod === undefined || target === undefined || !canStart(cluster, target.template)) return false;
  if (how === 'rollout' && pod.replicaSet === target.uid) return false;
  pods[index] = bear(cluster, target);
  return true;
}

/** Which keys a workload uses: `web` all, `job` only one. */
export function projectionOf(workload: string): Projection {
  return workload === 'job' ? ['a'] : 'all';
}

/** The used content as text, to compare. */
export function usedContent(workload: string, content: number): string {
  const values = contents[content] ?? {};
  return projectionOf(workload) === 'all' ? JSON.stringify(values) : (values['a'] ?? '');
}

export function refOf(name: string): WorkloadRef {
  return { kind: 'Deployment', namespace, name };
}

export const engineOwner: EngineRef = { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'shop' };

/** The engine applies a workload, with another image where that is what Git brought. */
export function applyWorkload(cluster: Cluster, name: string, what: 'as-it-was' | 'other-image'): void {
  const workload = cluster.workloads.get(name);
  if (cluster.sync === undefined || workload === undefined) return;
  cluster.sync = { handled: new Set([...cluster.sync.handled, name]) };
  const { template } = workload;
  if (what === 'other-image') editWorkload(cluster, name, { template: { ...template, image: template.image + 1 } });
}

/** Whether it has still to come to a workload, as its status says. */
export function isOnItsWay({ sync }: Cluster, name: string): boolean {
  return sync !== undefined && !sync.handled.has(name);
}

const digests = new Map<string, ContentDigests>();

export function seeConfig(
  { name, uid, version, content, createdAt, dataWrittenAt, writer }: Config,
  keys: readonly DigestKey[],
): SeenConfig {
  const ref = { kind: 'Secret', namespace, name } as const;
  const inputs = Object.entries(contents[content] ?? {}).map(([dataKey, text]) => ({
    dataKey,
    field: 'data' as const,
    value: Buffer.from(text),
  }));
  const found = keys.map((key) => {
    const id = `${name}/${content}/${key.id}`;
    const digest = digests.get(id) ?? digestValues(ref, inputs, key);
    digests.set(id, digest);
    return digest;
  });
  return {
    ref,
    uid,
    resourceVersion: String(version),
    createdAt,
    contents: found,
    annotations: {},
    ignored: false,
    writers: [writer],
    dataWrittenAt,
  };
}

export function seeWorkload({
  name,
  uid,
  version,
  createdAt,
  optedIn,
  template,
  observed,
  number,
}: Deployment): SeenWorkload {
  const references = template.uses.map((used) => ({
    kind: 'Secret' as const,
    name: used,
    keys: projectionOf(name),
    optional: false,
  }));
  return {
    ...unremarkable,
    ref: refOf(name),
    uid,
    resourceVersion: String(version),
    createdAt,
    reload: optedIn ? reload : undefined,
    references: optedIn ? references : [],
    restartKey: parseRestartKey(template.keyText),
    ownership: { group: 'apps', ...refOf(name), labels: {}, annotations: {}, owners: [] },
    currentRevision: observed === template ? String(number) : undefined,
  };
}

export function seeRevision({ uid, owner, createdAt, number, version }: ReplicaSet): SeenRevision {
  const name = `${namespace}/${uid}`;
  return { uid, ownerUid: owner, name, number: String(number), createdAt, resourceVersion: String(version), hash: uid };
}
