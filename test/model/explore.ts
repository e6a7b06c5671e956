// Chooses random steps from a seed, and shortens a trace that breaks a promise.
import { begin, configs, finish, replay, top, usual, Violation, workloads, type Run, type Scenario } from './run.ts';
import type { Mutant } from './lockstep.ts';

export interface Found {
  readonly seed: number;
  readonly violation: string;
  readonly trace: readonly string[];
  readonly scenario: Scenario;
}

/** A small generator of good quality with 32 bits of state (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

const environment: readonly [weight: number, line: (random: Random) => string][] = [
  [10, (random) => `change ${oneOf(random, ['c0', 'c0', 'c0', 'c1'])} ${oneOf(random, [0, 1, 2])}`],
  [4, (random) => `churn ${oneOf(random, workloads)} ${oneOf(random, [0, 1])}`],
  [6, (random) => `observe ${oneOf(random, workloads)}`],
  [8, (random) => `rollout ${oneOf(random, workloads)} ${oneOf(random, [0, 1])}`],
  [7, (random) => `tick ${oneOf(random, [1, 1, 3, 5, 40])}`],
  [2, (random) => `image ${oneOf(random, workloads)}`],
  [2, (random) => `meta ${oneOf(random, workloads)}`],
  [1, (random) => `label ${oneOf(random, configs)}`],
  [1, (random) => `label-data ${oneOf(random, configs)}`],
  [1, (random) => `delete ${oneOf(random, configs)}`],
  [2, (random) => `recreate ${oneOf(random, configs)} ${oneOf(random, [0, 1, 2])}`],
  [1, (random) => `adopt ${oneOf(random, workloads)}`],
  [1, (random) => `drop ${oneOf(random, workloads)}`],
  [1, (random) => `remove ${oneOf(random, workloads)}`],
  [2, (random) => `create ${oneOf(random, workloads)}`],
  [1, (random) => `opt-out ${oneOf(random, workloads)}`],
  [1, (random) => `opt-in ${oneOf(random, workloads)}`],
  [1, (random) => `strip ${oneOf(random, workloads)}`],
  [1, (random) => `rollback ${oneOf(random, workloads)} ${oneOf(random, [1, 2, 3])}`],
  [0.2, (random) => `deny ${oneOf(random, workloads)}`],
  [1, () => 'rotate'],
];

/** More of it where it counts. */
const comingAndGoing: typeof environment = [
  [5, (random) => `delete ${oneOf(random, configs)}`],
  [5, (random) => `recreate ${oneOf(random, configs)} ${oneOf(random, [0, 1, 2])}`],
];

/** By seed: a fifth of the runs is with an engine. */
const syncing: typeof environment = [
  [4, () => 'sync'],
  [5, (random) => `sync-config ${oneOf(random, ['c0', 'c0', 'c1'])} ${oneOf(random, [0, 1, 2])}`],
  [4, (random) => `sync-apply ${oneOf(random, workloads)} ${oneOf(random, ['image', 'image', ''])}`.trim()],
  [2, () => 'sync-end'],
];

/** By seed: a half of the runs is without. */
const off = usual.presence;
const presences: readonly Scenario['presence'][] = [
  off,
  { onCreate: true, onDelete: true, atStart: true },
  off,
  { onCreate: false, onDelete: true, atStart: false },
  off,
  { onCreate: true, onDelete: false, atStart: false },
];

const resources = ['workloads', 'configs', 'revisions'] as const;
const ownSteps: readonly [weight: number, line: (random: Random) => string][] = [
  [16, (random) => `deliver ${oneOf(random, resources)}`],
  [2, (random) => `relist ${oneOf(random, resources)}`],
  [14, (random) => `reconcile ${oneOf(random, workloads)}`],
  [4, () => 'flush'],
  [2, () => 'crash'],
  [3, () => 'start'],
  [3, () => 'renew'],
];

function choose(random: Random, table: readonly [number, (random: Random) => string][]): string {
  let left = random() * table.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, line] of table) if ((left -= weight) < 0) return line(random);
  return 'tick 1';
}

/** 30 steps at most, each with what may happen inside of it. Undefined when every promise held. */
export async function explore(seed: number, mutant: Mutant = {}, steps = 30): Promise<Found | undefined> {
  const random = seeded(seed);
  const presence = presences[seed % presences.length] ?? usual.presence;
  const scenario: Scenario = {
    ...usual,
    mutant,
    presence,
    processes: random() < 0.2 ? 2 : 1,
    existing: random() < 0.8 ? ['web', 'job'] : ['job'],
    optedOut: random() < 0.1 ? ['web'] : [],
  };
  const happens = [
    ...environment,
    ...(presence.onCreate || presence.onDelete ? comingAndGoing : []),
    ...(seed % 5 === 0 ? syncing : []),
  ];
  const at = (line: string): string => (scenario.processes === 1 ? line : `${line} @${Math.floor(random() * 2)}`);
  const run = await begin(scenario);
  run.pick = () => {
    if (random() < 0.75) return [];
    if (random() < 0.05) return ['crash'];
    const other = `@${run.trace.findLast((line) => !line.includes('~'))?.endsWith('@0') ? 1 : 0}`;
    if (scenario.processes === 2 && random() < 0.3) return [`${choose(random, ownSteps)} ${other}`];
    return [random() < 0.5 ? choose(random, happens) : at(`deliver ${oneOf(random, resources)}`)];
  };
  const length = 5 + Math.floor(random() * (steps - 4));
  try {
    for (let count = 0; count < length; count++)
      await top(run, random() < 0.5 ? choose(random, happens) : at(choose(random, ownSteps)));
    await finish(run);
    return undefined;
  } catch (error) {
    return found(run, scenario, seed, error);
  }
}

function found(run: Run, scenario: Scenario, seed: number, error: unknown): Found {
  if (!(error instanceof Violation)) throw error;
  return { seed, scenario, violation: error.message, trace: run.trace };
}

/** What a trace breaks; undefined when it holds. */
export async function broken(scenario: Scenario, trace: readonly string[]): Promise<string | undefined> {
  try {
    await replay(scenario, trace);
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error.message;
    throw error;
  }
}

/** Leaves out lines while the same promise still breaks. */
export async function shorten({ scenario, trace, violation }: Found): Promise<readonly string[]> {
  const rule = violation.slice(0, 2);
  let best = trace;
  for (let index = best.length - 1; index >= 0; index--) {
    const shorter = best.filter((_, place) => place !== index);
    if ((await broken(scenario, shorter))?.startsWith(rule)) {
      best = shorter;
      index = Math.min(index, best.length);
    }
  }
  return best;
}
