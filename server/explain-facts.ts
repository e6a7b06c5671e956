// Reads what `lockstep explain` is about, with the rights that its user has: what is forbidden becomes a gap in the answer.
// The order of the reads is the one that proves a decision: workload, ledger, config objects, revisions, pods.
import type { DigestKey } from './core/digest.ts';
import { decideWorkload, type Decision } from './core/decide-workload.ts';
import { hasCode, LockstepError } from './core/errors.ts';
import type { ConfigFacts, ExplainedWorkload, Gap, UseFacts, WorkloadFacts } from './core/explain.ts';
import { configResources, objectKey, workloadKinds, type ConfigKind, type ConfigRef } from './core/object.ts';
import type { WorkloadKind, WorkloadRef } from './core/object.ts';
import { findReferences, type PodSpec, type Reference } from './core/references.ts';
import type { Annotations } from './core/annotations.ts';
import { compileReload } from './core/reload-compile.ts';
import { matchesName } from './core/reloader-pattern.ts';
import type { SeenConfig } from './core/seen.ts';
import type { Client } from './kube/client.ts';
import { makeDigestKey, readDigestKeys } from './kube/digest-key.ts';
import {
  parseConfig,
  parseNamespace,
  parseRevision,
  parseWorkload,
  workloadPath,
  type Reading,
} from './kube/ingest.ts';
import { createLedgerStore } from './kube/ledger-store.ts';
import { createReads } from './kube/reads.ts';
import type { ApiObject } from './kube/reflector.ts';
import { gather, type LiveState } from './reconcile/gather.ts';
import { createConfigs } from './state/configs.ts';
import { createLedger, type Ledger } from './state/ledger.ts';
import { createRevisions, createWorkloads } from './state/workloads.ts';

