// What can be added by a line: engines, senders of webhooks, forges, and sinks of alerts.
import { argocd } from '../argocd/engine.ts';
import { planRevert as planArgoRevert } from '../argocd/refresh.ts';
import { flux } from '../flux/engine.ts';
import { planRevert as planFluxRevert } from '../flux/refresh.ts';
import { fluxSender } from '../hooks/flux.ts';
import type { Engine, EngineName } from './core/engine.ts';
import type { Forge } from './core/forge.ts';
import type { WebhookSender } from './core/hook.ts';
import type { SinkFormat } from './core/notification.ts';
import type { PlanRevert } from './core/revert.ts';
import type { Repository } from './core/repository.ts';
import { createLocalForge } from './forge/local.ts';
import { gchat } from './notify/gchat.ts';
import { raw } from './notify/raw.ts';
import { slack } from './notify/slack.ts';
import { teams } from './notify/teams.ts';

/** Of two that claim an object, the first one's claim is told. */
export const engines = { argocd, flux } as const satisfies Record<EngineName, Engine>;

/** Path segment behind `/hooks/` -> sender. */
export const senders = { flux: fluxSender } as const satisfies Record<string, WebhookSender>;

export interface ForgeOptions {
  readonly repository: Repository;
  readonly clock: { now(): number };
}

/** `local` is for a repository with no forge at all. */
export const forges = { local: createLocalForge } as const satisfies Record<string, (options: ForgeOptions) => Forge>;

/** Engine -> how it is asked to put Git's content back. */
export const revertPlans = { argocd: planArgoRevert, flux: planFluxRevert } as const satisfies Record<
  EngineName,
  PlanRevert
>;

/** $ALERT_SINK -> what that receiver wants. */
export const sinks = { slack, teams, gchat, raw } as const satisfies Record<string, SinkFormat>;
