// The two HTTP servers: hooks and API on one port, probes and metrics on another. Limits come first, so that a stranger costs little.
import express, { type Express } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { LockstepError } from '../core/errors.ts';
import { createApi, type ApiDeps } from './api.ts';
import { answerErrors, refuseUnknown } from './errors.ts';
import { createHealth, type HealthDeps } from './health.ts';
import { listen, type ListenAt, type Listening } from './listen.ts';
import { createReceivers, type ReceiverDeps } from './receivers.ts';

export interface HttpDeps extends ReceiverDeps, ApiDeps, HealthDeps {
  readonly address: ListenAt;
  readonly metricsAddress: ListenAt;
  readonly requestsPerMinute?: number;
}

export interface RunningHttp {
  /** Of hooks and API, without a slash at the end. */
  readonly url: string;
  /** Of probes and metrics. */
  readonly metricsUrl: string;
  /** Takes no new requests, lets the running ones end, and cuts those that do not within a second. */
  readonly stop: () => Promise<void>;
}

/** Per address. Flux sends one event per object and interval, a hook Job one request a second: twenty a second is far above both. */
const requestsPerMinuteMost = 1200;

/** Listens on both ports, or on none. Throws `listen-failed` naming the address. */
export async function startHttp(deps: HttpDeps): Promise<RunningHttp> {
  const health = await listen(createHealth(deps), deps.metricsAddress);
  let main: Listening;
  try {
    main = await listen(createApp(deps), deps.address);
  } catch (error) {
    await health.close();
    throw error;
  }
  return {
    url: main.url,
    metricsUrl: health.url,
    stop: async () => void (await Promise.all([main.close(), health.close()])),
  };
}

function createApp(deps: HttpDeps): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } } }));
  app.use(
    rateLimit({
      windowMs: 60_000,
      limit: deps.requestsPerMinute ?? requestsPerMinuteMost,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      // Forwarded headers are not believed, and not worth a warning either.
      validate: { xForwardedForHeader: false, forwardedHeader: false },
      handler: (_request, _response, next) => next(throttled()),
    }),
  );
  app.use(createReceivers(deps), createApi(deps), refuseUnknown, answerErrors(deps.log));
  return app;
}

function throttled(): LockstepError {
  return new LockstepError('request-throttled', { message: 'too many requests from this address' });
}
