// The Status bodies with which the API server refuses a request, word for word.
import type { Json, JsonObject } from './json.ts';
import { type Kind, qualifiedResource } from './kinds.ts';

export class StatusError extends Error {
  readonly code: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: number,
    facts: { message: string; reason?: string; details?: JsonObject; headers?: Record<string, string> },
  ) {
    super(facts.message);
    this.code = code;
    this.headers = facts.headers ?? {};
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: facts.message,
      ...(facts.reason === undefined ? {} : { reason: facts.reason }),
      ...(facts.details === undefined ? {} : { details: facts.details }),
      code,
    };
  }
}

/** What is wrong with one field, as validation reports it. */
export interface FieldError {
  readonly type:
    'Required' | 'Invalid' | 'Duplicate' | 'Forbidden' | 'NotSupported' | 'TooLong' | 'TypeInvalid' | 'NotFound';
  readonly field: string;
  readonly value?: Json;
  readonly detail?: string;
}

function place(kind: Kind, name: string): JsonObject {
  return { ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.resource };
}

export function notFound(kind: Kind, name: string): StatusError {
  const message = `${qualifiedResource(kind)} "${name}" not found`;
  return new StatusError(404, { message, reason: 'NotFound', details: place(kind, name) });
}

/** No such resource type or path below a known group. */
export function noSuchResource(): StatusError {
  const message = 'the server could not find the requested resource';
  return new StatusError(404, { message, reason: 'NotFound', details: {} });
}

export function alreadyExists(kind: Kind, name: string, how: 'live' | 'deleting'): StatusError {
  const prefix = how === 'deleting' ? 'object is being deleted: ' : '';
  const message = `${prefix}${qualifiedResource(kind)} "${name}" already exists`;
  return new StatusError(409, { message, reason: 'AlreadyExists', details: place(kind, name) });
}

export function conflict(kind: Kind, name: string, reason: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${reason}`;
  return new StatusError(409, { message, reason: 'Conflict', details: place(kind, name) });
}

export const modified = 'the object has been modified; please apply your changes to the latest version and try again';

export function badRequest(message: string): StatusError {
  return new StatusError(400, { message, reason: 'BadRequest' });
}

export function methodNotAllowed(
  message = 'the server does not allow this method on the requested resource',
): StatusError {
  return new StatusError(405, { message, reason: 'MethodNotAllowed', details: {} });
}

export function unsupportedMediaType(message: string, details?: JsonObject): StatusError {
  return new StatusError(415, {
    message,
    reason: 'UnsupportedMediaType',
    ...(details === undefined ? {} : { details }),
  });
}

export function expired(message: string): StatusError {
  return new StatusError(410, { message, reason: 'Expired' });
}

/** What a webhook, a policy or missing rights answer. */
export function forbidden(kind: Kind, name: string, reason: string): StatusError {
  const message = `${qualifiedResource(kind)} "${name}" is forbidden: ${reason}`;
  return new StatusError(403, { message, reason: 'Forbidden', details: place(kind, name) });
}

/** Options are judged like an object of group meta.k8s.io. */
export function invalidOptions(kind: string, errors: readonly FieldError[]): StatusError {
  return invalid({ kind, group: 'meta.k8s.io' }, '', errors);
}

export function invalid(kind: Pick<Kind, 'kind' | 'group'>, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((error) => ({
    reason: reasonOf[error.type],
    message: explain(error),
    field: error.field,
  }));
  const lines = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const all = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError(422, {
    message: `${subject} "${name}" is invalid: ${all}`,
    reason: 'Invalid',
    details: {
      ...(name === '' ? {} : { name }),
      ...(kind.group === '' ? {} : { group: kind.group }),
      kind: kind.kind,
      causes,
    },
  });
}

const reasonOf: Readonly<Record<FieldError['type'], string>> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  Duplicate: 'FieldValueDuplicate',
  Forbidden: 'FieldValueForbidden',
  NotSupported: 'FieldValueNotSupported',
  TooLong: 'FieldValueTooLong',
  TypeInvalid: 'FieldValueTypeInvalid',
  NotFound: 'FieldValueNotFound',
};

function explain(error: FieldError): string {
  const detail = error.detail === undefined || error.detail === '' ? '' : `: ${error.detail}`;
  switch (error.type) {
    case 'Required':
      return `Required value${detail}`;
    case 'Forbidden':
      return `Forbidden${detail}`;
    case 'TooLong':
      return `Too long${detail}`;
    case 'Duplicate':
      return `Duplicate value: ${JSON.stringify(error.value ?? null)}`;
    case 'NotFound':
      return `Not found: ${JSON.stringify(error.value ?? null)}`;
    case 'NotSupported':
      return `Unsupported value: ${JSON.stringify(error.value ?? null)}${detail}`;
    case 'Invalid':
    case 'TypeInvalid':
      return `Invalid value: ${JSON.stringify(error.value ?? null)}${detail}`;
  }
}