/** Whom to ask, and by which rules. */
export interface Asking {
  readonly client: Client;
  readonly rules: Reading['rules'];
  readonly granularity: Reading['granularity'];
  readonly stateNamespace: string;
  /** Wall clock (ms). */
  readonly now: number;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

const metadataOnly = {
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
} as const;

/** Throws `api-not-found` when there is no such workload, and `api-*`. */
export async function readWorkloadFacts(asking: Asking, ref: WorkloadRef): Promise<WorkloadFacts> {
  const { kind, namespace, name } = ref;
  const resource = workloadKinds[kind].resource;
  const raw = await get(asking, { resource, namespace, name, path: workloadPath(kind, namespace, name) });
  if (raw === undefined) throw notFound(ref);
  const workload = parseExplained(asking, kind, raw);
  const gaps: Gap[] = [];
  const ledger = await readLedger(asking, gaps);
  const keys = await readKeys(asking, gaps);
  const state = openState({ ledger, keys: keys ?? [makeDigestKey(asking.randomBytes)] });
  state.workloads.apply({
    present: true,
    how: 'listed',
    object: workload.seen,
    version: workload.seen.resourceVersion,
  });
  const record = ledger.workload(objectKey(ref));
  const uses: UseFacts[] = [];
  for (const use of await listCandidates(asking, workload, { ledger, gaps })) {
    uses.push(await readUse({ asking, state, keys }, ref.namespace, use));
  }
  await readRevisions(asking, state, namespace);
  const decision = await decide(asking, state, { workload, keys });
  return { ...workload, uses, record, decision, pauseSwitch: await isPaused(asking, namespace, gaps), gaps };
}

/** Throws `api-not-found` when there is no such config object, and `api-*`. Reads no content. */
export async function readConfigFacts(asking: Asking, config: ConfigRef): Promise<ConfigFacts> {
  const { kind, namespace, name } = config;
  const raw = await get(asking, { ...placeOf(config), accept: metadataOnly.object });
  if (raw === undefined) throw notFound(config);
  const { annotations } = parseConfig(kind, raw, { ...asking, keys: [makeDigestKey(asking.randomBytes)] }).value;
  const kinds = Object.keys(workloadKinds) as WorkloadKind[];
  const lists = await Promise.all(
    kinds.map(async (workloadKind) => {
      const { resource } = workloadKinds[workloadKind];
      const items = await list(asking, { resource, namespace, path: workloadPath(workloadKind, namespace) });
      return items.map((item) => parseExplained(asking, workloadKind, item));
    }),
  );
  const gaps: Gap[] = [];
  const pauseSwitch = await isPaused(asking, namespace, gaps);
  return { config: { kind, namespace, name }, annotations, workloads: lists.flat(), pauseSwitch, gaps };
}

interface WorkloadBody {
  readonly metadata: { readonly annotations?: Annotations };
  readonly spec: {
    readonly template: { readonly metadata?: { readonly annotations?: Annotations }; readonly spec: PodSpec };
  };
}

/** The loop leaves out what is not opted in; who asks why wants to see it. */
function parseExplained(asking: Asking, kind: WorkloadKind, raw: ApiObject): ExplainedWorkload {
  const { metadata, spec } = raw as unknown as WorkloadBody;
  const [annotations, templateAnnotations] = [metadata.annotations ?? {}, spec.template.metadata?.annotations ?? {}];
  const compiled = compileReload({ kind, annotations, templateAnnotations }, asking.rules);
  const references = findReferences(spec.template.spec).map((reference) => inUse(asking, reference));
  return { seen: parseWorkload(kind, raw, asking).value, compiled, references };
}

function inUse({ granularity }: Asking, reference: Reference): Reference {
  return granularity === 'used-keys' ? reference : { ...reference, keys: 'all' };
}

async function readLedger({ client, stateNamespace, signal }: Asking, gaps: Gap[]): Promise<Ledger> {
  const save = (): Promise<string> => Promise.reject(new Error('explain writes nothing'));
  const ledger = createLedger({ ...createLedgerStore(client, stateNamespace), save });
  const loaded = await unlessForbidden(ledger.load(signal));
  if (loaded === 'forbidden') gaps.push('ledger-unreadable');
  else if (loaded.records === 0) gaps.push('ledger-empty');
  return ledger;
}

/** Undefined when there is none to compare Secrets with. */
async function readKeys(asking: Asking, gaps: Gap[]): Promise<readonly DigestKey[] | undefined> {
  const { client, stateNamespace: namespace, randomBytes, signal } = asking;
  const keys = await unlessForbidden(readDigestKeys(client, { namespace, randomBytes, signal }));
  if (keys === 'forbidden') gaps.push('digest-key-unreadable');
  else if (keys === undefined) gaps.push('digest-key-absent');
  return keys === 'forbidden' ? undefined : keys;
}

/** Times and marks of the running Lockstep are unknown here; without them a decision errs towards no restart. */
function openState({ ledger, keys }: { ledger: Ledger; keys: readonly DigestKey[] }): LiveState {
  return {
    configs: createConfigs(keys),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ledger,
    settledAt: () => undefined,
    inheritedAt: () => undefined,
    oneOrder: () => false,
  };
}

/** What it refers to, and what it names: existing, acked or spelled out. */
async function listCandidates(
  asking: Asking,
  { seen, compiled, references }: ExplainedWorkload,
  { ledger, gaps }: { ledger: Ledger; gaps: Gap[] },
): Promise<Reference[]> {
  const found = new Map(references.map((reference) => [`${reference.kind}/${reference.name}`, reference]));
  const acks = Object.keys({ ...ledger.workload(objectKey(seen.ref))?.acks, ...seen.restartKey?.acks });
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    const patterns = compiled.kinds[kind].named;
    if (patterns === undefined) continue;
    const acked = acks.flatMap((ack) => (ack.startsWith(`${kind}/`) ? [ack.slice(kind.length + 1)] : []));
    const existing = patterns.expressions.length > 0 ? await listNames(asking, kind, seen.ref.namespace) : [];
    if (existing === 'forbidden') gaps.push('names-unlisted');
    const names = [...patterns.names, ...acked, ...(existing === 'forbidden' ? [] : existing)];
    for (const name of names.filter((candidate) => candidate !== '' && matchesName(patterns, candidate)))
      found.set(`${kind}/${name}`, { kind, name, keys: 'all', optional: false });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reference]) => reference);
}

async function listNames(asking: Asking, kind: ConfigKind, namespace: string): Promise<string[] | 'forbidden'> {
  const { resource, path } = placeOf({ kind, namespace, name: '' });
  const items = await unlessForbidden(
    list(asking, { resource, namespace, path: path.slice(0, -1), accept: metadataOnly.list }),
  );
  return items === 'forbidden' ? items : items.map(({ metadata }) => metadata.name);
}

interface Comparing {
  readonly asking: Asking;
  readonly state: LiveState;
  /** Undefined: a Secret's content is of no use, and is not even asked for. */
  readonly keys: readonly DigestKey[] | undefined;
}

