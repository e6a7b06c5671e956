// The figures of a run, each of Lockstep's beside its floor, and what must be so on every machine.
import { answersOf, countRequests, quantile, type Answer, type Counts, type Phase, type Side } from './measure.ts';
import type { Run, RunOptions } from './run.ts';
import { names } from './world.ts';

/** A figure of Lockstep, the bare client's, and how many times as much it is. */
export interface Pair {
  readonly lockstep: number;
  readonly floor: number;
  readonly ratio: number;
}

export interface Check {
  readonly name: string;
  readonly wanted: string;
  readonly found: string;
  readonly isMet: boolean;
  /** A count is the same on every machine; a time is not. */
  readonly kind: 'count' | 'time';
}

export interface BenchResult {
  readonly sizes: {
    readonly changes: number;
    readonly deployments: number;
    readonly replicas: number;
    readonly rounds: number;
  };
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', Pair>>;
  readonly fanOutMs: Readonly<Record<'median' | 'best' | 'worst', Pair>>;
  readonly fanOutPerSecond: Pair;
  readonly peakMiB: Pair;
  /** Lockstep's requests by verb and resource, of all rounds. */
  readonly requests: Readonly<Record<Exclude<Phase['name'], 'warm-up' | 'floor'>, Counts>>;
  readonly checks: readonly Check[];
}

const lockstepUser = 'system:serviceaccount:lockstep-system:lockstep';
const floorUser = 'system:serviceaccount:bench:bare-client';
const targets = { latency: 3, fanOut: 2 } as const;
/** Not caused by a change: the Lease, watches that the API server ended, and the ledger, which follows earlier restarts by seconds. */
const ownBusiness = new Set(['get lease', 'update lease', 'create ledger', 'update ledger']);

export function judge(run: Run, options: Omit<RunOptions, 'say' | 'profileDirectory'>): BenchResult {
  const { changes, deployments, replicas, rounds, unusedChanges } = options;
  const single = { lockstep: answers(run, 'lockstep', 'single'), floor: answers(run, 'floor', 'single') };
  const fanOut = { lockstep: answers(run, 'lockstep', 'fanOut'), floor: answers(run, 'floor', 'fanOut') };
  const both = (of: Record<'lockstep' | 'floor', readonly Answer[]>, share: number): Pair =>
    compare(quantile(times(of.lockstep), share), quantile(times(of.floor), share));
  const latencyMs = { p50: both(single, 0.5), p90: both(single, 0.9), p99: both(single, 0.99), max: both(single, 1) };
  const fanOutMs = { best: both(fanOut, 0), median: both(fanOut, 0.5), worst: both(fanOut, 1) };
  const perSecond = (ms: number): number => (deployments * 1000) / ms;
  const requests = {
    start: requestsOf(run, 'start'),
    latency: requestsOf(run, 'latency'),
    unused: requestsOf(run, 'unused'),
    'fan-out': requestsOf(run, 'fan-out'),
  };
  const lists = Object.entries({ ...requests, start: {} }).reduce((sum, [, counts]) => sum + countLists(counts), 0);
  const stray = total(requests.unused, (name) => !ownBusiness.has(name));
  return {
    sizes: { changes, deployments, replicas, rounds },
    latencyMs,
    fanOutMs,
    fanOutPerSecond: compare(perSecond(fanOutMs.median.lockstep), perSecond(fanOutMs.median.floor)),
    peakMiB: compare(run.peakBytes.lockstep / 2 ** 20, run.peakBytes.floor / 2 ** 20),
    requests,
    checks: [
      exactly('isolated changes answered by one patch each', once(single.lockstep, 1), changes),
      exactly('the same by the bare client', once(single.floor, 1), changes),
      exactly('fan-outs that patched each Deployment once', once(fanOut.lockstep, deployments), rounds),
      exactly('the same by the bare client', once(fanOut.floor, deployments), rounds),
      exactly('LIST requests after the start', lists, 0),
      exactly(`requests for ${unusedChanges} changes of an unused Secret`, stray, 0),
      within('latency p99, times the floor', latencyMs.p99.ratio, targets.latency),
      within('fan-out, times the floor', fanOutMs.median.ratio, targets.fanOut),
    ],
  };
}

function answers(run: Run, side: 'lockstep' | 'floor', what: 'single' | 'fanOut'): Answer[] {
  const name = names[side][what];
  const sides: Record<typeof what, Omit<Side, 'user'>> = {
    single: { config: { resource: 'secrets', name }, deployments: new Set([name]) },
    fanOut: { config: { resource: 'configmaps', name }, deployments: new Set(run.shared) },
  };
  const phases = run.phases.filter(({ name }) => name !== 'start' && name !== 'warm-up');
  return answersOf(run.events, phases, { user: side === 'lockstep' ? lockstepUser : floorUser, ...sides[what] });
}

function requestsOf({ events, phases }: Run, name: Phase['name']): Counts {
  const wanted = phases.filter((phase) => phase.name === name);
  return countRequests(events, lockstepUser, wanted);
}

function times(found: readonly Answer[]): number[] {
  return found.filter(({ patches }) => patches > 0).map(({ ms }) => ms);
}

function once(found: readonly Answer[], patches: number): number {
  return found.filter((answer) => answer.patches === patches).length;
}

function compare(lockstep: number, floor: number): Pair {
  return { lockstep, floor, ratio: lockstep / floor };
}

function total(counts: Counts, isCounted: (name: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [name, count]) => sum + (isCounted(name) ? count : 0), 0);
}

function countLists(counts: Counts): number {
  return total(counts, (name) => name.startsWith('list '));
}

function exactly(name: string, found: number, wanted: number): Check {
  return { name, wanted: String(wanted), found: String(found), isMet: found === wanted, kind: 'count' };
}

function within(name: string, found: number, most: number): Check {
  return { name, wanted: `at most ${most}`, found: found.toFixed(2), isMet: found <= most, kind: 'time' };
}
