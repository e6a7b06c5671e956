// What can be added by a line: senders of webhooks, and forges.
import { fluxSender } from '../hooks/flux.ts';
import type { Forge } from './core/forge.ts';
import type { WebhookSender } from './core/hook.ts';
import type { Repository } from './core/repository.ts';
import { createLocalForge } from './forge/local.ts';

/** Path segment behind `/hooks/` -> sender. */
export const senders = { flux: fluxSender } as const satisfies Record<string, WebhookSender>;

export interface ForgeOptions {
  readonly repository: Repository;
  readonly clock: { now(): number };
}

/** `local` is for a repository with no forge at all. */
export const forges = { local: createLocalForge } as const satisfies Record<string, (options: ForgeOptions) => Forge>;
