// Asks the running Lockstep whether the checksums that Git records are current: the digest key stays in the cluster.
import { askDirectly, askThroughApi } from './ask-lockstep.ts';
import { LockstepError } from './core/errors.ts';
import { objectKey, isConfigKind } from './core/object.ts';
import { recordedAnswers, type Recorded } from './core/recorded.ts';
import type { Client } from './kube/client.ts';

export interface RecordedAsking {
  readonly client: Client;
  /** Of the running Lockstep; undefined: through the API server. */
  readonly server: URL | undefined;
  readonly stateNamespace: string;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

export type RecordedFound =
  | { readonly kind: 'known'; readonly answers: ReadonlyMap<string, Recorded> }
  /** Nobody answers, or not as expected: says why. */
  | { readonly kind: 'unknown'; readonly says: string };

/** Never throws but the signal's reason: without an answer the rest is still worth saying. */
export async function askRecorded(asking: RecordedAsking): Promise<RecordedFound> {
  const { client, server, stateNamespace, namespace, fetch, signal } = asking;
  const query: Readonly<Record<string, string>> = namespace === undefined ? {} : { namespace };
  const question = { path: '/v1/recorded', query, signal };
  try {
    const answer = await (server === undefined
      ? askThroughApi(client, stateNamespace, question)
      : askDirectly({ server, fetch }, question));
    return parseRecorded(answer) ?? { kind: 'unknown', says: 'what answered is no Lockstep of this version' };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LockstepError)) throw error;
    return { kind: 'unknown', says: error.message };
  }
}

function parseRecorded(value: unknown): RecordedFound | undefined {
  const list = typeof value === 'object' && value !== null && 'recorded' in value ? value.recorded : undefined;
  if (!Array.isArray(list)) return undefined;
  const answers = new Map<string, Recorded>();
  for (const entry of list as readonly unknown[]) {
    const { config, answer } = (entry ?? {}) as { readonly config?: unknown; readonly answer?: unknown };
    const { kind, namespace, name } = (config ?? {}) as Readonly<Record<string, unknown>>;
    const word = recordedAnswers.find((known) => known === answer);
    if (typeof kind !== 'string' || !isConfigKind(kind) || word === undefined) return undefined;
    answers.set(objectKey({ kind, namespace: String(namespace), name: String(name) }), word);
  }
  return { kind: 'known', answers };
}
