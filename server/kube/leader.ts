// One process acts at a time: holds the Lease, renews it, and lets go at once when it stops. The Lease also carries the mark
// until when everything was decided (RESTART-PROTOCOL.md rule 9).
import { hasCode } from '../core/errors.ts';
import type { Client } from './client.ts';
import { fieldManager } from './patches.ts';

export interface LeaderOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly identity: string;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The time until which everything is decided, asked at each renewal. */
  readonly settledAt: () => number | undefined;
  readonly onTrouble: (error: unknown) => void;
}

export interface Leadership {
  /** The mark that the previous holder left. */
  readonly settledAt: number | undefined;
  /** Aborts when the Lease is lost. */
  readonly lost: AbortSignal;
  /** Renews until the Lease is lost or `stop` aborts, then lets go. */
  readonly hold: (stop: AbortSignal) => Promise<void>;
}

const name = 'lockstep';
/** As kube-controller-manager's defaults: a leader that died is followed within the duration. */
const durationSeconds = 15;
const renewMs = 5_000;
const retryMs = 2_000;
const settledAnnotation = 'lockstep.dev/settled-at';

interface Lease {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string; readonly leaseTransitions?: number };
}

/** Waits until the Lease is ours. Rejects only when `signal` aborts. */
export async function becomeLeader(options: LeaderOptions, signal: AbortSignal): Promise<Leadership> {
  let watched: { version: string; since: number } | undefined;
  for (;;) {
    try {
      const lease = await readLease(options, signal);
      const now = options.now();
      if (lease !== undefined && watched?.version !== lease.metadata.resourceVersion) {
        watched = { version: lease.metadata.resourceVersion, since: now };
      }
      // By the time since it last changed, not by its text: clocks differ.
      const expired = watched !== undefined && now - watched.since > durationSeconds * 1_000;
      const holder = lease?.spec?.holderIdentity ?? '';
      if (lease === undefined || holder === '' || holder === options.identity || expired) {
        const taken = await writeLease(options, { lease, holder: options.identity, signal });
        return lead(options, taken, readSettled(lease));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!hasCode(error, 'api-conflict')) options.onTrouble(error);
    }
    await options.sleep(retryMs, signal);
    signal.throwIfAborted();
  }
}

function lead(options: LeaderOptions, first: Lease, settledAt: number | undefined): Leadership {
  const lost = new AbortController();
  let lease = first;
  let renewedAt = options.now();
  return {
    settledAt,
    lost: lost.signal,
    async hold(stop) {
      while (!stop.aborted && !lost.signal.aborted) {
        await options.sleep(renewMs, stop);
        if (stop.aborted) break;
        try {
          lease = await writeLease(options, { lease, holder: options.identity, signal: stop });
          renewedAt = options.now();
        } catch (error) {
          if (stop.aborted) break;
          options.onTrouble(error);
          if (hasCode(error, 'api-conflict')) lease = (await readOurs(options, stop)) ?? lease;
          if (options.now() - renewedAt > durationSeconds * 1_000 * 0.7 || hasCode(error, 'api-conflict')) {
            const ours = await readOurs(options, stop);
            if (ours === undefined) lost.abort();
            else lease = ours;
          }
        }
      }
      if (!lost.signal.aborted) await letGo(options, lease);
    },
  };
}

/** The Lease while it is still ours. */
async function readOurs(options: LeaderOptions, signal: AbortSignal): Promise<Lease | undefined> {
  const lease = await readLease(options, signal).catch(() => undefined);
  return lease?.spec?.holderIdentity === options.identity ? lease : undefined;
}

/** So that the next leader need not wait. */
async function letGo(options: LeaderOptions, lease: Lease): Promise<void> {
  const signal = AbortSignal.timeout(3_000);
  await writeLease(options, { lease, holder: '', signal }).catch(options.onTrouble);
}

async function readLease({ client, namespace }: LeaderOptions, signal: AbortSignal): Promise<Lease | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  try {
    return (await client.send({
      verb: 'get',
      resource: 'leases',
      subject: `${namespace}/${name}`,
      path,
      signal,
    })) as Lease;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

interface LeaseWrite {
  readonly lease: Lease | undefined;
  readonly holder: string;
  readonly signal: AbortSignal;
}

async function writeLease(options: LeaderOptions, { lease, holder, signal }: LeaseWrite): Promise<Lease> {
  const { client, namespace, now } = options;
  const changed = lease?.spec?.holderIdentity !== holder;
  const settledAt = options.settledAt() ?? readSettled(lease);
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      ...(lease === undefined ? {} : { resourceVersion: lease.metadata.resourceVersion }),
      ...(settledAt === undefined ? {} : { annotations: { [settledAnnotation]: new Date(settledAt).toISOString() } }),
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: durationSeconds,
      renewTime: new Date(now()).toISOString().replace('Z', '000Z'),
      leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + (changed && holder !== '' ? 1 : 0),
    },
  };
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const request = { resource: 'leases', subject: `${namespace}/${name}`, query: { fieldManager }, body, signal };
  const answer = await (lease === undefined
    ? client.send({ verb: 'create', path, ...request })
    : client.send({ verb: 'update', path: `${path}/${name}`, ...request }));
  return answer as Lease;
}

function readSettled(lease: Lease | undefined): number | undefined {
  const at = Date.parse(lease?.metadata.annotations?.[settledAnnotation] ?? '');
  return Number.isNaN(at) ? undefined : at;
}
