// What the running service asks what Git declares: source trees in the state directory, and the renderers that are on PATH.
import { join } from 'node:path';
import type { Config } from './config.ts';
import type { DigestKey } from './core/digest.ts';
import type { SourceTrees } from './core/rendering.ts';
import type { Declaring } from './declaring.ts';
import { openDeclaring } from './open-declaring.ts';
import type { Ports } from './ports.ts';

export interface LiveDeclaringOptions {
  /** Live content is digested under it, too. */
  readonly key: DigestKey;
  /** Ends everything that runs. */
  readonly stop: AbortSignal;
}

/** What Git declares, and where a branch is. */
export interface LiveDeclaring extends Pick<Declaring, 'declare'>, Pick<SourceTrees, 'resolve'> {}

/** Opens nothing before the first owner is compared: without any there is none. */
export function openLiveDeclaring(config: Config, ports: Ports, options: LiveDeclaringOptions): LiveDeclaring {
  let opened: ReturnType<typeof open> | undefined;
  // What failed once, such as a full disk, may pass: the next comparison tries it again.
  const use = (): ReturnType<typeof open> =>
    (opened ??= open(config, ports, options).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
  return {
    declare: async (plan, signal) => (await use()).declaring.declare(plan, signal),
    resolve: async (repository, ref, signal) => (await use()).trees.resolve(repository, ref, signal),
  };
}

async function open(config: Config, ports: Ports, { key, stop }: LiveDeclaringOptions) {
  const { allowLocalGit, stateDir } = config;
  const directory = join(stateDir, 'declared');
  return openDeclaring(ports, { client: ports.client, key, file: config, allowLocalGit, directory, stop });
}
