// Faults on purpose: what a test can make the server do instead of, or before, its work.
import type { JsonObject } from './json.ts';
import type { Verb } from './requests.ts';

/** What the fault hook is asked about. */
export interface FaultRequest {
  readonly verb: Verb | 'other';
  /** `secrets`, `deployments.apps`; empty for discovery and health. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly userAgent: string;
  readonly path: string;
}

export type Fault =
  /** Answers this status; 429 and 503 may name Retry-After. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly message?: string;
      readonly reason?: string;
      readonly retryAfterSeconds?: number;
    }
  /** Closes the connection without an answer. */
  | { readonly kind: 'reset' }
  /** Does the work, then closes the connection: the client cannot know that it was done. */
  | { readonly kind: 'reset-after' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Does the work once the promise resolves. */
  | { readonly kind: 'wait'; readonly until: Promise<void> }
  /** Never answers; a watch gets its headers and then nothing, as over a half-open connection. */
  | { readonly kind: 'hold' }
  /** Watch: leaves out the events for which `isDropped` says so. */
  | { readonly kind: 'drop'; readonly isDropped: (type: string, object: JsonObject) => boolean }
  /** Watch: sends half of the event after this many, then resets the connection. */
  | { readonly kind: 'truncate'; readonly afterEvents: number }
  /** Watch: an ERROR event with status 410 at once. */
  | { readonly kind: 'gone' };

export type FaultHook = (request: FaultRequest) => Fault | undefined;

/** The Status body of a refusal that a fault asks for. */
export function statusOf(fault: Fault & { kind: 'status' }): JsonObject {
  const { code, retryAfterSeconds } = fault;
  const [reason, message] = words[code] ?? [
    'InternalError',
    'an error on the server has prevented the request from succeeding',
  ];
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: fault.message ?? message,
    reason: fault.reason ?? reason,
    details: retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
    code,
  };
}

const words: Readonly<Record<number, readonly [string, string]>> = {
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'admission webhook "policy.example" denied the request: not now'],
  429: ['TooManyRequests', 'Too many requests, please try again later.'],
  500: ['InternalError', 'Internal error occurred: injected'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
};
