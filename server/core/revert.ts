// The port through which an engine is asked to put Git's content back. argocd/ and flux/ make the patch, server/kube sends it.
import type { RevertRefusal } from './decide-revert.ts';
import type { OwnerRef } from './engine.ts';
import type { ConfigRef } from './object.ts';

export interface RevertWish {
  readonly configs: readonly ConfigRef[];
  /** For a person who reads the engine's resource, one sentence without values. */
  readonly why: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why an engine cannot take up a wish now; it passes. */
export type BusyReason = 'operation-running' | 'operation-requested';

/** Made from the owner's resource as the API server gives it. Never throws. */
export type RevertPlan =
  /** A merge patch with the resourceVersion that it was made from. */
  | { readonly kind: 'patch'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'busy'; readonly reason: BusyReason }
  | { readonly kind: 'refused'; readonly reason: RevertRefusal };

export type PlanRevert = (owner: unknown, wish: RevertWish) => RevertPlan;

export type Asked = { readonly kind: 'asked' } | Exclude<RevertPlan, { readonly kind: 'patch' }>;

export interface Reverter {
  /** Throws `api-*`, but for what is refused. */
  ask(owner: OwnerRef, wish: RevertWish, signal: AbortSignal): Promise<Asked>;
}
