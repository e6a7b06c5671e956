// Wires the configured Git sources: a mirror, a forge and a reconciler for each, under the key `source/<name>`.
import { join } from 'node:path';
import type { Config } from './config.ts';
import type { SourceConfig } from './config-file.ts';
import { LockstepError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { GitCredentials } from './git/credentials.ts';
import { defaultAuthor, openRepository } from './git/repository.ts';
import type { Metrics } from './metrics.ts';
import { listProposals, type ProposalDeps } from './reconcile/proposals.ts';
import { forges } from './registry.ts';
import { createSourceReconciler, type SourceOutcome, type SourceReconciler } from './reconcile/source.ts';

export interface Sources {
  readonly keys: readonly string[];
  /** Keys of the sources that declare a namespace's workloads. */
  keysOf(namespace: string): readonly string[];
  /** Throws LockstepError of the git- family. */
  reconcile(key: string, signal: AbortSignal): Promise<void>;
}

export interface SourceDeps extends ProposalDeps {
  /** A commit that was found at the head of the source's branch. */
  readonly onHead: (source: SourceConfig, revision: string) => void;
}

export interface SourcePorts {
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly readFile: (path: string) => string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createSources(config: Config, ports: SourcePorts, deps: SourceDeps): Sources {
  const byKey = new Map(config.sources.map((source) => [`source/${source.name}`, source]));
  const reconcilers = new Map<string, SourceReconciler>();
  for (const [key, source] of byKey) reconcilers.set(key, openSource(config, ports, { source, deps }));
  const said = new Map<string, string>();
  return {
    keys: [...byKey.keys()],
    keysOf: (namespace) => [...byKey].flatMap(([key, source]) => (source.namespace === namespace ? [key] : [])),
    async reconcile(key, signal) {
      const outcome = await reconcilers.get(key)?.reconcile(signal);
      const source = byKey.get(key);
      if (outcome === undefined || source === undefined) return;
      report(ports, { key, outcome, said });
      deps.onHead(source, outcome.revision);
    },
  };
}

function openSource(
  config: Config,
  ports: SourcePorts,
  { source, deps }: { source: SourceConfig; deps: ProposalDeps },
): SourceReconciler {
  const clock = { now: ports.now };
  const repository = openRepository({
    url: source.repository,
    policy: { local: config.allowLocalGit ? 'allowed' : 'refused' },
    stateDirectory: join(config.stateDir, source.name),
    ambient: ports.env,
    access: () => ({ credentials: readCredentials(source, ports) }),
  });
  return createSourceReconciler({
    source: { repository: source.repository, branch: source.branch, path: source.path, namespace: source.namespace },
    repository,
    forge: forges.local({ repository, clock }),
    proposals: () => listProposals(deps, source.namespace),
    clock,
    email: defaultAuthor.email,
    mode: config.mode,
  });
}

/** Files, so that renewed credentials count at once. Throws `git-unauthorized` when one cannot be read. */
function readCredentials({ name, credentials }: SourceConfig, { readFile }: SourcePorts): GitCredentials | undefined {
  if (credentials === undefined) return undefined;
  const read = (file: string): string => {
    try {
      return readFile(file).trim();
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      throw new LockstepError('git-unauthorized', {
        message: `the credentials of source ${name} cannot be read: ${file}: ${why}`,
      });
    }
  };
  return { kind: 'password', username: read(credentials.usernameFile), password: read(credentials.passwordFile) };
}

interface Said {
  readonly key: string;
  readonly outcome: SourceOutcome;
  /** What was logged last, so that an idle source is silent. */
  readonly said: Map<string, string>;
}

function report({ log, metrics }: SourcePorts, { key, outcome, said }: Said): void {
  const { decision, pull, revision } = outcome;
  const facts = { source: key, action: decision.action, reason: decision.reason, revision, pull: pull?.number };
  if (decision.action !== 'none' && decision.action !== 'yield') {
    metrics.pullRequests.inc({ action: decision.action });
    log.info(facts, 'pull request written');
  } else log.debug(facts, 'source in step');
  const refusals = outcome.notRecordable.map((entry) => ({ ...entry.workload, reason: entry.reason }));
  const text = JSON.stringify([decision.reason, refusals]);
  if (text === said.get(key)) return;
  said.set(key, text);
  if (decision.action === 'yield') log.warn(facts, 'the branch belongs to a person, left alone');
  if (refusals.length > 0) log.warn({ source: key, refusals }, 'checksums cannot be recorded');
}
