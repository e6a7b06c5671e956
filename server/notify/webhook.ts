// Reloader's webhook: the same few bytes for every change, which names nothing. stakater/Reloader internal/pkg/handler/upgrade.go.
import type { Resolve } from './addresses.ts';
import { createPoster } from './post.ts';

const body = '{"webhook":"update successful"}';

export interface Webhook {
  readonly host: string;
  /** The status of the answer: whatever it is, the receiver was told. Throws `sink-unreachable`, `sink-address-refused`. */
  send(signal: AbortSignal): Promise<number>;
}

/** Throws `sink-url-invalid`, `sink-address-refused`. `url` is a credential. */
export function createWebhook(url: string, { resolve }: { readonly resolve: Resolve }): Webhook {
  const contentType = 'application/json';
  const poster = createPoster({ name: '--webhook-url', url, proxy: undefined, contentType, resolve });
  return { host: poster.host, send: (signal) => poster.post(body, signal) };
}
