// The API: what is still owed in a namespace, as the hook Jobs ask; what Reloader did beside observe mode, as reports ask; whether
// recorded checksums are current, as `lockstep diff` asks.
import { Router } from 'express';
import { formatAnswer, parseRequest } from '../../hooks/resource-hook.ts';
import { LockstepError } from '../core/errors.ts';
import type { OwedWorkload } from '../core/hook.ts';
import type { RecordedConfig } from '../core/recorded.ts';
import { parseSince, type ShadowReport } from '../core/shadow-report.ts';

export interface ApiDeps {
  /** What is owed or not yet available in a namespace; changes that still settle count as owed. */
  readonly owed: (namespace: string) => readonly OwedWorkload[];
  /** Whether Lockstep watches the namespace: of any other it knows nothing, and must not say that nothing is owed. */
  readonly isWatched: (namespace: string) => boolean;
  /** Resources whose watch is not synced; ready when empty. */
  readonly unsynced: () => readonly string[];
  /** What Reloader did, in observe mode. Throws `shadow-off` in any other. */
  readonly shadow: (sinceMs: number) => ShadowReport;
  /** Whether recorded checksums are current: of a namespace, or of all that is watched. Throws `not-ready`. */
  readonly recorded: (namespace: string | undefined) => readonly RecordedConfig[];
}

export function createApi(deps: ApiDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const demand = (namespace: string | undefined): void => {
    const missing = deps.unsynced();
    if (missing.length > 0) {
      throw new LockstepError('not-ready', { message: `not synced yet: ${missing.join(', ')}` });
    }
    if (namespace !== undefined && !deps.isWatched(namespace)) {
      throw new LockstepError('namespace-unwatched', { message: `Lockstep does not watch namespace ${namespace}` });
    }
  };
  router.get('/v1/namespaces/:namespace/owed', (request, response) => {
    const { namespace } = parseRequest(request.params['namespace'], request.query);
    demand(namespace);
    response.json(formatAnswer(deps.owed(namespace)));
  });
  router.get('/v1/shadow', (request, response) => {
    const { since = '7d' } = request.query;
    const sinceMs = typeof since === 'string' ? parseSince(since) : undefined;
    if (sinceMs === undefined) {
      throw new LockstepError('request-invalid', { message: 'since is no duration such as 7d, 36h or 90m' });
    }
    response.json(deps.shadow(sinceMs));
  });
  router.get('/v1/recorded', (request, response) => {
    const { namespace } = request.query;
    const asked = namespace === undefined ? undefined : parseRequest(namespace, {}).namespace;
    demand(asked);
    response.json({ recorded: deps.recorded(asked) });
  });
  return router;
}
