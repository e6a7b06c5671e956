// One run of the explorer: steps as lines of text, applied one after the other, and the promises checked on the way.
// `3~ change c0 1` happens inside the step above it, at its third request.
// Long because the steps, the promises and their excuses are one state machine: an excuse is read beside the promise it limits.
import type { Owed } from '../../server/core/decide-workload.ts';
import { formatRestartKey, parseRestartKey, saysDeleted } from '../../server/core/restart.ts';
import { parseRecord } from '../../server/state/ledger-format.ts';
import type { PresenceRules } from '../../server/core/snapshot.ts';
import * as world from './cluster.ts';
import { Crash, startProcess, type Mutant, type Process } from './lockstep.ts';

export class Violation extends Error {}

export interface Run {
  readonly cluster: world.Cluster;
  readonly processes: (Process | undefined)[];
  readonly trace: string[];
  /** Content changes of what a workload uses, restarts, and restarts that a declared class allows. */
  readonly counts: Map<string, { changes: Map<string, number>; everUsed: Set<string>; writes: number; extra: number }>;
  /** Pairs that were stale when their workload opted in, or when it was seen first: `web/c0`. */
  readonly excused: Set<string>;
  /** Workloads that opted in: when, no fact tells to a process that finds no record of them. */
  readonly optedIn: Set<string>;
  /** The cluster's version when the run began. */
  begunAt: number;
  /** When a change of a config object was last heard of. */
  deliveredAt: number;
  relisted: boolean;
  /** The mark in the Lease. */
  settledAt: number | undefined;
  readonly mutant: Mutant;
  readonly presence: PresenceRules;
  /** Chooses what happens at a request; undefined: nothing. */
  pick: (call: number) => readonly string[];
  depth: number;
  calls: number;
}

export const workloads = ['web', 'job'] as const;
export const configs = ['c0', 'c1'] as const;

export interface Scenario {
  readonly processes: number;
  /** Workloads that exist at the beginning; `web` uses c0, `job` one key of c0. */
  readonly existing: readonly string[];
  readonly optedOut: readonly string[];
  readonly mutant: Mutant;
  readonly presence: PresenceRules;
}

const noPresence: PresenceRules = { onCreate: false, onDelete: false, atStart: false };

export const usual: Scenario = {
  processes: 1,
  existing: ['web', 'job'],
  optedOut: [],
  mutant: {},
  presence: noPresence,
};

/** A cluster that Lockstep has been watching for a while: everything has a baseline. */
export async function begin(scenario: Scenario): Promise<Run> {
  const cluster = world.createCluster();
  const run: Run = {
    cluster,
    processes: Array.from({ length: scenario.processes }, () => undefined),
    trace: [],
    counts: new Map(),
    excused: new Set(),
    optedIn: new Set(),
    begunAt: Infinity,
    deliveredAt: 0,
    relisted: false,
    settledAt: undefined,
    mutant: scenario.mutant,
    presence: scenario.presence,
    pick: () => [],
    depth: 0,
    calls: 0,
  };
  for (const name of workloads)
    run.counts.set(name, { changes: new Map(), everUsed: new Set(['c0']), writes: 0, extra: 0 });
  for (const name of configs) world.putConfig(cluster, name, 0);
  cluster.now += 60_000;
  for (const name of scenario.existing)
    world.createWorkload(
      cluster,
      name,
      { image: 0, uses: ['c0'], keyText: undefined },
      !scenario.optedOut.includes(name),
    );
  cluster.now += 60_000;
  await quiesce(run);
  cluster.now += 60_000;
  await step(run, 'renew');
  run.begunAt = cluster.version;
  return run;
}

/** Checks the promises at rest, and once more after a crash. */
export async function finish(run: Run): Promise<void> {
  run.pick = () => [];
  if (run.presence.onDelete) {
    await rest(run);
    checkDeletions(run);
  }
  await quiesce(run);
  checkAtRest(run);
  run.cluster.now += 60_000;
  await step(run, 'renew');
  for (const index of run.processes.keys()) run.processes[index] = undefined;
  await quiesce(run);
  checkAtRest(run);
}

