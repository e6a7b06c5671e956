// One process acts at a time: holds the Lease, renews it, and lets go at once when it stops. The Lease also carries the mark
// until when everything was decided (RESTART-PROTOCOL.md rule 9).
import { hasCode, LockstepError } from '../core/errors.ts';
import type { Client } from './client.ts';
import { fieldManager } from './patches.ts';

export interface LeaderOptions {
  readonly client: Client;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  readonly identity: string;
  /** Wall clock (ms), for what is written. */
  readonly now: () => number;
  /** Monotonic (ms), for how long something took: a clock that is put forward takes no Lease from anybody. */
  readonly elapsed: () => number;
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

/** As kube-controller-manager's defaults: a leader that died is followed within the duration. */
const durationSeconds = 15;
const renewMs = 5_000;
const retryMs = 2_000;
/** Before the Lease expires for the others. */
const giveUpMs = 11_000;
/** A Lease is small: an answer that takes longer is none, and must not outlast the Lease. */
const answerMs = 3_000;
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
      const lease = await readLease(options, within(answerMs, signal));
      const now = options.elapsed();
      if (lease !== undefined && watched?.version !== lease.metadata.resourceVersion) {
        watched = { version: lease.metadata.resourceVersion, since: now };
      }
      // By the time since it last changed, not by its text: clocks differ.
      const expired = watched !== undefined && now - watched.since > durationSeconds * 1_000;
      const holder = lease?.spec?.holderIdentity ?? '';
      if (lease === undefined || holder === '' || holder === options.identity || expired) {
        const renewedAt = options.elapsed();
        const taken = await writeLease(options, { lease, holder: options.identity, signal: within(answerMs, signal) });
        return lead(options, { lease: taken, isGone: false, renewedAt }, readSettled(lease));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!hasCode(error, 'api-conflict')) options.onTrouble(error);
    }
    await options.sleep(retryMs, signal);
    signal.throwIfAborted();
  }
}

interface Held {
  /** As last read or written. */
  readonly lease: Lease;
  /** Somebody deleted it: it is created again, unless somebody else was quicker. */
  readonly isGone: boolean;
  /** When the renewal that got through was sent. */
  readonly renewedAt: number;
}

function lead(options: LeaderOptions, taken: Held, settledAt: number | undefined): Leadership {
  return {
    settledAt,
    async hold(letGo) {
      let held = taken;
      let pauseMs = renewMs;
      while (!letGo.aborted) {
        await options.sleep(pauseMs, letGo);
        if (letGo.aborted) break;
        const next = await renew(options, held, letGo);
        if (next === 'lost') return 'lost';
        pauseMs = next.renewedAt === held.renewedAt ? retryMs : renewMs;
        held = next;
      }
      if (!held.isGone) await release(options, held.lease);
      return 'released';
    },
  };
}

/** One try, which ends in time whatever the API server does. */
async function renew(options: LeaderOptions, held: Held, letGo: AbortSignal): Promise<Held | 'lost'> {
  const sentAt = options.elapsed();
  const leftMs = (): number => giveUpMs - (options.elapsed() - held.renewedAt);
  const soon = (): AbortSignal => within(Math.max(0, Math.min(answerMs, leftMs())), letGo);
  try {
    const lease = await writeLease(options, { ...held, holder: options.identity, signal: soon() });
    return { lease, isGone: false, renewedAt: sentAt };
  } catch (error) {
    if (letGo.aborted) return held;
    options.onTrouble(error);
  }
  const found = await readOurs(options, soon());
  if (letGo.aborted) return held;
  if (found === 'taken' || leftMs() <= 0) return 'lost';
  if (found === 'gone') return { ...held, isGone: true };
  return found === 'unknown' ? held : { ...held, lease: found, isGone: false };
}

/** Aborts with `api-unreachable` when the time is up. */
function within(ms: number, signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const message = `the API server did not answer about the Lease within ${ms} ms`;
  setTimeout(() => late.abort(new LockstepError('api-unreachable', { message })), ms).unref();
  return AbortSignal.any([signal, late.signal]);
}

/** The Lease while it is still ours. */
async function readOurs(options: LeaderOptions, signal: AbortSignal): Promise<Lease | 'taken' | 'gone' | 'unknown'> {
  try {
    const lease = await readLease(options, signal);
    if (lease === undefined) return 'gone';
    return lease.spec?.holderIdentity === options.identity ? lease : 'taken';
  } catch {
    return 'unknown';
  }
}

/** So that the next leader need not wait. */
async function release(options: LeaderOptions, lease: Lease): Promise<void> {
  const signal = within(answerMs, new AbortController().signal);
  await writeLease(options, { lease, holder: '', signal }).catch(options.onTrouble);
}

async function readLease({ client, namespace, name }: LeaderOptions, signal: AbortSignal): Promise<Lease | undefined> {
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
  /** The one before. */
  readonly lease: Lease | undefined;
  readonly isGone?: boolean;
  readonly holder: string;
  readonly signal: AbortSignal;
}

async function writeLease(options: LeaderOptions, write: LeaseWrite): Promise<Lease> {
  const { client, namespace, name, now } = options;
  const { lease, holder, signal } = write;
  const existing = write.isGone === true ? undefined : lease;
  const changed = lease?.spec?.holderIdentity !== holder;
  const settledAt = options.settledAt() ?? readSettled(lease);
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      ...(existing === undefined ? {} : { resourceVersion: existing.metadata.resourceVersion }),
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
  const answer = await (existing === undefined
    ? client.send({ verb: 'create', path, ...request })
    : client.send({ verb: 'update', path: `${path}/${name}`, ...request }));
  return answer as Lease;
}

function readSettled(lease: Lease | undefined): number | undefined {
  const at = Date.parse(lease?.metadata.annotations?.[settledAnnotation] ?? '');
  return Number.isNaN(at) ? undefined : at;
}
