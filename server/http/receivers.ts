// Incoming webhooks: verify, parse, route, queue, 202. What a webhook says is a hint: it causes looks and nothing else, so a replayed or
// invented one changes nothing.
import { Router, raw, type Request, type RequestHandler } from 'express';
import { LockstepError, hasCode } from '../core/errors.ts';
import type { WebhookSender } from '../core/hook.ts';
import type { Log } from '../core/log.ts';
import { routeEvent, type Look } from '../core/route-event.ts';
import { errorBody } from './errors.ts';

/** Who may send: its key, and the namespaces whose objects it may name. */
export interface Tenant {
  readonly key: Uint8Array;
  readonly namespaces: readonly string[];
}

export interface Receiver {
  readonly sender: WebhookSender;
  /** Undefined when there is no such tenant. */
  readonly tenant: (name: string) => Tenant | undefined;
}

export type HookResult = 'accepted' | 'unauthorized' | 'outside-tenant' | 'invalid';

export interface ReceiverDeps {
  /** Path segment behind /hooks/ -> receiver. */
  readonly receivers: Readonly<Record<string, Receiver>>;
  /** Queues the keys; merging by key makes a duplicate delivery one look. */
  readonly look: (looks: readonly Look[]) => void;
  readonly countHook: (sender: string, result: HookResult) => void;
  readonly log: Log;
}

/** Flux's notification-controller refuses larger events itself; no other sender comes near. */
const bodyBytesMost = 3 * 1024 * 1024;

/** Checked instead of a tenant's key when there is no such tenant, so that both answers take the same work. */
const decoyKey = new Uint8Array(32).fill(1);

export function createReceivers(deps: ReceiverDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const readRaw = raw({ limit: bodyBytesMost, type: () => true, inflate: false });
  for (const [name, receiver] of Object.entries(deps.receivers)) {
    router.post(`/hooks/${name}/:tenant`, refuseTooLarge, readRaw, (request, response) => {
      const tenant = receiver.tenant(String(request.params['tenant']));
      const verdict = judge(receiver.sender, tenant, request);
      deps.countHook(name, verdict.result);
      if (verdict.result === 'accepted') {
        deps.look(verdict.looks);
        response.status(202).json({ accepted: true });
        return;
      }
      deps.log.warn({ sender: name, reason: verdict.result, detail: verdict.error.message }, 'webhook refused');
      if (verdict.result !== 'unauthorized') throw verdict.error;
      response.status(tenant === undefined ? 404 : 401).json(errorBody(verdict.error));
    });
  }
  return router;
}

/** The body reader would answer only after it has read and dropped all of it. */
const refuseTooLarge: RequestHandler = (request, _response, next) => {
  if (Number(request.get('content-length') ?? 0) > bodyBytesMost) {
    throw new LockstepError('request-too-large', { message: 'the body is larger than 3 MiB' });
  }
  next();
};

type Verdict =
  | { readonly result: 'accepted'; readonly looks: readonly Look[] }
  | { readonly result: Exclude<HookResult, 'accepted'>; readonly error: LockstepError };

function judge(sender: WebhookSender, tenant: Tenant | undefined, request: Request): Verdict {
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(); // express leaves no body undefined
  const delivery = { body, header: (name: string) => request.get(name) };
  const isSigned = sender.verify(delivery, tenant?.key ?? decoyKey);
  if (tenant === undefined || !isSigned) {
    const error = new LockstepError('hook-unauthorized', { message: 'unknown tenant or wrong signature' });
    return { result: 'unauthorized', error };
  }
  try {
    const route = routeEvent(sender.parse(body), tenant.namespaces);
    if (route.kind === 'looks') return { result: 'accepted', looks: route.looks };
    const message = 'the event is about an object outside of the namespaces granted to this tenant';
    return { result: 'outside-tenant', error: new LockstepError('hook-outside-tenant', { message }) };
  } catch (error) {
    if (!hasCode(error, 'hook-body-invalid')) throw error;
    return { result: 'invalid', error };
  }
}