/** Runs lines as a trace shows them. Lines that cannot be are left out. */
export async function replay(scenario: Scenario, lines: readonly string[]): Promise<Run> {
  const run = await begin(scenario);
  for (const [index, line] of lines.entries()) {
    if (/^\d+~/.test(line)) continue;
    const nested = lines
      .slice(index + 1)
      .slice(0, lines.slice(index + 1).findIndex((next) => !/^\d+~/.test(next)) >>> 0);
    run.pick = (call) =>
      nested.filter((text) => text.startsWith(`${call}~`)).map((text) => text.slice(text.indexOf('~') + 2));
    await top(run, line);
  }
  await finish(run);
  return run;
}

/** One line at the top level, with what happens inside of it. */
export async function top(run: Run, line: string): Promise<boolean> {
  run.calls = 0;
  const place = run.trace.push(line);
  const done = await step(run, line);
  if (!done && run.trace.length === place) run.trace.pop();
  return done;
}

async function meanwhile(run: Run): Promise<void> {
  if (run.depth > 0) return;
  const call = ++run.calls;
  run.depth++;
  try {
    for (const line of run.pick(call)) {
      run.trace.push(`${call}~ ${line}`);
      if (line === 'crash') throw new Crash();
      if (!(await step(run, line))) run.trace.pop();
    }
  } finally {
    run.depth--;
  }
}

/** Does what a line says; false when it cannot be done now. */
export async function step(run: Run, line: string): Promise<boolean> {
  const [verb = '', name = '', detail = ''] = line.split(' ');
  const process = Number(/@(\d)$/.exec(line)?.[1] ?? 0);
  return (
    configStep(run, verb, name, Number(detail)) ??
    engineStep(run, verb, name, detail) ??
    workloadStep(run, verb, name, detail) ??
    (await processStep(run, verb, name, process))
  );
}

function configStep(run: Run, verb: string, name: string, content: number): boolean | undefined {
  const { cluster } = run;
  const exists = cluster.configs.has(name);
  switch (verb) {
    case 'change':
      if (!exists || cluster.configs.get(name)?.content === content) return false;
      changeContent(run, name, content);
      return true;
    case 'recreate':
      if (exists || !cluster.lastContent.has(name)) return false;
      recreate(run, name, content);
      return true;
    case 'label':
    case 'label-data':
      if (exists) world.labelConfig(cluster, name, verb === 'label' ? 'other' : 'data-manager');
      return exists;
    case 'delete':
      if (!exists) return false;
      if (run.presence.onDelete) countPresence(run, name);
      world.deleteConfig(cluster, name);
      return true;
    default:
      return undefined;
  }
}

/** One Application: a sync begins, writes config objects and workloads in any order, and ends; or stops half-way. */
function engineStep(run: Run, verb: string, name: string, detail: string): boolean | undefined {
  const { cluster } = run;
  switch (verb) {
    case 'sync':
      if (cluster.sync !== undefined) return false;
      cluster.sync = { handled: new Set() };
      break;
    case 'sync-end':
      if (cluster.sync === undefined) return false;
      cluster.sync = undefined;
      break;
    case 'sync-config':
      if (cluster.sync === undefined || cluster.configs.get(name)?.content === Number(detail)) return false;
      if (cluster.configs.has(name)) changeContent(run, name, Number(detail), engineManager);
      else recreate(run, name, Number(detail), engineManager);
      break;
    case 'sync-apply':
      if (!world.isOnItsWay(cluster, name) || !cluster.workloads.has(name)) return false;
      world.applyWorkload(cluster, name, detail === 'image' ? 'other-image' : 'as-it-was');
      break;
    default:
      return undefined;
  }
  for (const process of run.processes) process?.hearOwner();
  return true;
}

const engineManager = 'argocd-controller';

/** Where it counts, a creation or deletion is a change for everybody. */
function countPresence(run: Run, name: string): void {
  for (const { changes } of run.counts.values()) changes.set(name, (changes.get(name) ?? 0) + 1);
}

function recreate(run: Run, name: string, content: number, writer?: string): void {
  if (run.presence.onCreate) countPresence(run, name);
  changeContent(run, name, content, writer);
}

function changeContent(run: Run, name: string, content: number, writer?: string): void {
  const before = run.cluster.lastContent.get(name) ?? -1;
  for (const [workload, { changes }] of run.counts) {
    if (world.usedContent(workload, before) === world.usedContent(workload, content)) continue;
    changes.set(name, (changes.get(name) ?? 0) + 1);
    run.excused.delete(`${workload}/${name}`);
  }
  world.putConfig(run.cluster, name, content, writer);
}

