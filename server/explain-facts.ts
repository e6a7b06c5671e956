// Reads what `lockstep explain` is about, with the rights that its user has: what is forbidden becomes a gap in the answer.
// The order of the reads is the one that proves a decision: workload, ledger, config objects, revisions, pods.
import { decideWorkload, type Decision } from './core/decide-workload.ts';
import type { DigestKey } from './core/digest.ts';
import { hasCode } from './core/errors.ts';
import type { ConfigFacts, ExplainedWorkload, UseFacts, WorkloadFacts } from './core/explain.ts';
import type { Gap, LastEvent } from './core/explanation.ts';
import { configResources, objectKey, workloadKinds, type ConfigKind, type ConfigRef } from './core/object.ts';
import type { WorkloadKind, WorkloadRef } from './core/object.ts';
import { noClassMemory } from './core/provider-class.ts';
import type { Reference } from './core/references.ts';
import { knownKinds } from './core/reload.ts';
import { matchesName } from './core/reloader-pattern.ts';
import { everything } from './core/selector.ts';
import type { SeenConfig } from './core/seen.ts';
import { readNamespace } from './explain-namespace.ts';
import { get, list, metadataOnly, notFound } from './explain-reads.ts';
import { parseExplained, placeOf, unlessForbidden, type Asking } from './explain-reads.ts';
import { makeDigestKey, readDigestKeys } from './kube/digest-key.ts';
import { configPath, parseConfig } from './kube/ingest-config.ts';
import { parseRevision } from './kube/ingest-revision.ts';
import { workloadPath } from './kube/ingest-workload.ts';
import { createLedgerStore } from './kube/ledger-store.ts';
import { readClassContent } from './kube/provider-class-reads.ts';
import { createReads } from './kube/reads.ts';
import type { ApiObject } from './kube/reflector.ts';
import type { Reading } from './kube/ingest.ts';
import { gather, readPods, type LiveState } from './reconcile/gather.ts';
import { createConfigs } from './state/configs.ts';
import { createLedger, type Ledger } from './state/ledger.ts';
import { createRevisions, createWorkloads } from './state/workloads.ts';

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
  const { presence } = asking;
  const state = openState({ ledger, presence, keys: keys ?? [makeDigestKey(asking.randomBytes)] });
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
  const missing = new Set(uses.flatMap((use) => (use.state === 'missing' ? [nameOf(use.reference)] : [])));
  const decision = await decide(asking, state, { workload, missing, keys });
  const place = await readNamespace(asking, namespace, gaps);
  const lastEvent = await readLastEvent(asking, ref, gaps);
  return { ...workload, uses, record, decision, presence, place, lastEvent, gaps, now: asking.now };
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
      const items = await listServed(asking, { resource, namespace, path: workloadPath(workloadKind, namespace) });
      return items.map((item) => parseExplained(asking, workloadKind, item));
    }),
  );
  const gaps: Gap[] = [];
  const place = await readNamespace(asking, namespace, gaps);
  const { presence } = asking;
  return { config: { kind, namespace, name }, annotations, workloads: lists.flat(), presence, place, gaps };
}

/** A resource that the server does not have has no objects. */
async function listServed(asking: Asking, place: Parameters<typeof list>[1]): Promise<readonly ApiObject[]> {
  try {
    return await list(asking, place);
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return [];
    throw error;
  }
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
function openState({ keys, ...given }: Pick<LiveState, 'ledger' | 'presence'> & Pick<Reading, 'keys'>): LiveState {
  return {
    configs: createConfigs(keys),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ...given,
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
  for (const kind of knownKinds(asking.rules)) {
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

function nameOf({ kind, name }: Reference): string {
  return `${kind}/${name}`;
}

async function listNames(asking: Asking, kind: ConfigKind, namespace: string): Promise<string[] | 'forbidden'> {
  const place = { resource: configResources[kind], namespace, path: configPath(kind, namespace) };
  const items = await unlessForbidden(listServed(asking, { ...place, accept: metadataOnly.list }));
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
  if (ref.kind === 'SecretProviderClass') {
    const { client, signal } = asking;
    const classes = { chosen: everything, classes: noClassMemory };
    return readClassContent(client, { ref, providerClass: raw, reading, ...classes, signal });
  }
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

interface Deciding {
  readonly workload: ExplainedWorkload;
  readonly missing: ReadonlySet<string>;
  readonly keys: readonly DigestKey[] | undefined;
}

/** As the loop decides when its reads prove its caches. */
async function decide(
  asking: Asking,
  state: LiveState,
  { workload: { seen }, missing, keys }: Deciding,
): Promise<Decision | undefined> {
  if (seen.reload === undefined) return undefined;
  const first = decideWorkload(gather(state, seen, { proven: true, pods: undefined, missing }, asking.now));
  if (first.kind !== 'look') return first;
  const { client, signal } = asking;
  const reads = createReads(client, { ...asking, keys: keys ?? [] }, { chosen: everything, classes: noClassMemory });
  const pods = await unlessForbidden(readPods(state, seen, { reads, signal }));
  return pods === 'forbidden'
    ? first
    : decideWorkload(gather(state, seen, { proven: true, pods, missing }, asking.now));
}

interface EventBody {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
  readonly source?: { readonly component?: string };
}

/** What the loop last said of the workload. The API server forgets Events, after an hour by default. */
async function readLastEvent(asking: Asking, ref: WorkloadRef, gaps: Gap[]): Promise<LastEvent | undefined> {
  const { kind, namespace, name } = ref;
  const path = `/api/v1/namespaces/${namespace}/events`;
  const query = { fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name}` };
  const items = await unlessForbidden(list(asking, { resource: 'events', namespace, path, query }));
  if (items === 'forbidden') gaps.push('events-unreadable');
  const events = (items === 'forbidden' ? [] : items) as readonly (ApiObject & EventBody)[];
  const own = events.filter(({ source }) => source?.component === 'lockstep');
  const told = own.map(({ lastTimestamp: at = '', reason = '', message = '' }) => ({ at, reason, message }));
  return told.sort((a, b) => (a.at < b.at ? -1 : 1)).at(-1);
}
