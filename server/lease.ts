// Holds the Lease while the loop runs, and tells it until when everything is decided (RESTART-PROTOCOL.md rule 9).
import type { Config } from './config.ts';
import { LockstepError } from './core/errors.ts';
import { becomeLeader } from './kube/leader.ts';
import type { Parts, Ports } from './parts.ts';
import { reportTrouble } from './trouble.ts';

/** Watches of different resources may be this far apart when everything seems decided. */
const watchLagMs = 5_000;

export interface HeldLease {
  /** Resolves when the Lease is ours. */
  readonly ours: Promise<void>;
  /** Resolves when it was let go. Rejects with `lease-lost`. */
  readonly ended: Promise<void>;
}

/** Waits for the Lease and renews it until `letGo`, which comes after the last write. */
export function holdLease(
  config: Config,
  ports: Ports,
  parts: Parts,
  { stop, letGo }: { stop: AbortSignal; letGo: AbortSignal },
): HeldLease {
  const { client, clock, now, sleep } = ports;
  const onTrouble = (error: unknown): void => reportTrouble(ports, error, 'Lease not written, trying again');
  const settledAt = (): number | undefined => markSettled(ports, parts);
  const lease = {
    client,
    namespace: config.stateNamespace,
    identity: config.identity,
    now,
    elapsed: () => clock.now(),
    sleep,
    settledAt,
    onTrouble,
  };
  const leading = becomeLeader(lease, stop).then((leadership) => {
    parts.leadership = leadership;
    return leadership;
  });
  const ended = leading.then(async (leadership) => {
    if ((await leadership.hold(letGo)) === 'released') return;
    throw new LockstepError('lease-lost', {
      message: `the Lease ${config.stateNamespace}/lockstep was taken by another process`,
    });
  });
  ended.catch(() => undefined);
  return { ours: leading.then(() => undefined), ended };
}

/** Rule 9: everything until here is decided. Stands still while something is not. */
function markSettled({ now }: Ports, parts: Parts): number | undefined {
  const isIdle =
    parts.queue.depth === 0 &&
    parts.state.ledger.isWritten() &&
    parts.reconciler.held.size === 0 &&
    parts.watches?.unsynced().length === 0;
  const heardUntil = parts.watches?.heardUntil();
  if (isIdle && heardUntil !== undefined) parts.decidedUntil = Math.min(heardUntil, now()) - watchLagMs;
  return parts.decidedUntil;
}
