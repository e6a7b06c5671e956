// Who restarts workloads and resumes them: Lockstep's own way, or one of Reloader's strategies, as the configuration asks.
import type { Config } from './config.ts';
import type { RestartWriter } from './core/cluster.ts';
import type { Client } from './kube/client.ts';
import { createRestartWriter, type WriterOptions } from './kube/patches.ts';
import type { ClassReading } from './kube/provider-class-reads.ts';
import { createReloaderWriter } from './kube/reloader-writer.ts';

interface WriterPorts extends Omit<WriterOptions, 'pausedAtKey'> {
  readonly client: Client;
}

export function openWriter(
  { reloader: { strategy, pauseKeys } }: Config,
  { client, now, sleep }: WriterPorts,
  classReading: ClassReading,
): RestartWriter {
  const { pausedAt: pausedAtKey } = pauseKeys;
  return strategy === 'lockstep'
    ? createRestartWriter(client, { now, sleep, pausedAtKey })
    : createReloaderWriter({ client, strategy, now, sleep, pausedAtKey, ...classReading });
}
