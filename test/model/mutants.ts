// Planted bugs: each takes one rule away by wrapping what the process is made of. The explorer must find all of them.
import type { Ack } from '../../server/core/restart.ts';
import type { PairObject } from '../../server/core/snapshot.ts';
import { noEngines } from '../../server/reconcile/engine-waits.ts';
import type { LiveState } from '../../server/reconcile/gather.ts';
import type { SeenEvent } from '../../server/core/seen.ts';
import type { Mutant } from './lockstep.ts';
import { withCounter } from './run.ts';

/** An object with some of its methods replaced; the others still see what is private to it. */
function over<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const viewed = (change: (object: PairObject, state: LiveState) => PairObject): Mutant => ({
  state: (state) => ({
    ...state,
    configs: over(state.configs, {
      view: (key, use) => {
        const object = state.configs.view(key, use);
        return object === undefined ? undefined : change(object, state);
      },
    }),
  }),
});

/** Changes what the ledger remembers of each pair; undefined: forgets it. */
function withAcks(change: (ack: Ack, object: PairObject | undefined) => Ack | undefined): Mutant {
  return {
    state: (state) => ({
      ...state,
      ledger: over(state.ledger, {
        workload: (key) => {
          const record = state.ledger.workload(key);
          const acks = Object.entries(record?.acks ?? {}).flatMap(([name, ack]) => {
            const object = state.configs.view(`Secret/shop/${name.split('/')[1]}`, { keys: 'all', optional: false });
            const changed = change(ack, object);
            return changed === undefined ? [] : [[name, changed] as const];
          });
          return record === undefined ? undefined : { ...record, acks: Object.fromEntries(acks) };
        },
      }),
    }),
  };
}

/** Tells the events of a list as if a watch without a gap had delivered them. */
function asWatched<T>(handle: (event: SeenEvent<T>) => void): (event: SeenEvent<T>) => void {
  return (event) => handle(event.present ? { ...event, how: event.how === 'listed' ? 'added' : event.how } : event);
}

export const mutants: Readonly<Record<string, Mutant>> = {
  'a deletion is not missed': {
    state: (state) => ({ ...state, configs: over(state.configs, { absence: () => undefined }) }),
  },
  'rule 1: an ack without resourceVersion': withAcks((ack, object) => ({
    ...ack,
    resourceVersion: object?.resourceVersion ?? ack.resourceVersion,
  })),
  'rule 2: the memory of a deleted object is dropped': {
    state: (state, cluster) => ({
      ...state,
      ...withAcks((ack, object) => (object?.uid === ack.uid ? ack : undefined)).state?.(state, cluster),
      configs: over(state.configs, {
        apply: (event, now) => {
          const matters = state.configs.apply(event, now);
          if (!event.present) state.configs.prune(now + 8 * 24 * 3_600_000);
          return matters;
        },
      }),
    }),
  },
  'rule 3: no counter in the key': { keyText: (text) => withCounter(text, 1) },
  'rule 4: the key is not adopted': {
    route: (route) => ({
      ...route,
      onWorkload: (event) =>
        route.onWorkload(event.present ? { ...event, object: { ...event.object, restartKey: undefined } } : event),
    }),
  },
  'rule 5: no precondition': { precondition: 'none' },
  'rule 5: pods are read before config objects': {
    reads: (reads) => {
      let early: Awaited<ReturnType<typeof reads.pods>> = [];
      return {
        ...reads,
        workload: async (ref, signal) => {
          const found = await reads.workload(ref, signal);
          if (found !== undefined) early = await reads.pods(found, undefined, signal);
          return found;
        },
        pods: async () => early.slice(0, 0),
      };
    },
  },
  'rule 6: every difference is fresh': {
    state: (state) => ({
      ...state,
      revisions: { ...state.revisions, current: withRevision(state, { createdAt: Infinity }) },
    }),
  },
  'rule 7: an allowance below zero for timestamps': {
    state: (state) => ({ ...state, revisions: { ...state.revisions, current: withLater(state, 3_000) } }),
  },
  'rule 7: a listed revision counts as observed': {
    route: (route) => ({
      ...route,
      onRevision: (event) => asWatched(route.onRevision)({ ...event, version: '999999' }),
    }),
  },
  'rule 8: first sight is always a baseline': viewed((object) => ({ ...object, changes: [] })),
  'rule 9: a gap counts as watched': viewed((object) => ({ ...object, watchedSince: '0' })),
  'rule 9: the mark is the renewal of the Lease': { settled: 'always-now' },
  'rule 10: a lost key is not missed': {
    state: (state) => ({
      ...state,
      revisions: { ...state.revisions, current: withRevision(state, { reused: false }) },
      ledger: over(state.ledger, { workload: (key) => withLowN(state, key) }),
    }),
  },
  'rule 11: nobody waits for an engine': { engines: noEngines },
  'rule 13: digests are compared across keys': viewed((object) => ({
    ...object,
    digests: object.digests.slice(0, 1).map((digest) => digest.replace(/^k\d+:/, 'k0:')),
  })),
};

function withRevision(state: LiveState, change: Partial<{ createdAt: number; reused: boolean }>) {
  return (workload: Parameters<LiveState['revisions']['current']>[0]) => {
    const found = state.revisions.current(workload);
    return found === undefined ? undefined : { ...found, ...change };
  };
}

function withLater(state: LiveState, ms: number) {
  return (workload: Parameters<LiveState['revisions']['current']>[0]) => {
    const found = state.revisions.current(workload);
    return found === undefined ? undefined : { ...found, createdAt: found.createdAt + ms };
  };
}

function withLowN(state: LiveState, key: string) {
  const record = state.ledger.workload(key);
  return record === undefined ? undefined : { ...record, n: 0 };
}
