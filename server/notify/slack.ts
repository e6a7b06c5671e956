// Slack's incoming webhooks, and what imitates them (Mattermost, Rocket.Chat).
import type { SinkFormat } from '../core/notification.ts';

export const slack: SinkFormat = {
  contentType: 'application/json',
  toBody: (text) => JSON.stringify({ attachments: [{ color: 'good', author_name: 'Reloader', text }] }),
  accepts: (status) => status < 400,
};
