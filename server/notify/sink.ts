// Sends one alert, and judges the answer as its receiver's format does.
import { LockstepError } from '../core/errors.ts';
import type { Sink, SinkFormat } from '../core/notification.ts';
import type { Resolve } from './addresses.ts';
import { createPoster } from './post.ts';

export interface SinkOptions {
  readonly format: SinkFormat;
  /** A credential. */
  readonly url: string;
  readonly proxy: string | undefined;
  readonly resolve: Resolve;
  readonly timeoutMs?: number;
}

/** Those that HTTP clients follow. */
const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** Throws `sink-url-invalid`, `sink-address-refused`. */
export function createSink({ format, ...options }: SinkOptions): Sink {
  const poster = createPoster({ ...options, name: 'ALERT_WEBHOOK_URL', contentType: format.contentType });
  const { host } = poster;
  return {
    host,
    async send(text, signal) {
      const status = await poster.post(format.toBody(text), signal);
      if (redirects.includes(status)) throw refused(host, `HTTP ${status}: redirects are not followed`);
      if (!format.accepts(status)) throw refused(host, `HTTP ${status}`);
    },
  };
}

function refused(host: string, why: string): LockstepError {
  return new LockstepError('sink-refused', { message: `${host} did not take an alert: ${why}` });
}
