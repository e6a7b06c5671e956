// Addresses and paths of sources, made safe to keep: no path leaves its repository, no address carries a credential.

/** The path without `.` and `..`, from the repository's root; `.` is the root. Undefined when it leaves the repository. */
export function insideRepository(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\0')) return undefined;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

/** The user of ssh stays, since it is part of the address; passwords and the users of other schemes, often tokens, go. */
export function withoutCredentials(address: string): string {
  const [, scheme, user, rest] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@(.*)$/is.exec(address) ?? [];
  if (scheme === undefined || user === undefined || rest === undefined) return address;
  if (scheme.toLowerCase() !== 'ssh://') return scheme + rest;
  return `${scheme}${user.split(':')[0] ?? ''}@${rest}`;
}
