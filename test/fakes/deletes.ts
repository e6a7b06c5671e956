// Delete and deletecollection: preconditions, finalizers, grace periods.
import { timeText } from './canonical.ts';
import { present, toStored } from './events-form.ts';
import { parseGoJson } from './go-json.ts';
import { type Json, type JsonObject, child, clone, ensure, integer, isObject, list, scalarText, text } from './json.ts';
import { apiVersionOf, storageKey } from './kinds.ts';
import { itemsOf, listObjects } from './reads.ts';
import type { ResourceRequest } from './requests.ts';
import { badRequest, conflict, notFound } from './status-errors.ts';
import { keyOf } from './storage.ts';
import { isDeletionAnsweredWithObject } from './strategies.ts';
import { type WriteContext, isDryRun } from './writes.ts';

export interface Deleted {
  readonly code: number;
  readonly answer: JsonObject;
  readonly before: JsonObject;
  /** Still there, with a deletionTimestamp. */
  readonly after: JsonObject | undefined;
}

export function readDeleteOptions(request: ResourceRequest): JsonObject {
  const body = request.body.length === 0 ? {} : readBody(request.body);
  if (!isObject(body)) throw badRequest('expected DeleteOptions');
  const fromQuery: JsonObject = {};
  const { query } = request;
  const policy = query.get('propagationPolicy');
  if (policy !== null) fromQuery['propagationPolicy'] = policy;
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null) fromQuery['gracePeriodSeconds'] = Number(grace);
  return { ...fromQuery, ...body };
}

function readBody(body: Buffer): Json {
  try {
    return parseGoJson(body.toString('utf8'));
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : ''}`);
  }
}

export function deleteObject(context: WriteContext, request: ResourceRequest, options: JsonObject): Deleted {
  const { kind, name, namespace } = request;
  const key = keyOf(namespace, name);
  const before = context.storage.get(storageKey(kind), key);
  if (before === undefined) throw notFound(kind, name);
  checkPreconditions(request, before, options);
  const isPlanned = isDryRun(request) || (Array.isArray(options['dryRun']) && options['dryRun'].includes('All'));
  const marked = markDeleted(context, request, { before, options });
  if (!isHeld(request, marked)) {
    const gone = isPlanned ? before : (context.storage.delete(storageKey(kind), key) ?? before);
    const shown = kind.kind === 'Pod' ? withVersionOf(marked, gone) : gone;
    const answer = isDeletionAnsweredWithObject(kind) ? present(shown, kind) : success(request, before);
    return { code: 200, answer, before, after: undefined };
  }
  const after = isPlanned ? marked : context.storage.put(storageKey(kind), key, toStored(marked, kind));
  return { code: 200, answer: present(after, kind), before, after };
}

function withVersionOf(object: JsonObject, other: JsonObject): JsonObject {
  const { resourceVersion } = child(other, 'metadata');
  return { ...object, metadata: { ...child(object, 'metadata'), resourceVersion: resourceVersion ?? null } };
}

function success(request: ResourceRequest, object: JsonObject): JsonObject {
  const { kind, name } = request;
  const group = kind.group === '' ? {} : { group: kind.group };
  const details = { name, ...group, kind: kind.resource, uid: text(object, 'metadata', 'uid') };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function checkPreconditions(request: ResourceRequest, object: JsonObject, options: JsonObject): void {
  const wanted = child(options, 'preconditions');
  const metadata = child(object, 'metadata');
  const { name } = request;
  const named = { ...request.kind, resource: request.kind.kind };
  const [uid, version] = [text(wanted, 'uid'), text(wanted, 'resourceVersion')];
  if (uid !== '' && uid !== metadata['uid']) {
    const reason = `the UID in the precondition (${uid}) does not match the UID in record (${text(metadata, 'uid')}). The object might have been deleted and then recreated`;
    throw conflict(named, name, reason);
  }
  if (version !== '' && version !== metadata['resourceVersion']) {
    const reason = `the ResourceVersion in the precondition (${version}) does not match the ResourceVersion in record (${text(metadata, 'resourceVersion')}). The object might have been modified`;
    throw conflict(named, name, reason);
  }
}

/** Something still needs the deleted object: a finalizer, its grace period, what is in the namespace. */
function isHeld(request: ResourceRequest, marked: JsonObject): boolean {
  const metadata = child(marked, 'metadata');
  const grace = integer(metadata, 'deletionGracePeriodSeconds') ?? 0;
  return list(metadata, 'finalizers').length > 0 || grace > 0 || request.kind.kind === 'Namespace';
}

function markDeleted(
  context: WriteContext,
  request: ResourceRequest,
  target: { before: JsonObject; options: JsonObject },
): JsonObject {
  const { before, options } = target;
  const finalizers = finalizersAfter(
    list(before, 'metadata', 'finalizers').map(scalarText),
    text(options, 'propagationPolicy'),
  );
  const grace = graceSeconds(request, before, options);
  const after = clone(before);
  const metadata = ensure(after, 'metadata');
  if (finalizers.length > 0) metadata['finalizers'] = finalizers;
  const isNamespace = request.kind.kind === 'Namespace';
  if (isNamespace) ensure(after, 'status')['phase'] = 'Terminating';
  const isFirst = metadata['deletionTimestamp'] === undefined;
  if (!isFirst && (isNamespace || grace >= (integer(metadata, 'deletionGracePeriodSeconds') ?? 0))) return after;
  if (isFirst) metadata['deletionTimestamp'] = timeText(context.now + grace * 1000);
  if (!isNamespace) metadata['deletionGracePeriodSeconds'] = grace;
  const generation = integer(metadata, 'generation');
  if (isFirst && generation !== undefined) metadata['generation'] = generation + 1;
  return after;
}

function finalizersAfter(finalizers: readonly string[], policy: string): string[] {
  const kept = finalizers.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (policy === 'Foreground') return [...kept, 'foregroundDeletion'];
  if (policy === 'Orphan') return [...kept, 'orphan'];
  return policy === 'Background' ? kept : [...finalizers];
}

/** Only pods on a node are given time. */
function graceSeconds(request: ResourceRequest, pod: JsonObject, options: JsonObject): number {
  if (request.kind.kind !== 'Pod' || text(pod, 'spec', 'nodeName') === '') return 0;
  const phase = text(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return 0;
  return integer(options, 'gracePeriodSeconds') ?? integer(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30;
}

/** Answers the list of what was deleted. */
export function deleteCollection(
  context: WriteContext,
  request: ResourceRequest,
  options: JsonObject,
): { answer: JsonObject; deleted: Deleted[] } {
  const found = listObjects(context.storage, request);
  const deleted = itemsOf(found).map((item) => {
    const one = { ...request, name: text(item, 'metadata', 'name'), namespace: text(item, 'metadata', 'namespace') };
    return deleteObject(context, one, options);
  });
  const items = deleted.map(({ before, after }) => withoutTypeMeta(after ?? before));
  return {
    answer: {
      kind: `${request.kind.kind}List`,
      apiVersion: apiVersionOf(request.kind),
      metadata: child(found, 'metadata'),
      items,
    },
    deleted,
  };
}

function withoutTypeMeta(object: JsonObject): JsonObject {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
