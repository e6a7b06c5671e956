// The single reads behind `lockstep explain`. What its user may not read is an answer too.
import { hasCode, LockstepError } from './core/errors.ts';
import type { ExplainedWorkload } from './core/explain.ts';
import { configResources, type ConfigRef, type WorkloadKind, type WorkloadRef } from './core/object.ts';
import { listReferences, type ReferenceRules } from './core/references.ts';
import type { Client } from './kube/client.ts';
import { configPath } from './kube/ingest-config.ts';
import { parseWorkload } from './kube/ingest-workload.ts';
import type { NamespaceScope } from './core/selector.ts';
import type { PresenceRules } from './core/snapshot.ts';
import type { Reading } from './kube/ingest.ts';
import { compileOptIn } from './kube/opt-in.ts';
import type { ApiObject } from './kube/reflector.ts';
import { templateOf } from './kube/workload-body.ts';

/** Whom to ask, and by which rules. */
export interface Asking extends ReferenceRules {
  readonly client: Client;
  readonly rules: Reading['rules'];
  readonly pauseKeys: Reading['pauseKeys'];
  readonly presence: PresenceRules;
  readonly stateNamespace: string;
  /** Which namespaces the running Lockstep watches. */
  readonly scope: NamespaceScope;
  /** Wall clock (ms). */
  readonly now: number;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

/** By which rules. */
export type Judging = Pick<Asking, 'rules' | 'granularity' | 'extras' | 'pauseKeys'>;

export const metadataOnly = {
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
} as const;

/** The loop leaves out what is not opted in; who asks why wants to see it. */
export function parseExplained(asking: Judging, kind: WorkloadKind, raw: ApiObject): ExplainedWorkload {
  const compiled = compileOptIn(kind, raw, asking.rules);
  const references = listReferences(templateOf(kind, raw).spec, asking);
  return { seen: parseWorkload(kind, raw, asking).value, compiled, references };
}

interface Place {
  readonly resource: string;
  readonly namespace: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
}

export function placeOf({ kind, namespace, name }: ConfigRef): Place & { readonly name: string } {
  const resource = configResources[kind];
  return { resource, namespace, name, path: configPath(kind, namespace, name) };
}

export async function get(asking: Asking, { namespace, name, ...place }: Place & { name: string }) {
  const subject = namespace === '' ? name : `${namespace}/${name}`;
  try {
    return (await asking.client.send({ verb: 'get', subject, ...place, signal: asking.signal })) as ApiObject;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

export async function list(asking: Asking, { namespace, ...place }: Place): Promise<readonly ApiObject[]> {
  const answer = await asking.client.send({ verb: 'list', subject: namespace, ...place, signal: asking.signal });
  // Null when there is none.
  return (answer as { items: readonly ApiObject[] | null }).items ?? [];
}

export async function unlessForbidden<T>(reading: Promise<T>): Promise<T | 'forbidden'> {
  try {
    return await reading;
  } catch (error) {
    if (hasCode(error, 'api-forbidden')) return 'forbidden';
    throw error;
  }
}

export function notFound({ kind, namespace, name }: WorkloadRef | ConfigRef): LockstepError {
  return new LockstepError('api-not-found', { message: `there is no ${kind} ${name} in namespace ${namespace}` });
}
