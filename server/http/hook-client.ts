// What `lockstep hook postsync` does: asks the server what is still owed in a namespace until nothing is, within a deadline.
// It polls: one small request a second for the length of a sync needs no open connection and survives a restart of the server.
import { parseAnswer, requestPath, type HookRequest } from '../../hooks/resource-hook.ts';
import { formatDuration } from '../core/duration.ts';
import { LockstepError } from '../core/errors.ts';
import { objectKey } from '../core/object.ts';
import type { OwedWorkload } from '../core/hook.ts';

export interface WaitOptions {
  readonly server: URL;
  readonly request: HookRequest;
  readonly timeoutMs: number;
  readonly intervalMs: number;
}

export interface WaitDeps {
  readonly fetch: typeof fetch;
  /** Milliseconds, never going backwards. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** One line of progress. */
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A server that is restarted is back by then; a wrong address stays wrong. */
const unreachableMostMs = 15_000;

/** One answer is a few kilobytes from memory. The last question may overrun the deadline by this much. */
const answerMostMs = 5000;

type Known =
  | { readonly kind: 'answer'; readonly done: boolean; readonly owed: readonly OwedWorkload[] }
  | { readonly kind: 'wait'; readonly why: string };

interface Unreachable {
  readonly kind: 'unreachable';
  readonly cause: unknown;
}

type Reply = Known | Unreachable;

/**
 * Returns the line that says what it waited for. Throws `hook-deadline` naming what is still owed, `hook-server-unreachable`,
 * `hook-server-refused` or `hook-answer-invalid`; the signal's reason when it is aborted.
 */
export async function waitUntilNothingOwed(options: WaitOptions, deps: WaitDeps): Promise<string> {
  const startedAt = deps.now();
  const waitedFor = new Set<string>();
  let known: Known | undefined;
  let reachedAt = startedAt;
  let shown = '';
  let quiet = 0;
  for (;;) {
    const reply = await ask(options, deps);
    const now = deps.now();
    const isLate = now - startedAt >= options.timeoutMs;
    if (reply.kind === 'unreachable') {
      if (now - reachedAt >= unreachableMostMs || (isLate && known === undefined)) throw unreachable(options, reply);
    } else {
      known = reply;
      reachedAt = now;
    }
    if (reply.kind === 'answer') for (const { workload } of reply.owed) waitedFor.add(objectKey(workload));
    // What the sync applied just before us may not have reached the server's watch: nothing owed counts when heard twice.
    quiet = reply.kind === 'answer' && reply.done ? quiet + 1 : 0;
    if (quiet === 2 || (quiet === 1 && isLate)) return summary(options.request.namespace, waitedFor, now - startedAt);
    const line = progress(reply, options.server);
    if (line !== shown && quiet === 0) deps.print(line);
    shown = line;
    if (isLate) throw late(options, known);
    await deps.sleep(Math.min(options.intervalMs, startedAt + options.timeoutMs - now), deps.signal);
  }
}

async function ask({ server, request }: WaitOptions, deps: WaitDeps): Promise<Reply> {
  const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(answerMostMs)]);
  let status: number;
  let text: string;
  try {
    const response = await deps.fetch(new URL(requestPath(request), server), { signal, redirect: 'error' });
    status = response.status;
    text = await response.text();
  } catch (error) {
    deps.signal.throwIfAborted();
    return { kind: 'unreachable', cause: error };
  }
  if (status === 200) return { kind: 'answer', ...parseAnswer(parseJson(text)) };
  if (status === 429 || status >= 500) return { kind: 'wait', why: describe(status, text) };
  throw new LockstepError('hook-server-refused', {
    message: `the server refused the request: ${describe(status, text)}`,
  });
}

function progress(reply: Reply, server: URL): string {
  switch (reply.kind) {
    case 'answer':
      return reply.done ? 'nothing owed' : `waiting for ${list(reply.owed)}`;
    case 'wait':
      return `waiting for the server: ${reply.why}`;
    case 'unreachable':
      return `cannot reach ${server.origin}: ${reasonOf(reply.cause)}; trying again`;
  }
}

function summary(namespace: string, waitedFor: ReadonlySet<string>, ms: number): string {
  if (waitedFor.size === 0) return `nothing was owed in namespace ${namespace}`;
  const names = [...waitedFor].sort().join(', ');
  return `restarted and available in namespace ${namespace} after ${seconds(ms)}: ${names}`;
}

function late({ request, timeoutMs }: WaitOptions, known: Known | undefined): LockstepError {
  const last = known?.kind === 'answer' ? known.owed : undefined;
  const what = last === undefined ? 'what is owed is not known: the server did not say' : `still owed: ${list(last)}`;
  return new LockstepError('hook-deadline', {
    message: `namespace ${request.namespace} after ${formatDuration(timeoutMs)}: ${what}`,
  });
}

function unreachable({ server }: WaitOptions, { cause }: Unreachable): LockstepError {
  return new LockstepError('hook-server-unreachable', {
    message: `cannot reach ${server.origin}: ${reasonOf(cause)}`,
    cause,
  });
}

function list(owed: readonly OwedWorkload[]): string {
  return owed.map(({ workload, state, reason }) => `${objectKey(workload)} (${state}: ${reason})`).join(', ');
}

/** fetch hides the reason in the cause; with several addresses one level deeper, under a code of its own. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'unknown error';
}

function describe(status: number, text: string): string {
  const body = parseJson(text);
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return typeof message === 'string' ? `${status} ${message.slice(0, 500)}` : `${status}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