function workloadStep(run: Run, verb: string, name: string, detail: string): boolean | undefined {
  const { cluster } = run;
  const workload = cluster.workloads.get(name);
  const edit = (change: Parameters<typeof world.editWorkload>[2]): true => {
    world.editWorkload(cluster, name, change);
    return true;
  };
  switch (verb) {
    case 'tick':
      cluster.now += Number(name) * 1_000;
      return true;
    case 'rotate':
      cluster.keys = [world.makeKey(cluster.keys.length), ...cluster.keys];
      return true;
    case 'create':
      if (workload !== undefined || !cluster.configs.has('c0')) return false;
      world.createWorkload(cluster, name, { image: 0, uses: ['c0'], keyText: undefined }, true);
      for (const config of configs) run.excused.delete(`${name}/${config}`);
      return true;
    case 'deny':
      cluster.denied.add(name);
      return workload !== undefined;
  }
  if (!workloadVerbs.includes(verb)) return undefined;
  if (workload === undefined) return false;
  const { template } = workload;
  switch (verb) {
    case 'churn':
    case 'rollout':
      return world.replacePod(cluster, name, Number(detail), verb);
    case 'observe':
      if (workload.observed === template) return false;
      world.observe(cluster, name);
      return true;
    case 'image':
      return edit({ template: { ...template, image: template.image + 1 } });
    case 'meta':
      return edit({});
    case 'remove':
      world.deleteWorkload(cluster, name);
      return true;
    case 'opt-out':
      return workload.optedIn && edit({ optedIn: false });
    case 'opt-in':
      if (workload.optedIn) return false;
      for (const config of configs) if (isStale(cluster, name, config)) run.excused.add(`${name}/${config}`);
      run.optedIn.add(name);
      return edit({ optedIn: true });
    case 'adopt':
      if (template.uses.includes('c1')) return false;
      run.counts.get(name)?.everUsed.add('c1');
      return edit({ template: { ...template, uses: ['c0', 'c1'] } });
    case 'drop':
      return template.uses.includes('c1') && edit({ template: { ...template, uses: ['c0'] } });
    case 'strip':
      if (template.keyText === undefined) return false;
      allowExtra(run, name, run.processes.length);
      return edit({ template: { ...template, keyText: undefined } });
    case 'rollback':
      return rollback(run, name, Number(detail));
    default:
      return undefined;
  }
}

const workloadVerbs = [
  'churn',
  'rollout',
  'observe',
  'image',
  'meta',
  'remove',
  'opt-out',
  'opt-in',
  'adopt',
  'drop',
  'strip',
  'rollback',
];

/** `kubectl rollout undo`: an earlier template as it was, with its restart key. */
function rollback(run: Run, name: string, number: number): boolean {
  const { cluster } = run;
  const workload = cluster.workloads.get(name);
  const earlier = [...cluster.revisions.values()].find((set) => set.owner === workload?.uid && set.number === number);
  if (workload === undefined || earlier === undefined || world.isSameTemplate(earlier.template, workload.template))
    return false;
  allowExtra(run, name, run.processes.length); // each process may answer it
  world.editWorkload(cluster, name, { template: { ...earlier.template } });
  return true;
}

function allowExtra(run: Run, name: string, extra = 1): void {
  const counts = run.counts.get(name);
  if (counts !== undefined) counts.extra += extra;
}

async function processStep(run: Run, verb: string, name: string, index: number): Promise<boolean> {
  const process = run.processes[index];
  if (verb === 'start') {
    if (process !== undefined || run.depth > 0) return false;
    excuseAtStart(run);
    await orCrash(run, index, async () => void (run.processes[index] = await open(run)));
    excuseAtStart(run);
    return true;
  }
  if (process === undefined) return false;
  switch (verb) {
    case 'crash':
      run.processes[index] = undefined;
      return true;
    case 'deliver':
      if (name === 'configs') run.deliveredAt = run.cluster.now;
      return process.deliver(name as world.Resource);
    case 'relist':
      excuseUnknowable(run);
      if (name !== 'workloads') run.relisted = true;
      process.relist(name as world.Resource);
      return true;
    case 'reconcile':
      if (!process.pending.has(keyOf(name))) return false;
      await orCrash(run, index, () => process.reconcile(keyOf(name)));
      return true;
    case 'flush':
      if (!process.isDirty()) return false;
      await orCrash(run, index, () => process.flush());
      return true;
    case 'renew':
      return renew(run, process);
    default:
      throw new Error(`no such step: ${verb}`);
  }
}

