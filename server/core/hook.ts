// The port of webhook senders, and what a resource hook asks and is told. A new sender is one file in hooks/ and one registry line.
import type { WorkloadRef } from './object.ts';

/** The identity of any object, as a sender names it: a claim, not a fact. */
export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What an incoming webhook says. It is only a hint: it may cause looks, and nothing else. */
export interface HookEvent {
  /** The engine's resource that the event is about. */
  readonly about: ObjectName;
  /** Objects that the event says were applied or deleted. */
  readonly touched: readonly ObjectName[];
  /** The sender's own word. */
  readonly reason: string;
  readonly severity: 'info' | 'error';
  /** Commit that the event speaks of, where it names one. */
  readonly commit: string | undefined;
  /** Milliseconds since the epoch, by the sender's clock. */
  readonly at: number;
}

/** A request as it arrived: the signature is over these bytes, never over parsed and re-written JSON. */
export interface Delivery {
  readonly body: Uint8Array;
  /** Value of a header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
}

/** One kind of sender: who may speak, and what was said. Pure. */
export interface WebhookSender {
  /** Takes the same time for a right and a wrong signature. */
  readonly verify: (delivery: Delivery, key: Uint8Array) => boolean;
  /** Throws `hook-body-invalid`. Only for verified bytes. */
  readonly parse: (body: Uint8Array) => HookEvent;
}

/** owed: the restart is not made yet. rolling: made, not yet available. blocked: a person must act. */
export type OwedState = 'owed' | 'rolling' | 'blocked';

export interface OwedWorkload {
  readonly workload: WorkloadRef;
  readonly state: OwedState;
  /** Machine-readable reason word of the decision. */
  readonly reason: string;
}
