// Why a remote did not answer git: asks it once over HTTP, because git's exit code is 128 for everything.
import { LockstepError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { RepositoryAddress } from './validate.ts';
import { displayUrl } from './validate.ts';

export interface Question {
  readonly address: RepositoryAddress;
  readonly service: 'git-upload-pack' | 'git-receive-pack';
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
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

async function probe({ address, service, credentials, signal }: Question): Promise<number | undefined> {
  const headers: Record<string, string> = {};
  if (credentials !== undefined) {
    const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    headers['authorization'] = `Basic ${pair}`;
  }
  try {
    const response = await fetch(`${address.url.replace(/\/+$/, '')}/info/refs?service=${service}`, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeMs)]),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

function failure(code: ErrorCode, message: string): LockstepError {
  return new LockstepError(code, { message });
}