async function readUse(comparing: Comparing, namespace: string, reference: Reference): Promise<UseFacts> {
  const { asking, state, keys } = comparing;
  const ref = { kind: reference.kind, namespace, name: reference.name };
  const seen = await unlessForbidden(readConfig(comparing, ref));
  if (seen === 'forbidden') return { reference, state: 'unreadable', annotations: {}, object: undefined };
  if (seen === undefined) return { reference, state: 'missing', annotations: {}, object: undefined };
  const key = objectKey(ref);
  state.configs.apply({ present: true, how: 'listed', object: seen, version: seen.resourceVersion }, asking.now);
  const memory = state.ledger.object(key);
  if (memory !== undefined && (ref.kind === 'ConfigMap' || keys !== undefined)) state.configs.recall(key, memory);
  return { reference, state: 'exists', annotations: seen.annotations, object: state.configs.view(key, reference) };
}

async function readConfig({ asking, keys }: Comparing, ref: ConfigRef): Promise<SeenConfig | undefined> {
  const isNeeded = ref.kind === 'ConfigMap' || keys !== undefined;
  const raw = await get(asking, { ...placeOf(ref), ...(isNeeded ? {} : { accept: metadataOnly.object }) });
  const reading = { ...asking, keys: keys ?? [makeDigestKey(asking.randomBytes)] };
  return raw === undefined ? undefined : parseConfig(ref.kind, raw, reading).value;
}

/** Without them the pods' ages must do. */
async function readRevisions(asking: Asking, state: LiveState, namespace: string): Promise<void> {
  for (const resource of ['replicasets', 'controllerrevisions']) {
    const path = `/apis/apps/v1/namespaces/${namespace}/${resource}`;
    const accept = resource === 'replicasets' ? { accept: metadataOnly.list } : {};
    const items = await unlessForbidden(list(asking, { resource, namespace, path, ...accept }));
    for (const item of items === 'forbidden' ? [] : items) {
      const object = parseRevision(item).value;
      state.revisions.apply({ present: true, how: 'listed', object, version: object.resourceVersion });
    }
  }
}

/** As the loop decides when its reads prove its caches. */
async function decide(
  asking: Asking,
  state: LiveState,
  { workload: { seen }, keys }: { workload: ExplainedWorkload; keys: readonly DigestKey[] | undefined },
): Promise<Decision | undefined> {
  if (seen.reload === undefined) return undefined;
  const first = decideWorkload(gather(state, seen, { proven: true, pods: undefined }, asking.now));
  if (first.kind !== 'look') return first;
  const { client, signal } = asking;
  const reads = createReads(client, { ...asking, keys: keys ?? [] });
  const pods = await unlessForbidden(reads.pods(seen, state.revisions.current(seen), signal));
  return pods === 'forbidden' ? first : decideWorkload(gather(state, seen, { proven: true, pods }, asking.now));
}

/** The pause switch of the namespace, or of Lockstep's own. */
async function isPaused(asking: Asking, namespace: string, gaps: Gap[]): Promise<boolean> {
  const found = await Promise.all(
    [...new Set([namespace, asking.stateNamespace])].map(async (name) => {
      const path = `/api/v1/namespaces/${name}`;
      const raw = await unlessForbidden(get(asking, { resource: 'namespaces', namespace: '', name, path }));
      return raw === 'forbidden' ? raw : raw !== undefined && parseNamespace(raw).value.paused;
    }),
  );
  if (found.includes('forbidden')) gaps.push('pause-switch-unreadable');
  return found.includes(true);
}

interface Place {
  readonly resource: string;
  readonly namespace: string;
  readonly path: string;
  readonly accept?: string;
}

function placeOf({ kind, namespace, name }: ConfigRef): Place & { readonly name: string } {
  const resource = configResources[kind];
  return { resource, namespace, name, path: `/api/v1/namespaces/${namespace}/${resource}/${name}` };
}

async function get(asking: Asking, { namespace, name, ...place }: Place & { name: string }) {
  const subject = namespace === '' ? name : `${namespace}/${name}`;
  try {
    return (await asking.client.send({ verb: 'get', subject, ...place, signal: asking.signal })) as ApiObject;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

async function list(asking: Asking, { namespace, ...place }: Place): Promise<readonly ApiObject[]> {
  const answer = await asking.client.send({ verb: 'list', subject: namespace, ...place, signal: asking.signal });
  // Null when there is none.
  return (answer as { items: readonly ApiObject[] | null }).items ?? [];
}

async function unlessForbidden<T>(reading: Promise<T>): Promise<T | 'forbidden'> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, 'api-forbidden')) return 'forbidden';
    throw error;
  }
}

function notFound({ kind, namespace, name }: WorkloadRef | ConfigRef): LockstepError {
  return new LockstepError('api-not-found', { message: `there is no ${kind} ${name} in namespace ${namespace}` });
}
