// Delivers one change to --webhook-url: log line, count and outcome. Any answer is a delivery, as for Reloader; none is tried again.
import type { Config } from './config.ts';
import { LockstepError } from './core/errors.ts';
import type { Ports } from './parts.ts';
import { createWebhook, type Webhook } from './notify/webhook.ts';
import type { AnnouncerDeps } from './reconcile/announce.ts';

/** A URL that cannot be used prevents no start: every post fails, and says so. */
export function createDelivery(
  { mode }: Config,
  { log, metrics, resolve }: Pick<Ports, 'log' | 'metrics' | 'resolve'>,
  url: string,
): AnnouncerDeps['deliver'] {
  const webhook = openWebhook({ log, resolve }, url);
  return async ({ ref, change }, signal) => {
    const fields = { ...ref, change };
    if (mode === 'observe') return log.info(fields, 'would post');
    if (webhook === undefined) {
      metrics.webhooks.inc({ result: 'failed' });
      return log.warn(fields, 'not posted: --webhook-url cannot be used');
    }
    const status = await webhook.send(signal).catch((error: unknown) => {
      if (!signal.aborted) metrics.webhooks.inc({ result: 'failed' });
      throw error;
    });
    const isTaken = status >= 200 && status < 300;
    metrics.webhooks.inc({ result: isTaken ? 'taken' : 'refused' });
    if (isTaken) log.info({ ...fields, status }, 'posted');
    else log.warn({ ...fields, status, receiver: webhook.host }, 'posted, and answered with no success');
  };
}

function openWebhook({ log, resolve }: Pick<Ports, 'log' | 'resolve'>, url: string): Webhook | undefined {
  try {
    return createWebhook(url, { resolve });
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    log.error({ err: error, advice: error.advice }, 'nothing can be posted');
    return undefined;
  }
}
