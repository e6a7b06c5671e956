// Does a live object belong to an Application, and to which? A mark on the object names one; the Application's status must list the object,
// since whoever may edit an object may write any mark on it.
import type { EngineRef } from '../server/core/engine.ts';
import { instanceName, type Application, type ManagedResource } from './application.ts';
import { isThisCluster, type ClusterIdentity } from './destination.ts';
import { resourceKey, type ResourceId } from './operation.ts';
import {
  applicationOf,
  installationAnnotation,
  isSelfReferencing,
  parseTrackingId,
  trackingAnnotation,
  type TrackingSettings,
} from './tracking.ts';

export interface LiveObject {
  readonly id: ResourceId;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/** What Lockstep knows of one Argo CD. */
export interface ControlPlane {
  readonly namespace: string;
  readonly tracking: TrackingSettings;
  /** This cluster, as that Argo CD names it. */
  readonly cluster: ClusterIdentity;
  /** Unseen: it exists or may exist, and cannot be read. */
  readonly find: (ref: { readonly namespace: string; readonly name: string }) => Application | 'absent' | 'unseen';
}

/** owner-reference: an object that it owns made this one, which Git does not declare. */
export type OwnedBy = 'tracking-id' | 'label' | 'owner-reference';
export type UnconfirmedReason =
  | 'application-absent'
  | 'application-unseen'
  | 'application-deleting'
  | 'another-control-plane'
  | 'another-instance-name'
  | 'destination-unknown'
  | 'never-compared'
  | 'resources-cut'
  /** It comes and goes with syncs, and is no part of what is declared. */
  | 'hook'
  | 'not-in-status';
export type NotOwnedReason =
  | 'no-mark'
  /** The annotation came along with a copy of another object. */
  | 'copied-tracking-id'
  | 'malformed-tracking-id'
  | 'malformed-label'
  | 'another-installation'
  | 'another-cluster'
  /** A label that many tools write, and no Application says that the object is its own. */
  | 'label-only';

/** An `Ownership`, with its reasons as closed lists. */
export type ArgoOwnership =
  | {
      readonly kind: 'owned';
      readonly owner: EngineRef;
      readonly by: OwnedBy;
      /** As the status lists it, or the object that made it. */
      readonly resource: ManagedResource;
    }
  | { readonly kind: 'unconfirmed'; readonly owner: EngineRef; readonly reason: UnconfirmedReason }
  | { readonly kind: 'not-owned'; readonly reason: NotOwnedReason };

/** In annotation mode a label is a hint, for objects that were tracked by it before: it counts when the status agrees. */
export function findOwner(object: LiveObject, plane: ControlPlane): ArgoOwnership {
  if (plane.tracking.method === 'label') return judgeLabel(object, plane);
  const byId = judgeTrackingId(object, plane);
  if (byId.kind !== 'not-owned' || byId.reason === 'another-installation') return byId;
  const byLabel = judgeLabel(object, plane);
  if (byLabel.kind === 'owned') return byLabel;
  return byId.reason === 'no-mark' && byLabel.kind === 'unconfirmed'
    ? { kind: 'not-owned', reason: 'label-only' }
    : byId;
}

function judgeTrackingId({ id, annotations }: LiveObject, plane: ControlPlane): ArgoOwnership {
  const text = annotations.get(trackingAnnotation);
  if (text === undefined) return { kind: 'not-owned', reason: 'no-mark' };
  const tracking = parseTrackingId(text);
  const place = tracking === undefined ? undefined : applicationOf(tracking.instance, plane.namespace);
  if (tracking === undefined || place === undefined) return { kind: 'not-owned', reason: 'malformed-tracking-id' };
  const { installationId } = plane.tracking;
  if (installationId !== undefined && annotations.get(installationAnnotation) !== installationId) {
    return { kind: 'not-owned', reason: 'another-installation' };
  }
  if (!isSelfReferencing(tracking, id)) return { kind: 'not-owned', reason: 'copied-tracking-id' };
  return confirm({ id, place, instance: tracking.instance, by: 'tracking-id' }, plane);
}

function judgeLabel({ id, labels }: LiveObject, plane: ControlPlane): ArgoOwnership {
  const instance = labels.get(plane.tracking.labelKey);
  if (instance === undefined || instance === '') return { kind: 'not-owned', reason: 'no-mark' };
  const place = applicationOf(instance, plane.namespace);
  if (place === undefined) return { kind: 'not-owned', reason: 'malformed-label' };
  return confirm({ id, place, instance, by: 'label' }, plane);
}

interface Claim {
  readonly id: ResourceId;
  readonly place: { readonly namespace: string; readonly name: string };
  readonly instance: string;
  readonly by: OwnedBy;
}

function confirm({ id, place, instance, by }: Claim, plane: ControlPlane): ArgoOwnership {
  const owner: EngineRef = { engine: 'argocd', kind: 'Application', ...place };
  const doubt = (reason: UnconfirmedReason): ArgoOwnership => ({ kind: 'unconfirmed', owner, reason });
  const application = plane.find(place);
  if (application === 'absent' || application === 'unseen') return doubt(`application-${application}`);
  if ((application.controllerNamespace ?? plane.namespace) !== plane.namespace) return doubt('another-control-plane');
  if (instanceName(application, plane.namespace) !== instance) return doubt('another-instance-name');
  const here = isThisCluster(application.destination, plane.cluster);
  if (here === 'no') return { kind: 'not-owned', reason: 'another-cluster' };
  if (here === 'unknown') return doubt('destination-unknown');
  if (application.deleting) return doubt('application-deleting');
  const { byKey, extent } = application.resources;
  const resource = byKey.get(resourceKey(id));
  if (resource?.hook === true) return doubt('hook');
  if (resource !== undefined) return { kind: 'owned', owner, by, resource };
  return doubt(extent === 'absent' ? 'never-compared' : extent === 'cut' ? 'resources-cut' : 'not-in-status');
}
