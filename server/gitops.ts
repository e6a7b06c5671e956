// The engines beside the loop: their resources are watched, restarts ask them, and drift from what they declare, or a source of the
// configuration does, is looked for.
import type { Config } from './config.ts';
import { createConfiguredOwners } from './configured-owners.ts';
import type { SourceConfig } from './config-file.ts';
import type { DigestKey } from './core/digest.ts';
import type { EngineRef, EngineResource } from './core/engine.ts';
import { openDrift, type DriftWatch } from './drift.ts';
import { tellElsewhere } from './elsewhere.ts';
import { openEngines } from './engines.ts';
import { openLiveDeclaring } from './live-declaring.ts';
import type { Ports } from './ports.ts';
import { noEngines, type EngineAnswers } from './reconcile/engine-waits.ts';
import type { LiveState } from './reconcile/gather.ts';
import type { WorkQueue } from './reconcile/workqueue.ts';
import type { WorkloadReconciler } from './reconcile/workload.ts';
import { engines as registered } from './registry.ts';
import type { Namespaces } from './state/namespaces.ts';
import { ownerOf } from './source-owners.ts';
import { reportTrouble } from './trouble.ts';

export interface GitOps {
  /** What restarts ask. */
  readonly answers: EngineAnswers;
  readonly drift: Omit<DriftWatch, 'queue' | 'onOwners'>;
  /** This commit was seen at the head of a source's branch. */
  readonly onHead: (source: SourceConfig, revision: string) => void;
  /** Owners that wait or are compared. */
  readonly depth: () => number;
  /** Compares owners from now on: the lists of the loop are there. */
  readonly start: () => void;
  /** Resolves when nothing runs any more; to be called after `signal` aborted. */
  readonly stop: () => Promise<void>;
}

export interface GitOpsOptions {
  readonly state: LiveState;
  readonly namespaces: Namespaces;
  readonly keys: readonly DigestKey[];
  /** Restarts are decided there; it is made after this. */
  readonly loop: () => {
    readonly queue: Pick<WorkQueue, 'add'>;
    readonly reconciler: Pick<WorkloadReconciler, 'onOwners'>;
  };
  /** In these namespaces other config objects are recordable than before. */
  readonly onRecordable: (namespaces: readonly string[]) => void;
  /** Ends the watches, and Git and asks in progress. */
  readonly signal: AbortSignal;
}

/** `--drift=off`: no engine is known, and nobody is waited for. */
const nothing: GitOps = {
  answers: noEngines,
  drift: {
    onConfig: () => undefined,
    onSettings: () => undefined,
    isRecordable: () => true,
    revertingUntil: () => undefined,
    mayBeHealed: () => false,
  },
  onHead: () => undefined,
  depth: () => 0,
  start: () => undefined,
  stop: async () => undefined,
};

export function openGitOps(config: Config, ports: Ports, options: GitOpsOptions): GitOps {
  const [key] = options.keys;
  if (config.drift === 'off' || key === undefined) return nothing;
  const { signal } = options;
  const { client, hub, now, random, sleep } = ports;
  const engines = openEngines(
    {
      client,
      hub,
      settings: config.engines,
      namespaces: config.namespaces,
      now,
      random,
      sleep,
      onOwners(owners) {
        drift.onOwners(owners);
        options.loop().reconciler.onOwners(owners);
      },
      onTrouble: (watch, error, retryMs) => {
        ports.metrics.watchRestarts.inc({ resource: watch, reason: error.code });
        reportTrouble(ports, error, 'watch interrupted, trying again', { watch, retryMs: Math.round(retryMs) });
      },
    },
    signal,
  );
  const declaring = openLiveDeclaring(config, ports, { key, stop: signal });
  const configured = createConfiguredOwners(config.sources, { resolve: declaring.resolve, now });
  const drift = openDrift(config, ports, {
    ...options,
    configured,
    restarts: () => options.loop().queue,
    engines,
    resourceOf: (owner) => resourceOf(config, owner),
    declare: declaring.declare,
  });
  return {
    answers: engines,
    drift,
    onHead(source, revision) {
      if (configured.note(source.name, revision)) drift.onOwners([ownerOf(source)]);
    },
    depth: () => drift.queue.depth,
    start: () =>
      void engines.synced.then(() => {
        if (signal.aborted) return;
        tellElsewhere(ports.log, engines.elsewhere());
        drift.queue.start();
        drift.onOwners([...engines.owners(), ...configured.owners]);
      }),
    async stop() {
      await Promise.all([engines.ended, drift.queue.stop()]);
    },
  };
}

/** Argo CD's resources may be in a hub, which is only read. */
function resourceOf({ engines }: Config, { engine, kind }: EngineRef): EngineResource | undefined {
  if (engine === 'argocd' && engines.hub !== undefined) return undefined;
  return registered[engine].resources.find((resource: EngineResource) => resource.kind === kind);
}
