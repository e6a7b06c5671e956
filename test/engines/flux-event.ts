// What Flux's notification-controller posts to a Provider of type generic-hmac after kustomize-controller applied a revision.
// Source of the format: fluxcd/pkg apis/event/v1beta1, fluxcd/notification-controller internal/notifier/forwarder.go.
import { createHmac } from 'node:crypto';
import { request } from 'undici';
import type { Reconciliation } from './small-engine.ts';

export interface FluxReceiver {
  /** `http://host:port/hooks/flux/<tenant>`. */
  readonly url: string;
  /** The HMAC key that the tenant's key file holds. */
  readonly token: string;
  /** Of the Kustomization that the event is about. */
  readonly namespace: string;
  readonly branch: string;
}

/** Answers the receiver's status code; 202 means that it will look. */
export async function sendFluxEvent(
  { url, token, namespace, branch }: FluxReceiver,
  { revision, written }: Reconciliation,
  signal: AbortSignal,
): Promise<number> {
  const body = JSON.stringify({
    involvedObject: { kind: 'Kustomization', namespace, name: 'shop', apiVersion: 'kustomize.toolkit.fluxcd.io/v1' },
    severity: 'info',
    timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    message: written.length === 0 ? 'Reconciliation finished, next run in 1s' : written.join('\n'),
    reason: written.length === 0 ? 'ReconciliationSucceeded' : 'Progressing',
    metadata: { revision: `${branch}@sha1:${revision}` },
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-small',
  });
  const headers = {
    'content-type': 'application/json',
    'gotk-component': 'kustomize-controller',
    'x-signature': `sha256=${createHmac('sha256', token).update(body).digest('hex')}`,
  };
  const reply = await request(url, { method: 'POST', headers, body, signal });
  await reply.body.dump();
  return reply.statusCode;
}
