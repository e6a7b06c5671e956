// One resource watched without a gap: each watch goes on from where the one before ended.
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApi, WatchEvent } from '../engines/api.ts';

export interface Following {
  readonly api: KubeApi;
  readonly path: string;
  readonly from: string;
  readonly see: (event: WatchEvent) => void;
  readonly signal: AbortSignal;
}

/** Watches on from where the last watch ended, so that no event is lost; throws when the API server forgot that point. */
export async function follow({ api, path, from, see, signal }: Following): Promise<void> {
  let version = from;
  const aborted = new Promise<'aborted'>((resolve) =>
    signal.addEventListener('abort', () => resolve('aborted'), { once: true }),
  );
  while (!signal.aborted) {
    const events = api.watch(path, version);
    for (;;) {
      const next = await Promise.race([events.next(), aborted]).catch((error: unknown) => {
        if (signal.aborted) return 'aborted' as const;
        throw error;
      });
      if (next === 'aborted') return void events.return(undefined).catch(() => {});
      if (next.done === true) break;
      if (next.value.type === 'ERROR') throw new Error(`the watch of ${path} cannot be continued`);
      version = next.value.object.metadata.resourceVersion ?? version;
      if (next.value.type !== 'BOOKMARK') see(next.value);
    }
    await delay(100, undefined, { signal }).catch(() => {});
  }
}
