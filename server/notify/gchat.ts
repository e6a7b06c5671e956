// Google Chat's incoming webhooks.
import type { SinkFormat } from '../core/notification.ts';

export const gchat: SinkFormat = {
  contentType: 'application/json',
  toBody: (text) => JSON.stringify({ text }),
  accepts: (status) => status === 200,
};
