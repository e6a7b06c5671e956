// Opens what `lockstep diff` asks beside the cluster's own objects: engines, Git, renderers, the sources of the configuration.
import type { DigestKey } from './core/digest.ts';
import type { Client } from './kube/client.ts';

export interface PortOptions {
  readonly client: Client;
  /** Of this run: everything that is compared is digested under it. */
  readonly key: DigestKey;
  /** File with Git sources. */
  readonly config: string | undefined;
  readonly signal: AbortSignal;
}
