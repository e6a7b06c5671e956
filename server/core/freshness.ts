// Did every pod of the current template begin after the content last changed? RESTART-PROTOCOL.md rules 7 and 9.
import { isNewer } from './object.ts';
import type { Change, PairObject, PodFacts, Revision, Snapshot } from './snapshot.ts';
import type { Ack } from './restart.ts';

/** Clocks of API servers and of Lockstep may differ by this much, and timestamps are whole seconds. */
export const skewAllowanceMs = 2_000;

/**
 * `unknown-without-revision`: the controller has not taken up the template yet, so its pods are still to come; a controller
 * that does not come at all is made up for by the pods.
 * `unknown-without-pods`: the pods' own ages could still prove it.
 */
export type Freshness = 'fresh' | 'not-proven' | 'unknown-without-revision' | 'unknown-without-pods';

/** Pods are not worth a request for a change this young: few can have been replaced by chance since. */
const churnMs = 30_000;

/** The newest change of the used keys that is known; undefined when none was ever seen. */
export function lastChange(object: PairObject): Change | undefined {
  return object.changes.at(-1);
}

/** A change happened no later than this; undefined where nothing tells. */
export interface Moment {
  readonly resourceVersion: string | undefined;
  readonly at: number | undefined;
}

/** When the content last changed. Without a known change the object's own version bounds it, and its time is what managedFields say. */
export function changeMoment(object: PairObject): Moment {
  const change = lastChange(object);
  return {
    resourceVersion: change?.watched === true ? change.resourceVersion : object.resourceVersion,
    at: change === undefined ? object.dataWrittenAt : change.at,
  };
}

/**
 * When an object came to be that has not changed since. An object that a selector did not let through before is told as added, so its
 * own time counts, not the time at which it was heard of.
 */
export function creationMoment(object: PairObject): Moment {
  const { resourceVersion, at } = changeMoment(object);
  const isOnlyCreated = lastChange(object)?.what !== 'content';
  return { resourceVersion, at: isOnlyCreated ? (object.dataWrittenAt ?? at) : at };
}

/** Rule 7. */
export function judgeFreshness(snapshot: Snapshot, { resourceVersion, at }: Moment): Freshness {
  const { addedVersion, createdAt } = made(snapshot.revision) ?? { addedVersion: undefined, createdAt: 0 };
  if (snapshot.revision === undefined && snapshot.pods === undefined) return 'unknown-without-revision';
  const isOrdered = snapshot.oneOrder && addedVersion !== undefined && resourceVersion !== undefined;
  if (isOrdered && isNewer(addedVersion, resourceVersion)) return 'fresh';
  if (at === undefined) return 'not-proven';
  if (createdAt > at + skewAllowanceMs) return 'fresh';
  if (snapshot.pods === undefined) return snapshot.now - at > churnMs ? 'unknown-without-pods' : 'not-proven';
  return allNewer(snapshot.pods, at) ? 'fresh' : 'not-proven';
}

function made(revision: Snapshot['revision']): Revision | undefined {
  return revision === 'withheld' ? undefined : revision;
}

/** The current template is an earlier one that was put back. */
export function isReused(revision: Snapshot['revision']): boolean {
  return made(revision)?.reused === true;
}

/** Every pod of the current template was created strictly after `at`. */
export function allNewer(pods: readonly PodFacts[], at: number): boolean {
  return pods.every((pod) => !pod.current || pod.createdAt > at + skewAllowanceMs);
}

/** When the used content left the acked digest and was back again; undefined when it never left. */
export interface Absence {
  readonly leftAt: number;
  readonly backAt: number;
  /** Nobody watched: it may never have left. */
  readonly blind: boolean;
}

/** Rule 9: the digest equals the ack; was it different in between? */
export function findAbsence(snapshot: Snapshot, object: PairObject, ack: Ack): Absence | undefined {
  if (object.uid === ack.uid && object.resourceVersion === ack.resourceVersion) return undefined;
  const since = object.changes.filter(({ resourceVersion }) => isNewer(resourceVersion, ack.resourceVersion));
  const watchedBackAt = since.at(-1)?.watched === true ? since.at(-1)?.at : undefined;
  const firstAt = since.length === 0 ? undefined : Math.min(...since.map(({ notBefore }) => notBefore));
  if (!isNewer(object.watchedSince, ack.resourceVersion)) {
    if (firstAt === undefined || watchedBackAt === undefined) return undefined;
    return { leftAt: firstAt, backAt: watchedBackAt, blind: false };
  }
  const leftAt = snapshot.settledAt ?? firstAt;
  const movedAt = watchedBackAt ?? object.dataWrittenAt;
  if (leftAt === undefined || movedAt === undefined || movedAt < leftAt) return undefined;
  // It left no later than its time says, but a removed key may have brought it back since: that moves no time.
  return { leftAt, backAt: watchedBackAt ?? snapshot.now, blind: true };
}

/** A pod that was born while the content was away may have read it. Bounds are widened by a second: timestamps are whole seconds. */
export function wasBornIn(pods: readonly PodFacts[], absence: Absence): boolean {
  return pods.some(
    (pod) => pod.current && pod.createdAt >= absence.leftAt - 1_000 && pod.createdAt <= absence.backAt + 1_000,
  );
}
