// The drift detector of the running service: owners and their own queue, what makes them be compared, and what restarts wait for.
import type { Config } from './config.ts';
import { originOfWriters } from './core/attribution.ts';
import { askEveryMs } from './core/decide-revert.ts';
import { chooseDriftAction, type DriftSetting } from './core/drift-action.ts';
import type { EngineRef, EngineResource, OwnerPlan, OwnerRef, Ownership } from './core/engine.ts';
import { objectKey, splitKey, type ConfigRef } from './core/object.ts';
import { ownerKey } from './core/owner-key.ts';
import { isWatched } from './core/reload.ts';
import { wasWatched, type SeenConfig, type SeenEvent } from './core/seen.ts';
import { createReverter } from './kube/engine-patches.ts';
import { readWriters } from './kube/writer-reads.ts';
import type { Ports } from './ports.ts';
import { findOwner, joinOwners, ownerExists, unowned, type OwnerSources } from './drift-owners.ts';
import { createDriftReport } from './drift-report.ts';
import { openTelling } from './outcomes.ts';
import { createDriftReconciler, type Declared, type DriftReconciler } from './reconcile/drift.ts';
import type { LiveState } from './reconcile/gather.ts';
import { createRecordable } from './reconcile/recordable.ts';
import { createWorkQueue, emptyUntilStarted, type WorkQueue } from './reconcile/workqueue.ts';
import { revertPlans } from './registry.ts';
import { createClaims, type Claims } from './state/claims.ts';
import { createDriftState, type DriftState } from './state/drift.ts';
import type { Namespaces } from './state/namespaces.ts';
import { createReversions, type Reversions } from './state/reversions.ts';
import { reportSparingly } from './trouble.ts';
import { LockstepError } from './core/errors.ts';

export interface DriftOptions extends OwnerSources {
  /** Undefined: its resources are in another cluster, which is only read. */
  readonly resourceOf: (owner: EngineRef) => EngineResource | undefined;
  readonly declare: (plan: OwnerPlan, signal: AbortSignal) => Promise<Declared>;
  readonly state: LiveState;
  readonly namespaces: Namespaces;
  /** Decides these workloads again. */
  readonly restarts: () => Pick<WorkQueue, 'add'>;
  /** In these namespaces other config objects are recordable than before. */
  readonly onRecordable: (namespaces: readonly string[]) => void;
  /** Ends Git, rendering and asks in progress. */
  readonly signal: AbortSignal;
}

export interface DriftWatch {
  /** Of owners; to be started when the lists are there. Empty until then: who starts it adds all owners. */
  readonly queue: WorkQueue;
  /** Before workloads are told of it. */
  readonly onConfig: (event: SeenEvent<SeenConfig>) => void;
  /** Of these owners something may have changed. */
  readonly onOwners: (owners: readonly OwnerRef[]) => void;
  /** Whether Git is to carry a checksum of this config object. */
  readonly isRecordable: (config: string) => boolean;
  /** What drift of these config objects, or of all in a namespace, leads to may have changed. */
  readonly onSettings: (of: { readonly configs: Iterable<string> } | { readonly namespace: string }) => void;
  /** Until when restarts for drift of this config object wait (ms). */
  readonly revertingUntil: (config: string) => number | undefined;
  /** Whether its owner's self-heal may be about to take this content back. */
  readonly mayBeHealed: (config: SeenConfig) => boolean;
}

/** Git and renderers run as child processes; a few keep two cores busy. */
const concurrency = 4;
/** Objects that change together are compared together. */
const settle = { windowMs: 500, maxMs: 2_000 } as const;

export function openDrift(config: Config, ports: Ports, options: DriftOptions): DriftWatch {
  const { engines, state, namespaces } = options;
  const claims = createClaims();
  const drift = createDriftState();
  const reversions = createReversions();
  const settingOf = (ref: ConfigRef): DriftSetting => settingFor(config, { state, namespaces }, ref);
  const memory: Memory = { claims, drift, reversions, settingOf, queue: () => queue };
  const reconciler = openReconciler(config, ports, { ...options, ...memory });
  const recordable = createRecordable({
    claims,
    drift,
    exists: (key) => ownerExists(options, key),
    sourcesIn: (namespace) => options.configured.ownersIn(namespace).map(ownerKey),
    onChanged: options.onRecordable,
  });
  const queue = openOwnerQueue(ports, options.signal, async (key) => {
    await reconciler.reconcile(key, options.signal);
    recordable.compared(key);
  });
  ports.metrics.measureDrift(() =>
    Array.from(drift.list(), ({ config: key, answer }) => ({ namespace: splitKey(key)?.namespace ?? '', answer })),
  );
  return {
    queue,
    onConfig(event) {
      const key = event.present ? objectKey(event.object.ref) : event.key;
      const before = claims.ownersOf(key);
      const ownership = event.present ? findOwner(engines, event.object) : unowned;
      claims.claim(key, ownership.kind === 'not-owned' ? undefined : ownerKey(ownership.owner));
      if (!event.present) reversions.end(key);
      else if (config.mode === 'enforce' && mayRevert(event, ownership, settingOf)) {
        reversions.begin(key, ports.now() + askEveryMs);
      }
      for (const owner of new Set([...before, ...claims.ownersOf(key)])) queue.settle(owner, settle);
    },
    onOwners: (owners) => owners.forEach((owner) => queue.settle(ownerKey(owner), settle)),
    isRecordable: (key) => recordable.is(key),
    onSettings(of) {
      const owners =
        'namespace' in of ? claims.ownersIn(of.namespace) : [...of.configs].flatMap((key) => claims.ownersOf(key));
      for (const owner of owners) queue.settle(owner, settle);
    },
    revertingUntil: (key) => reversions.until(key, ports.now()),
    mayBeHealed: (config) => mayBeHealed(findOwner(engines, config), config),
  };
}

