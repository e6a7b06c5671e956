// The messages between `lockstep hook <phase>`, as an Argo CD hook Job runs it, and the server: plain JSON, parsed at the border.
import { LockstepError } from '../server/core/errors.ts';
import type { OwedState, OwedWorkload } from '../server/core/hook.ts';
import { workloadKinds, type WorkloadKind } from '../server/core/object.ts';

/** Argo CD's phases that Lockstep has an answer for. */
export const phases = ['postsync'] as const;
export type Phase = (typeof phases)[number];

export interface HookRequest {
  readonly phase: Phase;
  /** The application's destination namespace. */
  readonly namespace: string;
  /** For the log only; what is answered depends on the namespace alone. */
  readonly application: string | undefined;
}

export interface HookAnswer {
  /** Nothing is owed any more. */
  readonly done: boolean;
  readonly owed: readonly OwedWorkload[];
}

/** An object's name in Kubernetes; also what the query of a request may hold. */
const namePattern = /^[a-z\d]([-a-z\d.]{0,251}[a-z\d])?$/;

/** Path and query of a request. */
export function requestPath({ phase, namespace, application }: HookRequest): string {
  const query = new URLSearchParams({ phase, ...(application === undefined ? {} : { application }) });
  return `/v1/namespaces/${encodeURIComponent(namespace)}/owed?${query.toString()}`;
}

/** The request behind a path's namespace and its query. The phase may be left out: people ask too. Throws `request-invalid`. */
export function parseRequest(namespace: unknown, query: Readonly<Record<string, unknown>>): HookRequest {
  const { phase = 'postsync', application } = query;
  if (typeof namespace !== 'string' || !namePattern.test(namespace)) throw refused('the namespace is no name');
  const known = phases.find((name) => name === phase);
  if (known === undefined) throw refused(`the phase is none of ${phases.join(', ')}`);
  if (application === undefined) return { phase: known, namespace, application };
  if (typeof application !== 'string' || !namePattern.test(application)) throw refused('the application is no name');
  return { phase: known, namespace, application };
}

export function formatAnswer(owed: readonly OwedWorkload[]): HookAnswer {
  return { done: owed.length === 0, owed };
}

/** Throws `hook-answer-invalid`: whoever answered is no Lockstep, or a much older or newer one. */
export function parseAnswer(value: unknown): HookAnswer {
  const answer = asRecord(value);
  if (typeof answer['done'] !== 'boolean' || !Array.isArray(answer['owed'])) throw unreadable();
  return { done: answer['done'], owed: answer['owed'].map(parseOwed) };
}

function parseOwed(value: unknown): OwedWorkload {
  const entry = asRecord(value);
  const { kind, namespace, name } = asRecord(entry['workload']);
  const { state, reason } = entry;
  if (!isKind(kind) || typeof namespace !== 'string' || typeof name !== 'string') throw unreadable();
  if (!isState(state) || typeof reason !== 'string') throw unreadable();
  return { workload: { kind, namespace, name }, state, reason };
}

function isKind(value: unknown): value is WorkloadKind {
  return typeof value === 'string' && Object.hasOwn(workloadKinds, value);
}

function isState(value: unknown): value is OwedState {
  return value === 'owed' || value === 'rolling' || value === 'blocked';
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unreadable();
}

function refused(message: string): LockstepError {
  return new LockstepError('request-invalid', { message });
}

function unreadable(): LockstepError {
  return new LockstepError('hook-answer-invalid', { message: 'the server’s answer is not what Lockstep answers' });
}
