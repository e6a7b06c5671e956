// Which URLs, refs and paths may reach git. Git's own checks are the second line: seven CVEs say not to be the only one.
import { LockstepError } from '../core/errors.ts';

export interface UrlPolicy {
  /** Plain http and files, for a machine's own use: a demo, a test, an air-gapped server. */
  readonly local: 'allowed' | 'refused';
}

/** A validated address and the only protocol that git may use for it. */
export interface RepositoryAddress {
  readonly url: string;
  readonly protocol: 'https' | 'ssh' | 'http' | 'file';
}

/** Longer ones are no repository's. */
const urlLimit = 2048;
const refLimit = 250;
const pathLimit = 4096;

/** Throws git-url-refused. The message never repeats the URL: it may hold a password. */
export function parseUrl(text: string, policy: UrlPolicy): RepositoryAddress {
  if (text.length === 0 || text.length > urlLimit) throw refuseUrl('it is empty or too long');
  if (!isPlain(text) || text.includes(' ') || text.includes('\\'))
    throw refuseUrl('it holds a space, a backslash or a control character');
  if (text.startsWith('-')) throw refuseUrl('it starts with a dash');
  if (text.startsWith('/')) return parseFile(`file://${text}`, policy);
  if (/^[a-z0-9+.-]+::/i.test(text)) throw refuseUrl('remote helpers are not allowed');
  // Credentials are chosen by the path as it is written, so it must be the path that is asked for.
  if (/(?:^|[/:])(?:\.|%2e){1,2}(?:\/|$)/i.test(text)) throw refuseUrl('its path holds . or ..');
  const scp = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!\/\/)[A-Za-z0-9._~/][A-Za-z0-9._~/+@-]*$/;
  const isScheme = /^(?:https?|ssh|git|ftps?|file):/i.test(text);
  if (!isScheme && scp.test(text)) return { url: text, protocol: 'ssh' };
  if (!URL.canParse(text)) throw refuseUrl('it cannot be parsed');
  const url = new URL(text);
  switch (url.protocol) {
    case 'https:':
      return parseHttp(url, text, 'https');
    case 'http:':
      if (policy.local === 'refused') throw refuseUrl('plain http is allowed for local use only');
      return parseHttp(url, text, 'http');
    case 'ssh:':
      return parseSsh(url, text);
    case 'file:':
      return parseFile(text, policy);
    default:
      throw refuseUrl(`the protocol ${url.protocol.slice(0, 20)} is not allowed`);
  }
}

/** A branch name or full ref as git check-ref-format has it, and no option. Throws git-ref-refused. */
export function checkRef(ref: string): string {
  const bad =
    ref.length === 0 ||
    ref.length > refLimit ||
    !isPlain(ref) ||
    /[ ~^:?*[\\"'`$;|&<>(){}!#%]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(ref) ||
    ref === '@' ||
    ref === 'HEAD' ||
    ref.split('/').some((part) => part.startsWith('.') || part.startsWith('-') || part.endsWith('.lock'));
  if (bad)
    throw new LockstepError('git-ref-refused', {
      message: `the ref ${JSON.stringify(ref.slice(0, 80))} is not acceptable`,
    });
  return ref;
}

/** A ref, or a pattern whose only star is a last part of its own. */
export function checkRefPattern(pattern: string): string {
  checkRef(pattern.endsWith('/*') ? pattern.slice(0, -2) : pattern);
  return pattern;
}

/** A path inside the repository, '' for the root; answers without `./` and a final slash. Throws git-path-refused. */
export function checkPath(path: string): string {
  const trimmed = path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  if (trimmed === '' || trimmed === '.') {
    if (path.startsWith('/')) throw refusePath(path);
    return '';
  }
  const parts = trimmed.split('/');
  const bad =
    trimmed.length > pathLimit ||
    !isPlain(trimmed) ||
    /[\\:]/.test(trimmed) ||
    trimmed.startsWith('-') ||
    parts.some((part) => part === '' || part === '.' || part === '..' || isGitDirectory(part));
  if (bad) throw refusePath(path);
  return trimmed;
}

/** A full object id. */
export function checkCommit(commit: string): string {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) {
    throw new LockstepError('git-ref-refused', { message: 'a revision must be a full commit id' });
  }
  return commit;
}

/** Without user, password, query and fragment: for messages. */
export function displayUrl(text: string): string {
  if (!URL.canParse(text)) return isPlain(text) ? text.slice(0, 200) : '(unreadable URL)';
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function parseHttp(url: URL, text: string, protocol: 'https' | 'http'): RepositoryAddress {
  if (url.username !== '' || url.password !== '') throw refuseUrl('it holds credentials; give them apart from the URL');
  if (url.search !== '' || url.hash !== '') throw refuseUrl('it holds a query or a fragment');
  // curl reads `https:host/x` and `https:///host/x` differently.
  if (!/^https?:\/\/[^/]/i.test(text) || url.hostname.startsWith('-')) throw refuseUrl('its host is not acceptable');
  return { url: text, protocol };
}

function parseSsh(url: URL, text: string): RepositoryAddress {
  if (url.password !== '') throw refuseUrl('it holds a password');
  const plainUser = url.username === '' || /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(url.username);
  const plainHost = /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(url.hostname) || /^\[[0-9a-f:]+\]$/i.test(url.hostname);
  if (!plainUser || !plainHost || url.pathname.startsWith('/-'))
    throw refuseUrl('its user, host or path is not acceptable');
  return { url: text, protocol: 'ssh' };
}

function parseFile(text: string, policy: UrlPolicy): RepositoryAddress {
  if (policy.local === 'refused') throw refuseUrl('files are allowed for local use only');
  const url = new URL(text);
  if (url.host !== '' || url.search !== '' || url.hash !== '')
    throw refuseUrl('a file URL has no host, query or fragment');
  return { url: text, protocol: 'file' };
}

function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text);
}

/** `.git` in the spellings that some file systems take for it. */
export function isGitDirectory(part: string): boolean {
  const folded = part.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').toLowerCase();
  return folded === '.git' || /^git~\d$/.test(folded) || /^\.git[ .]*$/.test(folded);
}

function refuseUrl(why: string): LockstepError {
  return new LockstepError('git-url-refused', { message: `the repository’s URL is refused: ${why}` });
}

function refusePath(path: string): LockstepError {
  return new LockstepError('git-path-refused', { message: `the path ${JSON.stringify(path.slice(0, 80))} is refused` });
}
