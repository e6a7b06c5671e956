// Delete and deletecollection: preconditions, finalizers, grace periods.
import { timeText } from './canonical.ts';
import { present, toStored } from './events-form.ts';
import { type JsonObject, child, clone, ensure, integer, isObject, list, text } from './json.ts';
import { apiVersionOf, storageKey } from './kinds.ts';
import { itemsOf, listObjects } from './reads.ts';
import type { ResourceRequest } from './requests.ts';
import { badRequest, conflict, notFound } from './status-errors.ts';
import { keyOf } from './storage.ts';
import { isDeletionAnsweredWithObject } from './strategies.ts';
import { type WriteContext, isDryRun, parseBody } from './writes.ts';

export interface Deleted {
  readonly code: number;
  readonly answer: JsonObject;
  readonly before: JsonObject;
  /** Still there, with a deletionTimestamp. */
  readonly after: JsonObject | undefined;
}

export function readDeleteOptions(request: ResourceRequest): JsonObject {
  const body = request.body.length === 0 ? {} : parseBody(request.body);
  if (!isObject(body)) throw badRequest('expected DeleteOptions');
  const fromQuery: JsonObject = {};
  const { query } = request;
  const policy = query.get('propagationPolicy');
  if (policy !== null) fromQuery['propagationPolicy'] = policy;
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null) fromQuery['gracePeriodSeconds'] = Number(grace);
  return { ...fromQuery, ...body };
}

export function deleteObject(context: WriteContext, request: ResourceRequest, options: JsonObject): Deleted {
  const { kind, name, namespace } = request;
  const key = keyOf(namespace, name);
  const before = context.storage.get(storageKey(kind), key);
  if (before === undefined) throw notFound(kind, name);
  checkPreconditions(request, before, options);
  const isPlanned = isDryRun(request) || (Array.isArray(options['dryRun']) && options['dryRun'].includes('All'));
  const marked = markDeleted(context, request, { before, options });
  if (marked === undefined) {
    const gone = isPlanned ? before : (context.storage.delete(storageKey(kind), key) ?? before);
    const shown = isDeletionAnsweredWithObject(kind) ? present(gone, kind) : success(request, before);
    return { code: 200, answer: shown, before, after: undefined };
  }
  const after = isPlanned ? marked : context.storage.put(storageKey(kind), key, toStored(marked, kind));
  return { code: 200, answer: present(after, kind), before, after };
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
  const { kind, name } = request;
  const [uid, version] = [text(wanted, 'uid'), text(wanted, 'resourceVersion')];
  if (uid !== '' && uid !== metadata['uid']) {
    const reason = `the UID in the precondition (${uid}) does not match the UID in record (${text(metadata, 'uid')}). The object might have been deleted and then recreated`;
    throw conflict(kind, name, reason);
  }
  if (version !== '' && version !== metadata['resourceVersion']) {
    const reason = `the ResourceVersion in the precondition (${version}) does not match the ResourceVersion in record (${text(metadata, 'resourceVersion')}). The object might have been modified`;
    throw conflict(kind, name, reason);
  }
}

/** The object with a deletionTimestamp when something still holds it; undefined when it goes at once. */
function markDeleted(
  context: WriteContext,
  request: ResourceRequest,
  target: { before: JsonObject; options: JsonObject },
): JsonObject | undefined {
  const { before, options } = target;
  const finalizers = finalizersAfter(
    list(before, 'metadata', 'finalizers').map(String),
    text(options, 'propagationPolicy'),
  );
  const grace = graceSeconds(request, before, options);
  const isHeld = finalizers.length > 0 || grace > 0 || request.kind.kind === 'Namespace';
  if (!isHeld) return undefined;
  const after = clone(before);
  const metadata = ensure(after, 'metadata');
  if (finalizers.length > 0) metadata['finalizers'] = finalizers;
  if (request.kind.kind === 'Namespace') ensure(after, 'status')['phase'] = 'Terminating';
  if (metadata['deletionTimestamp'] !== undefined) return after;
  metadata['deletionTimestamp'] = timeText(context.now + grace * 1000);
  if (request.kind.kind !== 'Namespace') metadata['deletionGracePeriodSeconds'] = grace;
  const generation = integer(metadata, 'generation');
  if (generation !== undefined) metadata['generation'] = generation + 1;
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