const keyOf = (name: string): string => `Deployment/${world.namespace}/${name}`;

function open(run: Run): Promise<Process> {
  return startProcess({
    cluster: run.cluster,
    mutate: run.mutant,
    presence: run.presence,
    settledAt: () => run.settledAt,
    meanwhile: () => meanwhile(run),
    onPatch: (name) => {
      if (isTie(run, name)) allowExtra(run, name);
      countWrite(run, name);
    },
    onOutcome: (outcome) => {
      if (outcome.kind !== 'restarting') return;
      if (isBlind(run, outcome.owed)) allowExtra(run, outcome.workload.ref.name);
      checkEngine(run, outcome.workload.ref.name, outcome.owed);
    },
  });
}

/**
 * Rule 11: no restart for what Git brought while the engine is on its way to the workload, unless it is too late. Judged where the process
 * has heard of everything, and of the workload that uses all keys: which key had which writer is not in the model.
 */
function checkEngine(run: Run, name: string, owed: readonly Owed[]): void {
  const [process, ...others] = run.processes;
  const hasHeard = others.length === 0 && process?.undelivered('configs') === undefined && !hadGap(run);
  if (name !== 'web' || !hasHeard || !world.isOnItsWay(run.cluster, name)) return;
  const isFromGit = owed.every(({ name: config, reason }) => {
    const writer = run.cluster.configs.get(config.replace('Secret/', ''))?.writer;
    return reason === 'changed' && writer === engineManager;
  });
  if (isFromGit) throw new Violation(`TWO: ${name} was restarted while the engine was on its way to it`);
}

/** The declared class `blind`: A-B-A, or a first sight, when config objects were listed anew during the run. */
function isBlind(run: Run, owed: readonly Owed[]): boolean {
  return owed.some(
    ({ reason }) => reason === 'blind-return' || (reason === 'changed-before-first-sight' && hadGap(run)),
  );
}

function hadGap(run: Run): boolean {
  return run.relisted || run.processes.some((process) => (process?.listedAt() ?? Infinity) > run.begunAt);
}

/** The declared class `tie`: no pod is stale, but its revision began too close to the change, and the order was not observed. */
function isTie(run: Run, name: string): boolean {
  const current = world.currentReplicaSet(run.cluster, name);
  if (!hadGap(run) || current === undefined || configs.some((config) => isStale(run.cluster, name, config)))
    return false;
  return current.createdAt <= run.deliveredAt + 3_000;
}

async function orCrash(run: Run, index: number, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    run.processes[index] = undefined;
  }
}

/** The Lease says until when everything is decided. Watches lag by less than the margin: that is assumed. */
function renew(run: Run, process: Process): boolean {
  const resources = ['workloads', 'configs', 'revisions'] as const;
  const { now } = run.cluster;
  if (run.mutant.settled === 'always-now') {
    run.settledAt = now;
    return true;
  }
  const idle = process.pending.size === 0 && process.later.size === 0 && process.held.size === 0;
  if (
    !idle ||
    process.isDirty() ||
    resources.some((resource) => (process.undelivered(resource)?.at ?? now) < now - 4_000)
  )
    return false;
  run.settledAt = now - 5_000;
  return true;
}

function countWrite(run: Run, name: string): void {
  const counts = run.counts.get(name);
  if (counts === undefined) return;
  counts.writes++;
  const changes = [...counts.everUsed].reduce((sum, config) => sum + (counts.changes.get(config) ?? 0), 0);
  if (counts.writes <= changes + counts.extra) return;
  const what =
    changes === 0 ? 'I3: restart without any change' : `I2: ${counts.writes} restarts for ${changes} changes`;
  throw new Violation(`${what} of ${name}`);
}

function isStale(cluster: world.Cluster, name: string, config: string): boolean {
  const last = world.usedContent(name, cluster.lastContent.get(config) ?? -1);
  const pods = cluster.pods.get(name) ?? [];
  return pods.some(({ read }) => read[config] !== undefined && world.usedContent(name, read[config]) !== last);
}

/**
 * What no fact of the API can tell after a gap: what happened to an object that no workload used when the watch had last seen it
 * (a known limit, see README).
 */
function excuseUnknowable(run: Run): void {
  const { cluster } = run;
  const remembered = [...cluster.shards.values()].map(({ text }) => text).join('\n');
  for (const name of cluster.workloads.keys())
    for (const config of configs) {
      const isUnknown = !remembered.includes(`["o","Secret/${world.namespace}/${config}"`);
      if (isUnknown && isStale(cluster, name, config)) run.excused.add(`${name}/${config}`);
    }
}

