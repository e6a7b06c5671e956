// Why a remote did not answer git: asks it once over HTTP, because git's exit code is 128 for everything.
import { request } from 'undici';
import { LockstepError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Access } from './credentials.ts';
import { authorizationOf } from './credentials.ts';
import { createDispatcher } from './dispatcher.ts';
import type { RepositoryAddress } from './validate.ts';
import { displayUrl } from './validate.ts';

export interface Question {
  readonly address: RepositoryAddress;
  readonly service: 'git-upload-pack' | 'git-receive-pack';
  readonly access: Access;
  /** Only proxies are taken from it. */
  readonly ambient: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** A server that is there answers a one-line request in this time. */
const probeMs = 10_000;

export async function diagnose(question: Question): Promise<LockstepError> {
  const { address } = question;
  const name = displayUrl(address.url);
  if (address.protocol === 'ssh')
    return failure('git-unreachable', `the repository ${name} did not answer, or refused the SSH key`);
  if (address.protocol === 'file')
    return failure('git-unreachable', `the repository ${name} cannot be read or written`);
  const status = await probe(question);
  question.signal.throwIfAborted();
  if (status === undefined) return failure('git-unreachable', `the repository ${name} does not answer`);
  if (status === 401 || status === 403)
    return failure('git-unauthorized', `the repository ${name} refuses the credentials (HTTP ${status})`);
  if (status === 404)
    return failure('git-not-found', `there is no repository at ${name}, or the credentials may not see it (HTTP 404)`);
  if (status >= 300 && status < 400)
    return failure('git-unreachable', `the repository ${name} redirects (HTTP ${status}); use its final URL`);
  if (status >= 500) return failure('git-unreachable', `the server of ${name} fails (HTTP ${status})`);
  return failure('git-unreachable', `the transfer with ${name} was cut off`);
}

async function probe({ address, service, access, ambient, signal }: Question): Promise<number | undefined> {
  const authorization = authorizationOf(access.credentials);
  const dispatcher = await createDispatcher({ ambient, caFile: access.caFile }).catch(() => undefined);
  if (dispatcher === undefined) return undefined;
  try {
    // undici's request follows no redirect.
    const response = await request(`${address.url.replace(/\/+$/, '')}/info/refs?service=${service}`, {
      ...(authorization === undefined ? {} : { headers: { authorization } }),
      dispatcher,
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeMs)]),
    });
    response.body.on('error', () => {}).destroy(); // cut off on purpose
    return response.statusCode;
  } catch {
    return undefined;
  } finally {
    await dispatcher.destroy();
  }
}

function failure(code: ErrorCode, message: string): LockstepError {
  return new LockstepError(code, { message });
}
