// Any other receiver: plain text, without the stars that mean bold elsewhere.
import type { SinkFormat } from '../core/notification.ts';

export const raw: SinkFormat = {
  contentType: 'text/plain',
  toBody: (text) => text.replaceAll('*', ''),
  accepts: (status) => status < 400,
};
