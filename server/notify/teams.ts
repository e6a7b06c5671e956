// Microsoft Teams' incoming webhooks.
import type { SinkFormat } from '../core/notification.ts';

export const teams: SinkFormat = {
  contentType: 'application/json',
  toBody: (text) => JSON.stringify({ text }),
  accepts: (status) => status === 200,
};
