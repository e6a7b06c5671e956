// Opens what `lockstep diff` asks beside the cluster's own objects: engines, Git, renderers, the sources of the configuration.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noFile, readConfigFile, type ConfigFile } from './config-file.ts';
import type { DigestKey } from './core/digest.ts';
import type { SourceTrees } from './core/rendering.ts';
import type { DiffPorts } from './diff-facts.ts';
import type { EngineSettings } from './engine-flags.ts';
import { readEngines } from './engines.ts';
import { refuse } from './flags.ts';
import { createClient, type Client } from './kube/client.ts';
import { connect, type Connection } from './kube/connection.ts';
import { openDeclaring, type DeclaringSurroundings } from './open-declaring.ts';
import { planSources } from './source-owners.ts';

export interface PortOptions {
  readonly client: Client;
  /** Of this run: everything that is compared is digested under it. */
  readonly key: DigestKey;
  /** File with Git sources and how repositories are reached. */
  readonly config: string | undefined;
  readonly allowLocalGit: boolean;
  /** age identities for SOPS. */
  readonly ageKeyFile: string | undefined;
  readonly engines: EngineSettings;
  /** So many objects of an engine's resource were read so far. */
  readonly onRead: (resource: string, count: number) => void;
  readonly signal: AbortSignal;
}

export interface Surroundings extends DeclaringSurroundings {
  /** What is made in it is removed at the end. */
  readonly tempDir: string;
}

export type OpenPorts = DiffPorts & { readonly close: () => Promise<void> };

/** Throws `config-invalid`, `kubeconfig-unreadable`, `api-*`. */
export async function openDiffPorts(surroundings: Surroundings, options: PortOptions): Promise<OpenPorts> {
  const file = loadFile(surroundings, options);
  const { client, key, engines: settings, onRead, signal } = options;
  const hub = settings.hub === undefined ? undefined : await connect(settings.hub, surroundings.now);
  const directory = await mkdtemp(join(surroundings.tempDir, 'lockstep-diff-'));
  const stop = new AbortController();
  const close = async (): Promise<void> => {
    stop.abort();
    await Promise.all([hub?.close(), rm(directory, { recursive: true, force: true })]);
  };
  try {
    const engines = await readEngines({ client, hub: clientOf(hub), settings, namespaces: [], onRead, signal });
    const { declaring, trees } = await openDeclaring(surroundings, {
      client,
      key,
      file: withAgeKey(file, options.ageKeyFile),
      allowLocalGit: options.allowLocalGit,
      directory,
      stop: stop.signal,
    });
    const resolve = resolveIn(trees);
    return {
      engines,
      sources: planSources(file.sources, { resolve }),
      instanceLabels: settings.instanceLabels,
      declare: (plan, asked) => declaring.declare(plan, asked),
      resolve,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function clientOf(connection: Connection | undefined): Client | undefined {
  return connection === undefined ? undefined : createClient(connection, () => undefined);
}

function loadFile({ readFile }: Surroundings, { config, allowLocalGit }: PortOptions): ConfigFile {
  if (config === undefined) return noFile;
  let text: string;
  try {
    text = readFile(config);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw refuse([`--config ${config} cannot be read: ${why}`]);
  }
  const { file, problems } = readConfigFile(text, allowLocalGit ? 'local-allowed' : 'local-refused');
  if (problems.length > 0) throw refuse(problems.map((problem) => `--config ${config}: ${problem}`));
  return file;
}

/** The flag wins over the file. */
function withAgeKey(file: ConfigFile, ageKeyFile: string | undefined): ConfigFile {
  return ageKeyFile === undefined ? file : { ...file, render: { ...file.render, ageKeyFile } };
}

/** A commit id is one in every repository, but is there in few. */
function resolveIn(trees: SourceTrees): SourceTrees['resolve'] {
  return async (repository, ref, signal) => {
    const revision = await trees.resolve(repository, ref, signal);
    if (revision === ref) await trees.open({ repository, revision }, signal);
    return revision;
  };
}
