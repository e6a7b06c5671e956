// The probes and the metrics, on a port of their own: no authentication, nothing secret, no limits.
import express, { type Express } from 'express';
import type { Log } from '../core/log.ts';
import { answerErrors, refuseUnknown } from './errors.ts';

export interface HealthDeps {
  /** Resources whose watch is not synced; ready when empty. */
  readonly unsynced: () => readonly string[];
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
  readonly log: Log;
}

/** What the manifests' probes ask; a test compares both. */
export const probePaths = { live: '/livez', ready: '/readyz', metrics: '/metrics' } as const;

export function createHealth(deps: HealthDeps): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.get(probePaths.live, (_request, response) => void response.type('text').send('ok'));
  // Reloader's liveness path and answer, for whoever comes from there.
  app.get('/live', (_request, response) => void response.type('text').send('alive'));
  app.get(probePaths.ready, (_request, response) => {
    const unsynced = deps.unsynced();
    response.status(unsynced.length === 0 ? 200 : 503).json({ ready: unsynced.length === 0, unsynced });
  });
  app.get(probePaths.metrics, async (_request, response) => {
    response.setHeader('content-type', deps.metrics.contentType);
    response.send(await deps.metrics.text());
  });
  app.use(refuseUnknown, answerErrors(deps.log));
  return app;
}
