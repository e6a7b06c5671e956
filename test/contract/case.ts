// What a conformance case is: a short script of requests, run alike against the fake and the real API server.

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface RequestStep {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `secrets/db?dryRun=All` in the case's namespace, or absolute; `{ns}` is the namespace. */
  readonly path: string;
  /** `{{2.metadata.uid}}` stands for what the answer of step 2 (from 0) holds there. A string is sent as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly userAgent?: string;
  readonly accept?: string;
}

export interface WatchStep {
  readonly watch: string;
  /** Read this many events (bookmarks without an annotation do not count), then close; 'all': until the server ends. */
  readonly events: number | 'all';
  /** Sent once the watch is open. */
  readonly during?: readonly RequestStep[];
}

/** Waits for the next second of the clock, so that times can be told apart. */
export interface SecondStep {
  readonly nextSecond: true;
}

export type Step = RequestStep | WatchStep | SecondStep;

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Compare the order of times too, not only that there is one. */
  readonly times?: 'ordered';
}

type Options = Pick<RequestStep, 'userAgent' | 'accept'>;

export const get = (path: string, options: Options = {}): RequestStep => ({ method: 'GET', path, ...options });
export const post = (path: string, body: unknown, options: Options = {}): RequestStep => ({
  method: 'POST',
  path,
  body,
  ...options,
});
export const put = (path: string, body: unknown, options: Options = {}): RequestStep => ({
  method: 'PUT',
  path,
  body,
  ...options,
});
export const del = (path: string, body?: unknown): RequestStep => ({
  method: 'DELETE',
  path,
  ...(body === undefined ? {} : { body }),
});

const contentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

export function patch(type: PatchType, path: string, body: unknown, options: Options = {}): RequestStep {
  return { method: 'PATCH', path, body, contentType: contentTypes[type], ...options };
}

export const watch = (path: string, events: number | 'all', during: readonly RequestStep[] = []): WatchStep => ({
  watch: path,
  events,
  during,
});
export const nextSecond: SecondStep = { nextSecond: true };

/** A table row: a name and its steps. */
export function scenario(name: string, ...steps: readonly Step[]): Case {
  return { name, steps };
}
