// URLs of Git repositories as Flux takes them: https, http or ssh, never git's short form. Credentials in one are taken out and named.
import type { Fields } from './fields.ts';

/** Undefined, and named, when no Git should be called with it: the host or user may not be taken for an option. */
export function readGitUrl(fields: Fields, name: string): string | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const url = /^(?:https?|ssh):\/\/[\x21-\x5b\x5d-\x7e]+$/.test(text) ? URL.parse(text) : null;
  if (url === null || !isUsable(url)) {
    fields.report(name, 'malformed');
    return undefined;
  }
  const user = url.protocol === 'ssh:' ? url.username : ''; // git@ names an account, not who asks
  if (url.password === '' && url.username === user) return text;
  fields.report(name, 'holds-credentials');
  url.password = '';
  url.username = user;
  return url.href;
}

function isUsable({ hostname, username, search, hash }: URL): boolean {
  return hostname !== '' && !hostname.startsWith('-') && !username.startsWith('-') && search === '' && hash === '';
}
