// Watches for Reloader's Events of restarts that failed. An extra of observe mode: without the right to it, that is told and the
// rest goes on.
import type { LockstepError } from '../core/errors.ts';
import { workloadKinds, type WorkloadKind, type WorkloadRef } from '../core/object.ts';
import type { Client } from './client.ts';
import { reflect, type ApiObject } from './reflector.ts';

/** What an Event says, as far as it can be believed: anybody may write one. */
export interface SeenFailure {
  readonly workload: WorkloadRef;
  /** Kind of the config object. */
  readonly kind: 'Secret' | 'ConfigMap';
}

export interface ReloadFailureOptions {
  readonly client: Client;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onFailure: (failure: SeenFailure) => void;
  readonly onListed: () => void;
  readonly onTrouble: (error: LockstepError) => void;
}

interface EventBody {
  readonly involvedObject?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
}

/** Runs until the signal aborts. Events of before the first list are history, and not told. */
export async function watchReloadFailures(options: ReloadFailureOptions, signal: AbortSignal): Promise<void> {
  const { client, namespaces, random, sleep, onFailure, onListed, onTrouble } = options;
  const scopes = namespaces.length === 0 ? [''] : namespaces.map((namespace) => `/namespaces/${namespace}`);
  const watch = (scope: string): Promise<void> =>
    reflect<SeenFailure | undefined>(
      {
        client,
        random,
        sleep,
        onListed,
        onTrouble,
        onHeard: () => undefined,
        resource: 'events',
        path: `/api/v1${scope}/events`,
        query: { fieldSelector: 'reason=ReloadFail' },
        pageSize: 500,
        parse: (object) => ({ key: object.metadata.uid, value: parseFailure(object) }),
        onEvent: (event) => {
          if (event.present && event.how !== 'listed' && event.object !== undefined) onFailure(event.object);
        },
      },
      signal,
    );
  await Promise.all(scopes.map(watch));
}

export function parseFailure(object: ApiObject): SeenFailure | undefined {
  const { involvedObject = {}, source, reportingComponent } = object as unknown as EventBody;
  const component = source?.component ?? reportingComponent ?? '';
  const kind =
    component === 'reloader-secrets' ? 'Secret' : component === 'reloader-configmaps' ? 'ConfigMap' : undefined;
  const { kind: of, namespace, name } = involvedObject;
  if (kind === undefined || !isWorkloadKind(of) || namespace === undefined || name === undefined) return undefined;
  return { kind, workload: { kind: of, namespace, name } };
}

function isWorkloadKind(kind: string | undefined): kind is WorkloadKind {
  return kind !== undefined && Object.hasOwn(workloadKinds, kind);
}
