// Flux events as notification-controller posts them to a Provider of type generic-hmac: is the signature right, and what do they say?
// Source of the format: fluxcd/notification-controller internal/notifier/forwarder.go, fluxcd/pkg apis/event/v1beta1.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LockstepError } from '../server/core/errors.ts';
import type { Delivery, HookEvent, ObjectName, WebhookSender } from '../server/core/hook.ts';

/** A Flux event in the few fields that we use. */
export interface FluxEvent {
  readonly involvedObject: ObjectName;
  readonly reason: string;
  readonly severity: 'info' | 'error';
  /** As Flux writes it (`main@sha1:731f7ead...`); of a HelmRelease a chart version. */
  readonly revision: string | undefined;
  /** Git revision that an OCI artifact was built from. */
  readonly originRevision: string | undefined;
  readonly reportingController: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

/** Flux reserves the right to change the hash, and sends one signature with the hash's name before it. */
const signaturePattern = /^(sha224|sha256|sha384|sha512)=([0-9a-f]{56,128})$/;

/** Flux caps messages at 39,000 characters; a list of objects longer than this is looked at as a namespace would be. */
const touchedMost = 500;

/** Group prefixes are stripped on delivery to a Provider, but Flux's documentation shows them: both are read. */
const groups = [
  'kustomize.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
  'helm.toolkit.fluxcd.io',
  'event.toolkit.fluxcd.io',
];

/** The sender for the registry. */
export const fluxSender: WebhookSender = {
  verify: (delivery: Delivery, key: Uint8Array) => verifyFlux(delivery.body, delivery.header('x-signature'), key),
  parse: (body: Uint8Array) => describeFlux(parseFlux(body)),
};

/** True when `header` signs exactly these bytes. The key is the Secret's `token`, untrimmed; an empty key signs nothing. */
export function verifyFlux(body: Uint8Array, header: string | undefined, key: Uint8Array): boolean {
  const [, hash = 'sha256', hex = ''] = signaturePattern.exec(header ?? '') ?? [];
  const expected = createHmac(hash, key).update(body).digest();
  const given = Buffer.alloc(expected.length);
  const complete = Buffer.from(hex, 'hex').copy(given) === expected.length && hex.length === expected.length * 2;
  return timingSafeEqual(expected, given) && complete && key.length > 0;
}

/** Throws `hook-body-invalid` naming the field, never its value. */
export function parseFlux(body: Uint8Array): FluxEvent {
  const event = asRecord(parseJson(body), 'the body');
  const object = asRecord(event['involvedObject'], 'involvedObject');
  const metadata = event['metadata'] === undefined ? {} : asRecord(event['metadata'], 'metadata');
  const timestamp = Date.parse(asText(event['timestamp'], 'timestamp'));
  if (Number.isNaN(timestamp)) throw invalid('timestamp is no time');
  return {
    involvedObject: {
      kind: asText(object['kind'], 'involvedObject.kind'),
      namespace: asText(object['namespace'], 'involvedObject.namespace'),
      name: asText(object['name'], 'involvedObject.name'),
    },
    reason: asText(event['reason'], 'reason'),
    severity: event['severity'] === 'error' ? 'error' : 'info',
    revision: metadataText(metadata, 'revision'),
    originRevision: metadataText(metadata, 'originRevision'),
    reportingController: asText(event['reportingController'], 'reportingController'),
    timestamp,
    message: typeof event['message'] === 'string' ? event['message'] : '',
  };
}

/** The event in the words that every sender shares. */
export function describeFlux(event: FluxEvent): HookEvent {
  const touched = readChanges(event.message);
  return {
    about: event.involvedObject,
    touched: touched.length > touchedMost ? [] : touched,
    reason: event.reason,
    severity: event.severity,
    commit: commitOf(event.originRevision) ?? commitOf(event.revision),
    at: event.timestamp,
  };
}

/**
 * The commit in `main@sha1:731f...`, `main/731f...` (before Flux 0.35), `sha1:731f...` or a bare one; undefined for chart versions and for
 * `sha256:...`, which is the digest of an OCI artifact or a bucket (flux/revision.ts).
 */
export function commitOf(revision: string | undefined): string | undefined {
  return /^(?:(?:.+@)?sha1:|.+\/)?([0-9a-f]{40})$/.exec(revision ?? '')?.[1];
}

/** kustomize-controller lists what it applied, one `Kind/namespace/name configured` a line. */
function readChanges(message: string): ObjectName[] {
  const lines = message.matchAll(/^([A-Za-z]+)\/([a-z\d-]+)\/(\S+) (?:created|configured|deleted)$/gm);
  return [...lines].map(([, kind = '', namespace = '', name = '']) => ({ kind, namespace, name }));
}

function metadataText(metadata: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const names = [key, ...groups.map((group) => `${group}/${key}`)];
  return names.map((name) => metadata[name]).find((value) => typeof value === 'string');
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw invalid('the body is no JSON'); // the parser's own message quotes the body
  }
}

function asRecord(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`${path} is no map`);
}

function asText(value: unknown, path: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${path} is missing or no text`);
}

function invalid(what: string): LockstepError {
  return new LockstepError('hook-body-invalid', { message: `the Flux event cannot be read: ${what}` });
}
