// What each kind does to an object before it is stored: fields that users cannot set, generation, stringData, status.
import { admitPod } from './defaults.ts';
import {
  type Json,
  type JsonObject,
  at,
  child,
  ensure,
  isEmpty,
  isEqual,
  isObject,
  objects,
  scalarText,
  text,
} from './json.ts';
import type { Kind } from './kinds.ts';

/** Where generation counts changes. */
const generationOf: Readonly<Record<string, 'spec' | 'spec and annotations'>> = {
  Deployment: 'spec and annotations',
  StatefulSet: 'spec',
  DaemonSet: 'spec',
  ReplicaSet: 'spec',
  Job: 'spec',
  CronJob: 'spec',
  Pod: 'spec',
  Kustomization: 'spec',
  GitRepository: 'spec',
};

/** May a PUT create it? */
export function isCreatedByUpdate(kind: Kind): boolean {
  return kind.resource === 'leases' || kind.resource === 'events';
}

/** Must a PUT name the resourceVersion it replaces? */
export function isVersionRequired(kind: Kind): boolean {
  return kind.resource === 'leases';
}

/** Deleting it answers the object rather than a Status. */
export function isDeletionAnsweredWithObject(kind: Kind): boolean {
  return kind.resource === 'pods' || kind.resource === 'namespaces' || kind.resource === 'serviceaccounts';
}

/** The fields that a main or status endpoint neither changes nor owns. */
export function ignoredFields(kind: Kind, subresource: string): readonly (readonly string[])[] {
  if (!kind.status) return [];
  if (subresource === '') return [['f:status']];
  const spec: readonly (readonly string[])[] = [['f:spec']];
  if (kind.resource === 'deployments') return [...spec, ['f:metadata', 'f:labels']];
  if (kind.resource === 'pods')
    return [...spec, ['f:metadata', 'f:deletionTimestamp'], ['f:metadata', 'f:ownerReferences']];
  return spec;
}

export function prepareCreate(kind: Kind, object: JsonObject): void {
  if (kind.status) {
    delete object['status'];
    if (initialStatus[kind.kind] !== undefined) object['status'] = { ...initialStatus[kind.kind] };
  }
  const metadata = ensure(object, 'metadata');
  if (generationOf[kind.kind] !== undefined) metadata['generation'] = 1;
  if (kind.kind === 'Pod') preparePod(object);
  if (kind.kind === 'Namespace') addNamespaceFinalizer(object);
  if (kind.kind === 'Job') prepareJob(object);
  if (kind.kind === 'DaemonSet') setTemplateGeneration(object, '1');
}

const initialStatus: Readonly<Record<string, JsonObject>> = {
  Pod: { phase: 'Pending' },
  Namespace: { phase: 'Active' },
};

function preparePod(pod: JsonObject): void {
  admitPod(pod);
  ensure(pod, 'status')['qosClass'] = qosClassOf(pod);
}

function qosClassOf(pod: JsonObject): string {
  const all = [...objects(pod, 'spec', 'containers'), ...objects(pod, 'spec', 'initContainers')];
  const resources = all.map((item) => child(item, 'resources'));
  if (resources.every((item) => isEmpty(item['limits']) && isEmpty(item['requests']))) return 'BestEffort';
  const isFull = resources.every((item) =>
    ['cpu', 'memory'].every(
      (name) => at(item, 'limits', name) !== undefined && isEqual(at(item, 'limits', name), at(item, 'requests', name)),
    ),
  );
  return isFull ? 'Guaranteed' : 'Burstable';
}

function addNamespaceFinalizer(namespace: JsonObject): void {
  const spec = ensure(namespace, 'spec');
  const finalizers = Array.isArray(spec['finalizers']) ? spec['finalizers'] : [];
  spec['finalizers'] = [...new Set([...finalizers, 'kubernetes'])];
}

/** A Job without a selector of its own gets one by its uid. */
function prepareJob(job: JsonObject): void {
  const spec = ensure(job, 'spec');
  if (spec['manualSelector'] === true) return;
  const uid = text(job, 'metadata', 'uid');
  const labels = ensure(spec, 'template', 'metadata', 'labels');
  const isShared = isEqual(at(job, 'metadata', 'labels'), labels);
  for (const prefix of ['', 'batch.kubernetes.io/']) {
    labels[`${prefix}controller-uid`] = uid;
    labels[`${prefix}job-name`] = text(job, 'metadata', 'name');
  }
  // Labels that were defaulted from the template are the template's own map there, and change with it.
  if (isShared) ensure(job, 'metadata')['labels'] = { ...labels };
  ensure(spec, 'selector', 'matchLabels')['batch.kubernetes.io/controller-uid'] = uid;
}

/** Lays what this endpoint may not change from `before` over `after`, and counts generations. */
export function prepareUpdate(kind: Kind, before: JsonObject, after: JsonObject, subresource: string): void {
  const metadata = ensure(after, 'metadata');
  if (subresource === 'status') {
    keep(before, after, 'spec');
    if (kind.kind === 'Deployment') keep(child(before, 'metadata'), metadata, 'labels');
    if (kind.kind === 'Pod') keepPodMetadata(before, metadata);
  } else if (kind.status) keep(before, after, 'status');
  keep(child(before, 'metadata'), metadata, 'generation');
  if (kind.kind === 'DaemonSet') countTemplates(before, after);
  if (kind.kind === 'Namespace') keep(child(before, 'spec'), ensure(after, 'spec'), 'finalizers');
  const counts = generationOf[kind.kind];
  if (counts === undefined || subresource !== '') return;
  const isBumped =
    !isEqual(before['spec'], after['spec']) ||
    (counts === 'spec and annotations' && !isSame(at(before, 'metadata', 'annotations'), metadata['annotations']));
  const generation = at(before, 'metadata', 'generation');
  if (isBumped && typeof generation === 'number') metadata['generation'] = generation + 1;
}

const templateGenerationKey = 'deprecated.daemonset.template.generation';

/** The one field of the internal DaemonSet that its wire form carries as an annotation. */
export function setTemplateGeneration(daemonSet: JsonObject, generation: string): void {
  ensure(daemonSet, 'metadata', 'annotations')[templateGenerationKey] = generation;
}

function countTemplates(before: JsonObject, after: JsonObject): void {
  const old = Number(text(before, 'metadata', 'annotations', templateGenerationKey) || 0);
  const isSame = isEqual(at(before, 'spec', 'template'), at(after, 'spec', 'template'));
  setTemplateGeneration(after, String(isSame ? old : old + 1));
}

/** Reading a DaemonSet that lacks the annotation gives it one. */
export function completeDaemonSet(daemonSet: JsonObject): void {
  if (text(daemonSet, 'metadata', 'annotations', templateGenerationKey) === '') setTemplateGeneration(daemonSet, '0');
}

function keepPodMetadata(before: JsonObject, metadata: JsonObject): void {
  for (const key of ['ownerReferences', 'deletionTimestamp']) keep(child(before, 'metadata'), metadata, key);
}

function keep(from: JsonObject, to: JsonObject, key: string): void {
  const value = from[key];
  if (value === undefined) delete to[key];
  else to[key] = value;
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return (isEmpty(a) && isEmpty(b)) || isEqual(a, b);
}

/** stringData is write-only: it is laid over data. */
export function foldStringData(object: JsonObject): void {
  const strings = object['stringData'];
  if (isObject(strings) && !isEmpty(strings)) {
    const data = ensure(object, 'data');
    for (const [key, value] of Object.entries(strings)) data[key] = Buffer.from(scalarText(value)).toString('base64');
  }
  delete object['stringData'];
}
