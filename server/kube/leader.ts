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
  /** Renews until `letGo` aborts, then lets go at once; or until another process has taken it. */
  readonly hold: (letGo: AbortSignal) => Promise<'released' | 'lost'>;
}

const name = 'lockstep';
/** As kube-controller-manager's defaults: a leader that died is followed within the duration. */
const durationSeconds = 15;
const renewMs = 5_000;
const retryMs = 2_000;
/** Before the Lease expires for the others. */
const giveUpMs = 11_000;
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
  const renew = async (lease: Lease, signal: AbortSignal): Promise<Lease> => {
    try {
      return await writeLease(options, { lease, holder: options.identity, signal });
    } catch (error) {
      if (!signal.aborted) options.onTrouble(error);
      return lease;
    }
  };
  return {
    settledAt,
    async hold(letGo) {
      let lease = first;
      let renewedAt = options.now();
      while (!letGo.aborted) {
        await options.sleep(renewMs, letGo);
        if (letGo.aborted) break;
        const renewed = await renew(lease, letGo);
        if (renewed === lease) {
          const ours = await readOurs(options, letGo);
          if (ours === 'taken' || options.now() - renewedAt > giveUpMs) return 'lost';
          lease = ours ?? lease;
        } else {
          lease = renewed;
          renewedAt = options.now();
        }
      }
      await release(options, lease);
      return 'released';
    },
  };
}

/** The Lease while it is still ours; undefined when nobody can say. */
async function readOurs(options: LeaderOptions, signal: AbortSignal): Promise<Lease | 'taken' | undefined> {
  try {
    const lease = await readLease(options, signal);
    return lease?.spec?.holderIdentity === options.identity ? lease : 'taken';
  } catch {
    return undefined;
  }
}

/** So that the next leader need not wait. */
async function release(options: LeaderOptions, lease: Lease): Promise<void> {
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
