// One run: rounds of Lockstep, then the bare client, each alone on the same control plane; judged by its audit log at the end.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readAudit, type AuditEvent } from '../cluster/audit.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import type { BareClientTask } from './bare-client.ts';
import { startNode } from './child.ts';
import { startLockstep } from './lockstep.ts';
import type { Phase } from './measure.ts';
import { createWorld, names, paths, type World } from './world.ts';

export interface RunOptions {
  /** Isolated changes of one Secret, for each side. */
  readonly changes: number;
  readonly unusedChanges: number;
  /** Deployments that use one ConfigMap. */
  readonly deployments: number;
  readonly replicas: number;
  /** Both sides take turns this often; changes are spread over the rounds, each has one fan-out. */
  readonly rounds: number;
  readonly profileDirectory: string | undefined;
  readonly say: (text: string) => void;
}

export interface Run {
  readonly events: readonly AuditEvent[];
  readonly phases: readonly Phase[];
  readonly peakBytes: { readonly lockstep: number; readonly floor: number };
  readonly shared: readonly string[];
}

/** A new process compiles its code while it answers its first changes; they are not counted. Both sides get as many. */
export const warmUps = 3;
/** Between isolated changes, so that what the last one left behind is over; a random part keeps them out of step with timers. */
const pauseMs = { least: 50, spread: 50 } as const;
const deadlineMs = 120_000;

export async function runBench(cluster: Cluster, options: RunOptions): Promise<Run> {
  const { rounds, say } = options;
  const startedAt = performance.now();
  await using world = await createWorld(cluster, options);
  say(`${world.shared.length + 2} Deployments rolled out in ${seconds(startedAt)} s`);
  const phases: Phase[] = [];
  const peakBytes = { lockstep: 0, floor: 0 };
  for (let round = 0; round < rounds; round++) {
    const share = Math.floor(((round + 1) * options.changes) / rounds) - Math.floor((round * options.changes) / rounds);
    const turn: Turn = { cluster, world, options, round, changes: share, phases };
    const startedTurnAt = performance.now();
    peakBytes.lockstep = Math.max(peakBytes.lockstep, await takeLockstepTurn(turn));
    peakBytes.floor = Math.max(peakBytes.floor, await takeFloorTurn(turn));
    say(`round ${round + 1} of ${rounds} took ${seconds(startedTurnAt)} s`);
  }
  await world.mark('end-of-run');
  const findEnd = async (): Promise<AuditEvent[] | undefined> => {
    const events = await readAudit(cluster.auditLog);
    return events.some(({ name }) => name === 'end-of-run') ? events : undefined;
  };
  const events = await waitFor(findEnd, { what: 'the end of the audit log', deadlineMs });
  return { events, phases, peakBytes, shared: world.shared };
}

interface Turn {
  readonly cluster: Cluster;
  readonly world: World;
  readonly options: RunOptions;
  readonly round: number;
  readonly changes: number;
  readonly phases: Phase[];
}

async function measure(phases: Phase[], name: Phase['name'], run: () => Promise<void>): Promise<void> {
  const from = Date.now();
  await run();
  phases.push({ name, from, until: Date.now() });
}

/** Its peak memory. */
async function takeLockstepTurn({ cluster, world, options, round, ...turn }: Turn): Promise<number> {
  const { profileDirectory, unusedChanges } = options;
  const { single, fanOut } = names.lockstep;
  const outputFile = join(cluster.directory, `lockstep-${round}.log`);
  const from = Date.now();
  const lockstep = await startLockstep({ kubeconfig: world.kubeconfigs.lockstep, outputFile, profileDirectory });
  await lockstep.untilQuiet();
  turn.phases.push({ name: 'start', from, until: Date.now() });
  const phase = (name: Phase['name'], run: () => Promise<void>): Promise<void> =>
    measure(turn.phases, name, () => run().then(() => lockstep.untilQuiet()));
  await phase('warm-up', () => changeOneByOne(world, single, warmUps));
  await phase('latency', () => changeOneByOne(world, single, turn.changes));
  if (round === 0) {
    await phase('unused', async () => {
      const before = await lockstep.changes();
      for (let count = 0; count < unusedChanges; count++) await world.changeSecret(names.unused);
      const seen = async (): Promise<boolean> => (await lockstep.changes()) === before + unusedChanges;
      await waitFor(seen, { what: 'Lockstep to see the changes of the unused Secret', deadlineMs });
    });
  }
  await phase('fan-out', async () => {
    const before = await lockstep.restarts();
    await world.changeConfigMap(fanOut);
    const isDone = async (): Promise<boolean> => (await lockstep.restarts()) >= before + world.shared.length;
    await waitFor(isDone, { what: 'all Deployments to be restarted', deadlineMs, everyMs: 500 });
    await world.untilAllRolledOut();
  });
  const peak = await lockstep.peakBytes();
  await lockstep.stop();
  return peak;
}

async function takeFloorTurn(turn: Turn): Promise<number> {
  const { world, changes } = turn;
  const { single, fanOut } = names.floor;
  const first = await startBareClient(turn, 'secrets', { name: single, workloads: [single] });
  await changeOneByOne(world, single, warmUps);
  await measure(turn.phases, 'floor', () => changeOneByOne(world, single, changes));
  const firstPeak = await first.peakBytes();
  await first.stop();
  const second = await startBareClient(turn, 'configMaps', { name: fanOut, workloads: world.shared });
  await measure(turn.phases, 'floor', async () => {
    await world.changeConfigMap(fanOut);
    await second.untilLine((line) => (line.startsWith('patched') ? line : undefined));
    await world.untilAllRolledOut();
  });
  const peak = await second.peakBytes();
  await second.stop();
  return Math.max(firstPeak, peak);
}

async function startBareClient(
  { cluster, world, round }: Turn,
  kind: 'secrets' | 'configMaps',
  { name, workloads }: { name: string; workloads: readonly string[] },
) {
  const task: BareClientTask = {
    kubeconfig: world.kubeconfigs.floor,
    watch: { path: paths[kind], name },
    workloads: workloads.map((workload) => `${paths.deployments}/${workload}`),
  };
  const outputFile = join(cluster.directory, `bare-client-${kind}-${round}.log`);
  const child = startNode({ argv: ['test/bench/bare-client.ts', JSON.stringify(task)], outputFile });
  await child.untilLine((line) => (line === 'ready' ? line : undefined));
  return child;
}

/** Each change waits until the one before was answered and has rolled out. */
async function changeOneByOne(world: World, name: string, changes: number): Promise<void> {
  for (let count = 0; count < changes; count++) {
    await world.untilRolledOut(name, () => world.changeSecret(name));
    await delay(pauseMs.least + Math.random() * pauseMs.spread);
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
