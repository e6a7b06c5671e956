// The whole answer for one case: is the change seen (§1, §4), permitted (§2), does it find a container and change it (§3).
import { watchesConfig, watchesWorkload } from './flags.ts';
import { matchAsGo, type Matcher } from './go-text.ts';
import { hashContent } from './hashes.ts';
import { findTarget, type Target } from './references.ts';
import { shouldReload, type Rule } from './should-reload.ts';
import { applyStrategy, type Edit } from './strategies.ts';
import type { Flags, ReloaderCase, Workload, Change } from './types.ts';

/** Why nothing happens. The first five come before §2, the last three after it; the rest are rules of §2. */
export type Refusal =
  | 'config-not-watched'
  | 'workload-not-watched'
  | 'other-namespace'
  | 'action-not-enabled'
  | 'no-data-change'
  | Rule
  | 'not-referenced'
  | 'not-updated';

/** How a kind is restarted (§3, table of kinds). */
export type Write = 'patch-template' | 'create-job' | 'recreate-job' | 'put-rollout' | 'patch-restart-at';

export type Outcome =
  | { readonly restart: false; readonly reason: Refusal }
  | {
      readonly restart: true;
      readonly rule: Rule;
      readonly auto: boolean;
      readonly target: Target;
      readonly edit: Edit;
      readonly write: Write;
    };

export interface DecideOptions {
  /** Unix seconds; 0 if not given. */
  readonly observedAt?: number;
  readonly matches?: Matcher;
}

export function decide(one: ReloaderCase, { observedAt = 0, matches = matchAsGo }: DecideOptions = {}): Outcome {
  const { flags, workload, config, change } = one;
  const unseen = findUnseen(one);
  if (unseen) return { restart: false, reason: unseen };
  const { reload, auto, rule } = shouldReload(one, matches);
  if (!reload) return { restart: false, reason: rule };
  const target = findTarget(workload.podSpec, { kind: config.kind, name: config.name, auto });
  if (!target) return { restart: false, reason: 'not-referenced' };
  const edit = applyStrategy({ strategy: flags.reloadStrategy, workload, config, change, target, observedAt });
  if (edit.edit === 'not-updated') return { restart: false, reason: 'not-updated' };
  return { restart: true, rule, auto, target, edit, write: writeFor(workload) };
}

function findUnseen({ flags, workload, config, change }: ReloaderCase): Refusal | undefined {
  if (!watchesConfig(flags, config.kind)) return 'config-not-watched';
  if (!watchesWorkload(flags, workload.kind)) return 'workload-not-watched';
  if (workload.namespace !== config.namespace) return 'other-namespace';
  if (!isEnabled(flags, change)) return 'action-not-enabled';
  if (change.action === 'update' && hashContent(change.before) === hashContent(change.after)) return 'no-data-change';
  return undefined;
}

/** Creates of a SecretProviderClassPodStatus are ignored (§4, W18) whatever the flag says. */
function isEnabled(flags: Flags, change: Change): boolean {
  switch (change.action) {
    case 'update':
      return true;
    case 'create':
      return flags.reloadOnCreate === 'true' && change.after.kind !== 'SecretProviderClass';
    case 'delete':
      return flags.reloadOnDelete === 'true';
  }
}

function writeFor({ kind, annotations }: Workload): Write {
  switch (kind) {
    case 'Deployment':
    case 'DaemonSet':
    case 'StatefulSet':
      return 'patch-template';
    case 'CronJob':
      return 'create-job';
    case 'Job':
      return 'recreate-job';
    case 'Rollout':
      return annotations['reloader.stakater.com/rollout-strategy'] === 'restart' ? 'patch-restart-at' : 'put-rollout';
  }
}
