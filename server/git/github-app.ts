// Short-lived tokens of a GitHub App's installation, one request for each hour that they last.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { request } from 'undici';
import { LockstepError } from '../core/errors.ts';
import type { Hidden } from '../core/hidden.ts';
import { createDispatcher } from './dispatcher.ts';
import type { UrlPolicy } from './validate.ts';

export interface GitHubApp {
  readonly appId: string;
  readonly installationId: string;
  /** PEM. */
  readonly privateKey: Hidden<string>;
  /** https, or http on this machine where local Git is allowed; `https://api.github.com`, `https://ghe.example.com/api/v3`. */
  readonly apiUrl: string;
}

export const defaultGitHubApi = 'https://api.github.com';

export interface GitHubTokens {
  /** Throws `git-unauthorized` or `git-unreachable`. */
  get(app: GitHubApp & { readonly caFile: string | undefined }, signal: AbortSignal): Promise<string>;
}

export interface GitHubTokenOptions {
  readonly ambient: Readonly<Record<string, string | undefined>>;
  readonly policy: UrlPolicy;
  readonly now: () => number;
}

/** A token is asked for anew this long before it ends, so that a long fetch never outlives it. */
const earlyMs = 10 * 60_000;
const deadlineMs = 30_000;
/** GitHub's answer is some 1 KB. */
const maxAnswerBytes = 256 * 1024;

interface Token {
  readonly token: string;
  readonly endsAt: number;
}

export function createGitHubTokens(options: GitHubTokenOptions): GitHubTokens {
  const held = new Map<string, Promise<Token>>();
  return {
    get: async (app, signal) => {
      signal.throwIfAborted();
      // With the private key: the ids are no secrets, and whoever names them must not get another's token.
      const proof = createHash('sha256').update(app.privateKey.reveal()).digest('hex');
      const key = [app.apiUrl, app.appId, app.installationId, proof].join(' ');
      const before = held.get(key);
      const token = await before?.catch(() => undefined);
      if (token !== undefined && token.endsAt - earlyMs > options.now()) return token.token;
      // Whoever comes first asks, for all who wait.
      const asked = held.get(key) === before ? askForToken(app, options) : (held.get(key) ?? askForToken(app, options));
      held.set(key, asked);
      return (await asked).token;
    },
  };
}

async function askForToken(
  app: GitHubApp & { readonly caFile: string | undefined },
  { ambient, policy, now }: GitHubTokenOptions,
): Promise<Token> {
  const url = tokenUrl(app, policy);
  const headers = {
    authorization: `Bearer ${createJwt(app, now())}`,
    accept: 'application/vnd.github+json',
    'user-agent': 'lockstep',
  };
  const dispatcher = await createDispatcher({ ambient, caFile: app.caFile }).catch(() => {
    throw refuse('git-unreachable', app, 'the proxy or the file of roots cannot be used');
  });
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    const { statusCode, body } = await request(url, { method: 'POST', headers, dispatcher, signal });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maxAnswerBytes) throw new Error('the answer is too large');
      chunks.push(bytes);
    }
    const token = statusCode === 201 ? parseToken(Buffer.concat(chunks).toString('utf8')) : undefined;
    if (token !== undefined) return token;
    throw refuse(statusCode >= 500 ? 'git-unreachable' : 'git-unauthorized', app, `HTTP ${statusCode}`);
  } catch (error) {
    if (error instanceof LockstepError) throw error;
    throw refuse('git-unreachable', app, 'no answer');
  } finally {
    await dispatcher.destroy();
  }
}

function tokenUrl(app: GitHubApp, policy: UrlPolicy): string {
  const url = URL.canParse(app.apiUrl) ? new URL(app.apiUrl) : undefined;
  const isLoopback = url !== undefined && /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url.hostname);
  const isAllowed =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback && policy.local === 'allowed');
  if (url === undefined || !isAllowed || url.username !== '' || url.password !== '')
    throw refuse('git-unauthorized', app, 'its API’s URL is no https URL');
  if (!/^\d{1,20}$/.test(app.installationId))
    throw refuse('git-unauthorized', app, 'the installation’s id is no number');
  return `${app.apiUrl.replace(/\/+$/, '')}/app/installations/${app.installationId}/access_tokens`;
}

/** RS256, as GitHub asks for: issued a minute ago for clocks that differ, valid for less than ten. */
function createJwt(app: GitHubApp, now: number): string {
  const seconds = Math.floor(now / 1000);
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { iat: seconds - 60, exp: seconds + 8 * 60, iss: app.appId };
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  try {
    const signature = sign('RSA-SHA256', Buffer.from(text), createPrivateKey(app.privateKey.reveal()));
    return `${text}.${signature.toString('base64url')}`;
  } catch {
    throw refuse('git-unauthorized', app, 'its private key cannot be read as PEM of an RSA key');
  }
}

function parseToken(text: string): Token | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { token, expires_at: end } = answer as Record<string, unknown>;
  const endsAt = typeof end === 'string' ? Date.parse(end) : Number.NaN;
  // What goes into git's environment and headers is one word.
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,4096}$/.test(token) || Number.isNaN(endsAt)) return undefined;
  return { token, endsAt };
}

function refuse(code: 'git-unauthorized' | 'git-unreachable', app: GitHubApp, why: string): LockstepError {
  return new LockstepError(code, {
    message: `no token for installation ${app.installationId.slice(0, 20)} of GitHub App ${app.appId.slice(0, 20)}: ${why}`,
  });
}
