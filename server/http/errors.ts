// Turns whatever a request ran into into an answer: `{code, message}` of the catalogue. A bug is logged with its stack and answered without.
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { LockstepError, type ErrorCode } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  'request-invalid': 400,
  'hook-body-invalid': 400,
  'hook-unauthorized': 401,
  'hook-outside-tenant': 403,
  'route-unknown': 404,
  'namespace-unwatched': 404,
  'shadow-off': 404,
  'request-too-large': 413,
  'request-throttled': 429,
  'not-ready': 503,
};

export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
}

export function errorBody(error: LockstepError): ErrorBody {
  return { code: error.code, message: error.message };
}

/** The last route: nothing else answered. The path is not repeated. */
export const refuseUnknown: RequestHandler = () => {
  throw new LockstepError('route-unknown', { message: 'there is nothing at this path for this method' });
};

/** Express tells an error handler by its four parameters. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (thrown: unknown, _request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = translate(thrown);
    const status = statuses[error.code] ?? 500;
    if (status === 500) log.error({ err: thrown }, 'request failed');
    // The next question shall reach whichever replica the Service picks then, not this one again.
    if (error.code === 'not-ready') response.setHeader('connection', 'close');
    response.status(status).json(errorBody(error));
  };
}

/** Errors of express and its body reader carry the status they stand for. */
function translate(thrown: unknown): LockstepError {
  if (thrown instanceof LockstepError) return thrown;
  const status = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  if (status === 413) return new LockstepError('request-too-large', { message: 'the body is larger than 3 MiB' });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new LockstepError('request-invalid', { message: 'the request cannot be read' });
  }
  return new LockstepError('internal', { message: 'the request failed by a fault of Lockstep; its log says why' });
}
