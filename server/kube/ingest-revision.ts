// Reduces what stands around workloads: their revisions, their pods, and their namespaces.
import type { RevisionIdentity } from '../core/cluster.ts';
import { annotation, type Annotations } from '../core/reload.ts';
import type { PodFacts } from '../core/snapshot.ts';
import type { SeenNamespace, SeenRevision } from '../core/seen.ts';
import type { Metadata, Parsed } from './ingest.ts';
import type { ApiObject } from './reflector.ts';

/** A ReplicaSet or ControllerRevision; ReplicaSets come as metadata only. */
export function parseRevision(object: ApiObject): Parsed<SeenRevision> {
  const { metadata, revision } = object as unknown as { metadata: Metadata; revision?: number };
  const name = `${metadata.namespace ?? ''}/${metadata.name}`;
  const value: SeenRevision = {
    uid: metadata.uid,
    ownerUid: metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? '',
    name,
    number: revision === undefined ? numberOf(metadata.annotations) : String(revision),
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    resourceVersion: metadata.resourceVersion,
    hash: metadata.labels?.['controller-revision-hash'] ?? metadata.name,
  };
  return { key: name, value };
}

/** What the controller of a Deployment or Rollout gave its ReplicaSet. */
function numberOf(annotations: Annotations = {}): string {
  return annotations['deployment.kubernetes.io/revision'] ?? annotations['rollout.argoproj.io/revision'] ?? '';
}

export function parseNamespace(object: ApiObject): Parsed<SeenNamespace> {
  const { metadata } = object as unknown as { metadata: Metadata };
  const { name, resourceVersion, labels = {}, annotations } = metadata;
  const drift = annotations?.[annotation.drift];
  const paused = annotations?.[annotation.pause] === 'true';
  const value = { name, resourceVersion, labels, paused, ...(drift === undefined ? {} : { drift }) };
  return { key: name, value };
}

/** A pod's age, and whether it belongs to the current revision: by its ReplicaSet, or by the label of its ControllerRevision. */
export function parsePod(object: ApiObject, revision: RevisionIdentity | undefined): PodFacts {
  const { metadata } = object as unknown as { metadata: Metadata };
  const label = metadata.labels?.['controller-revision-hash'];
  const owned = metadata.ownerReferences?.some(({ uid }) => uid === revision?.uid) === true;
  const labelled = label !== undefined && (label === revision?.hash || revision?.hash.endsWith(`-${label}`) === true);
  return {
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    current: revision === undefined || owned || labelled,
  };
}