interface Memory {
  readonly claims: Claims;
  readonly drift: DriftState;
  readonly reversions: Reversions;
  readonly settingOf: (ref: ConfigRef) => DriftSetting;
  readonly queue: () => WorkQueue;
}

function openReconciler(config: Config, ports: Ports, options: DriftOptions & Memory): DriftReconciler {
  const { claims, drift, reversions, settingOf, queue, state, namespaces } = options;
  return createDriftReconciler({
    configs: state.configs,
    claims,
    drift,
    reversions,
    owners: joinOwners(options),
    declare: options.declare,
    watches: (ref) => watchesOf(config, namespaces, ref),
    writersOf: (ref, signal) => readWriters(ports.client, ref, signal),
    reverter: createReverter(ports.client, { plans: revertPlans, resourceOf: options.resourceOf }),
    mode: config.mode,
    settingOf,
    now: ports.now,
    retryAfter: (key, ms) => queue().addAfter(key, ms),
    onReleased: (key) => state.workloads.usersOf(key).forEach((user) => options.restarts().add(user)),
    report: createDriftReport({ ...ports, ...tellingOf(config, ports, options.signal) }),
  });
}

/** An Event is a write. */
function tellingOf(config: Config, ports: Ports, signal: AbortSignal): ReturnType<typeof openTelling> {
  const telling = openTelling(config, ports, signal);
  return config.mode === 'observe' ? { ...telling, events: { record: () => undefined } } : telling;
}

/** Content that was just written by anybody but an engine, and that an engine will be asked to take back. */
function mayRevert(
  event: SeenEvent<SeenConfig> & { readonly present: true },
  ownership: Ownership,
  settingOf: (ref: ConfigRef) => DriftSetting,
): boolean {
  // What a producer made is in nobody's Git.
  if (ownership.kind !== 'owned' || ownership.by === 'owner-reference' || !wasWatched(event)) return false;
  const { ref, writers } = event.object;
  return originOfWriters(writers) !== 'git' && settingOf(ref).action === 'revert';
}

/** What an object of the owner made is in no manifest, and so never taken back. */
function mayBeHealed(ownership: Ownership, { writers }: SeenConfig): boolean {
  const isDeclared = ownership.kind === 'owned' && ownership.by !== 'owner-reference';
  return isDeclared && ownership.heals === true && originOfWriters(writers) !== 'git';
}

interface Marked {
  readonly state: LiveState;
  readonly namespaces: Namespaces;
}

function settingFor({ drift: flag }: Config, { state, namespaces }: Marked, ref: ConfigRef): DriftSetting {
  const key = objectKey(ref);
  return chooseDriftAction({
    config: state.configs.annotationsOf(key) ?? {},
    workloads: state.workloads.usersOf(key).map((user) => state.workloads.get(user)?.annotations ?? {}),
    namespace: namespaces.driftOf(ref.namespace),
    flag: flag === 'revert' ? 'revert' : 'report',
  });
}

function watchesOf({ reloader }: Config, namespaces: Namespaces, ref: ConfigRef): 'all' | 'some' | 'none' {
  if (!namespaces.isWatched(ref.namespace) || !isWatched(ref.kind, reloader.rules)) return 'none';
  return reloader.resourceLabelSelector.requirements.length > 0 ? 'some' : 'all';
}

function openOwnerQueue(ports: Ports, signal: AbortSignal, reconcile: (key: string) => Promise<void>): WorkQueue {
  const { clock, random, metrics } = ports;
  // One remote that is away concerns all of its owners.
  const onTrouble = reportSparingly(ports, () => clock.now(), 'owner not compared with Git, trying again');
  const queue = createWorkQueue({
    clock,
    random,
    concurrency,
    handle: (key) => {
      const stop = metrics.reconcileSeconds.startTimer({ queue: 'owner' });
      return reconcile(key).finally(stop);
    },
    onFailure: (_, error) => {
      if (!signal.aborted) onTrouble(error);
      return error instanceof LockstepError ? error.afterMs : undefined;
    },
  });
  return emptyUntilStarted(queue);
}
