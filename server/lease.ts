// Holds the Lease while the loop runs, and tells it until when everything is decided (RESTART-PROTOCOL.md rule 9).
import type { Config } from './config.ts';
import { LockstepError } from './core/errors.ts';
import { becomeLeader, type Leadership } from './kube/leader.ts';
import type { Parts, Ports } from './parts.ts';
import { reportSparingly } from './trouble.ts';

/** Watches of different resources may be this far apart when everything seems decided. */
const watchLagMs = 5_000;

export interface LeaseHolder {
  /** The time until which everything is decided (ms), asked at each renewal. */
  readonly settledAt: () => number | undefined;
  /** Told before `ours` resolves. */
  readonly onLeading: (leadership: Leadership) => void;
  readonly stop: AbortSignal;
  /** After the last write. */
  readonly letGo: AbortSignal;
}

export interface HeldLease {
  /** Resolves when the Lease is ours. */
  readonly ours: Promise<void>;
  /** Resolves when it was let go. Rejects with `lease-lost`. */
  readonly ended: Promise<void>;
}

/** Where the Lease is: Reloader's own under its flag, so that it and Lockstep never both lead. */
export function leasePlace({ reloader, stateNamespace }: Config): {
  readonly namespace: string;
  readonly name: string;
} {
  return reloader.lease ?? { namespace: stateNamespace, name: 'lockstep' };
}

/** Waits for the Lease and renews it until `letGo`. */
export function holdLease(config: Config, ports: Ports, holder: LeaseHolder): HeldLease {
  const { client, clock, now, sleep } = ports;
  const place = leasePlace(config);
  const { identity } = config;
  const lease = { client, ...place, identity, now, elapsed: () => clock.now(), sleep, settledAt: holder.settledAt };
  const onTrouble = reportSparingly(ports, () => clock.now(), 'Lease not written, trying again');
  const leading = becomeLeader({ ...lease, onTrouble }, holder.stop).then((leadership) => {
    holder.onLeading(leadership);
    return leadership;
  });
  const ended = leading.then(async (leadership) => {
    if ((await leadership.hold(holder.letGo)) === 'released') return;
    const message = `the Lease ${place.namespace}/${place.name} was taken by another process, or could not be renewed in time`;
    throw new LockstepError('lease-lost', { message });
  });
  ended.catch(() => undefined);
  return { ours: leading.then(() => undefined), ended };
}

/** Rule 9: everything until here is decided. Stands still while something is not. */
export function markSettled({ now }: Ports, parts: Parts): number | undefined {
  const isIdle =
    parts.queue.depth === 0 &&
    parts.state.ledger.isWritten() &&
    parts.reconciler.held.size === 0 &&
    parts.watches?.unsynced().length === 0;
  const heardUntil = parts.watches?.heardUntil();
  if (isIdle && heardUntil !== undefined) parts.decidedUntil = Math.min(heardUntil, now()) - watchLagMs;
  return parts.decidedUntil;
}
