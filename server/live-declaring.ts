// What the running service asks what Git declares: source trees in the state directory, and the renderers that are on PATH.
import { join } from 'node:path';
import type { Config } from './config.ts';
import type { DigestKey } from './core/digest.ts';
import type { Declaring } from './declaring.ts';
import { openDeclaring } from './open-declaring.ts';
import type { Ports } from './ports.ts';

export interface LiveDeclaringOptions {
  /** Live content is digested under it, too. */
  readonly key: DigestKey;
  /** Ends everything that runs. */
  readonly stop: AbortSignal;
}

/** Opens nothing before the first owner is compared: without engines there is none. */
export function openLiveDeclaring(config: Config, ports: Ports, options: LiveDeclaringOptions): Declaring['declare'] {
  let opened: Promise<Declaring> | undefined;
  return async (plan, signal) => {
    // What failed once, such as a full disk, may pass: the next comparison tries it again.
    opened ??= open(config, ports, options).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return (await opened).declare(plan, signal);
  };
}

async function open(config: Config, ports: Ports, { key, stop }: LiveDeclaringOptions): Promise<Declaring> {
  const { allowLocalGit, stateDir } = config;
  const directory = join(stateDir, 'declared');
  const options = { client: ports.client, key, file: config, allowLocalGit, directory, stop };
  return (await openDeclaring(ports, options)).declaring;
}
