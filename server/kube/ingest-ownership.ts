// Reduces an object to what it says about who owns it: the labels and annotations that engines write, and its owner references.
import type { OwnershipMarks } from '../core/engine.ts';
import { leaveKeys } from '../core/leave-rule.ts';
import type { Owner } from '../core/producer.ts';
import type { Metadata } from './ingest.ts';
import type { ApiObject } from './reflector.ts';

/** Argo CD's default, and the key that its documentation gives to those who need the default for something else. */
const instanceLabels = ['app.kubernetes.io/instance', 'argocd.argoproj.io/instance'];
const fluxLabels = ['kustomize.toolkit.fluxcd.io', 'helm.toolkit.fluxcd.io'].flatMap((group) => [
  `${group}/name`,
  `${group}/namespace`,
]);
const annotations = [
  'argocd.argoproj.io/tracking-id',
  'argocd.argoproj.io/installation-id',
  'meta.helm.sh/release-name',
  'meta.helm.sh/release-namespace',
  'helm.sh/hook',
  ...leaveKeys,
];

/** Five names of Kubernetes and what stands between them; no engine writes more. */
const markMost = 1_500;
const ownersMost = 10;

/** Undefined when nothing marks the object. `moreLabels`: further keys of labels under which Argo CD writes the application's name. */
export function parseOwnershipMarks(
  group: string,
  kind: string,
  object: ApiObject,
  moreLabels: readonly string[] = [],
): OwnershipMarks | undefined {
  const metadata = object.metadata as Metadata;
  const labels = pick(metadata.labels, [...instanceLabels, ...fluxLabels, ...leaveKeys, ...moreLabels]);
  const marks = pick(metadata.annotations, annotations);
  const owners = (metadata.ownerReferences ?? []).slice(0, ownersMost).map(toOwner);
  if (labels === none && marks === none && owners.length === 0) return undefined;
  return { group, kind, namespace: metadata.namespace ?? '', name: metadata.name, labels, annotations: marks, owners };
}

/** One for all objects: most have none. */
const none: Readonly<Record<string, string>> = Object.freeze({});

function pick(texts: Readonly<Record<string, string>> | undefined, keys: readonly string[]): typeof none {
  if (texts === undefined) return none;
  const found = keys.flatMap((key): [string, string][] => {
    const text: unknown = Object.hasOwn(texts, key) ? texts[key] : undefined;
    return typeof text === 'string' && text.length <= markMost ? [[key, text]] : [];
  });
  return found.length === 0 ? none : Object.fromEntries(found);
}

function toOwner({ apiVersion = '', kind = '', name = '' }: NonNullable<Metadata['ownerReferences']>[number]): Owner {
  const slash = apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), kind, name };
}