/**
 * The named exception `stale-at-opt-in`: a workload that opted in and was not recorded before the process died. Any of its writes may be
 * the opt-in, so only what changed after the last one is known to be newer (a known limit, see README).
 */
function excuseAtStart(run: Run): void {
  excuseUnknowable(run);
  const { cluster } = run;
  const remembered = [...cluster.shards.values()].map(({ text }) => text).join('\n');
  for (const name of run.optedIn)
    for (const config of configs) {
      const isRecorded = remembered.includes(`["w","${keyOf(name)}"`);
      const isLater = (cluster.configs.get(config)?.version ?? 0) > (cluster.workloads.get(name)?.version ?? 0);
      if (!isRecorded && !isLater && isStale(cluster, name, config)) run.excused.add(`${name}/${config}`);
    }
}

/** I1: no pod has old content. */
function checkAtRest(run: Run): void {
  for (const [name, workload] of run.cluster.workloads) {
    if (!workload.optedIn || run.cluster.denied.has(name)) continue;
    for (const config of workload.template.uses)
      if (isStale(run.cluster, name, config) && !run.excused.has(`${name}/${config}`))
        throw new Violation(`I1: at rest ${name} has a pod with old content of ${config}`);
  }
}

/** No workload rests with the content of an object that is gone, where deletions count. */
function checkDeletions({ cluster }: Run): void {
  const records = [...cluster.shards.values()].flatMap(({ text }) => text.split('\n').map(parseRecord));
  for (const [name, workload] of cluster.workloads) {
    const record = records.find((one) => one?.kind === 'workload' && one.key === keyOf(name));
    if (record?.kind !== 'workload' || !workload.optedIn || cluster.denied.has(name)) continue;
    for (const config of workload.template.uses) {
      const ack = record.value.acks[`Secret/${config}`];
      if (ack !== undefined && !saysDeleted(ack) && !cluster.configs.has(config))
        throw new Violation(`I1: at rest ${name} does not know that ${config} was deleted`);
    }
  }
}

const mostRounds = 40;

/** Lets everything happen that has to happen, until nothing does. */
export async function quiesce(run: Run): Promise<void> {
  const { cluster } = run;
  for (const name of configs) if (!cluster.configs.has(name)) recreate(run, name, cluster.lastContent.get(name) ?? 0);
  await rest(run);
}

async function rest(run: Run): Promise<void> {
  const { cluster } = run;
  for (let round = 0; round < mostRounds; round++) {
    const before = cluster.version;
    const moved = await settleOnce(run);
    if (moved || cluster.version !== before) continue;
    const waits = run.processes
      .flatMap((process) => [...(process?.later ?? [])])
      .filter(([key]) => !isDenied(run, key));
    if (waits.length === 0) return;
    cluster.now = Math.max(cluster.now, ...waits.map(([, at]) => at));
    for (const process of run.processes) for (const key of process?.later.keys() ?? []) process?.pending.add(key);
  }
  throw new Violation(`I9: not at rest after ${mostRounds} rounds`);
}

function isDenied({ cluster }: Run, key: string): boolean {
  return cluster.denied.has(key.split('/')[2] ?? '');
}

async function settleOnce(run: Run): Promise<boolean> {
  const { cluster } = run;
  let moved = false;
  for (const [index, process] of run.processes.entries()) if (process === undefined) await step(run, `start @${index}`);
  for (const name of workloads) {
    world.observe(cluster, name);
    for (const pod of [0, 1]) moved = world.replacePod(cluster, name, pod, 'rollout') || moved;
  }
  for (const [index, process] of run.processes.entries()) {
    if (process === undefined) continue;
    for (const resource of ['configs', 'revisions', 'workloads'] as const)
      while (await step(run, `deliver ${resource} @${index}`)) moved = true;
    for (const key of Array.from(process.pending))
      if (!(isDenied(run, key) && process.later.has(key)))
        moved = (await step(run, `reconcile ${key.split('/')[2]} @${index}`)) || moved;
    moved = (await step(run, `flush @${index}`)) || moved;
  }
  return moved;
}

/** A restart key without its counter, for planted bugs. */
export function withCounter(text: string, n: number): string {
  const key = parseRestartKey(text);
  return key === undefined ? text : formatRestartKey({ ...key, n });
}
