// The marks that Argo CD leaves on what it applies: the tracking id, the installation id, the label
// (argo-cd util/argo/resource_tracking.go). Anyone who may edit an object may write them: ownership.ts asks the Application too.
import type { ResourceId } from './operation.ts';

export const trackingAnnotation = 'argocd.argoproj.io/tracking-id';
export const installationAnnotation = 'argocd.argoproj.io/installation-id';

export interface TrackingSettings {
  /** unknown: Argo CD is configured with a word that this version does not know. */
  readonly method: 'annotation' | 'annotation+label' | 'label' | 'unknown';
  readonly labelKey: string;
  readonly installationId: string | undefined;
}

/** From the data of `argocd-cm`; without it the defaults of Argo CD 3. */
export function readTrackingSettings(data: ReadonlyMap<string, string>): TrackingSettings {
  const text = data.get('application.resourceTrackingMethod') || 'annotation';
  return {
    method: (['annotation', 'annotation+label', 'label'] as const).find((method) => method === text) ?? 'unknown',
    labelKey: data.get('application.instanceLabelKey') || 'app.kubernetes.io/instance',
    installationId: data.get('installationID') || undefined,
  };
}

export interface TrackingId {
  /** As written: `<name>`, or `<namespace>_<name>` for an Application outside the control plane's namespace. */
  readonly instance: string;
  /** The object that it was written for. */
  readonly object: ResourceId;
}

/** `<instance>:<group>/<kind>:<namespace>/<name>`; undefined when it is not in that form. Names of RBAC objects may hold colons. */
export function parseTrackingId(text: string): TrackingId | undefined {
  const [, instance, group, kind, namespace, name] = /^([^:]+):([^:/]*)\/([^:/]+):([^/]*)\/([^/]+)$/.exec(text) ?? [];
  if (instance === undefined || group === undefined || kind === undefined) return undefined;
  if (namespace === undefined || name === undefined) return undefined;
  return { instance, object: { group, kind, namespace, name } };
}

/** A tracking id speaks of this object. One that was copied with its annotations does not. Cluster-scoped: any namespace. */
export function isSelfReferencing({ object: said }: TrackingId, object: ResourceId): boolean {
  const isSameName = said.group === object.group && said.kind === object.kind && said.name === object.name;
  return isSameName && (object.namespace === '' || said.namespace === object.namespace);
}

/** Where the Application of that instance name is; names of Kubernetes hold no underscore. */
export function applicationOf(
  instance: string,
  controlPlane: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const cut = instance.indexOf('_');
  const [namespace, name] = cut < 0 ? [controlPlane, instance] : [instance.slice(0, cut), instance.slice(cut + 1)];
  return isName(namespace) && isName(name) ? { namespace, name } : undefined;
}

function isName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text);
}
