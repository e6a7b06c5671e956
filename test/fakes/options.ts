// The options of writes (dryRun, fieldManager, ...), validated before anything else is looked at.
import type { JsonObject } from './json.ts';
import type { ResourceRequest, Verb } from './requests.ts';
import { type FieldError, invalidOptions } from './status-errors.ts';

const optionKinds: Partial<Record<Verb, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
};
const policies = ['Foreground', 'Background', 'Orphan'];

/** @throws StatusError 422 naming each option that makes no sense */
export function checkWriteOptions(request: ResourceRequest, deleteOptions: JsonObject): void {
  const kind = optionKinds[request.verb];
  if (kind === undefined) return;
  const { query } = request;
  const errors = [
    ...(request.verb === 'patch' ? checkForce(request) : []),
    ...checkManager(query.get('fieldManager') ?? ''),
    ...checkDryRun(query.getAll('dryRun')),
    ...checkFieldValidation(query.get('fieldValidation') ?? ''),
    ...checkPolicy(deleteOptions['propagationPolicy']),
  ];
  if (errors.length > 0) throw invalidOptions(kind, errors);
}

function checkForce(request: ResourceRequest): FieldError[] {
  const isApply = request.contentType === 'application/apply-patch+yaml';
  if (isApply && (request.query.get('fieldManager') ?? '') === '') {
    return [{ type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' }];
  }
  if (isApply || request.query.get('force') === null) return [];
  return [{ type: 'Forbidden', field: 'force', detail: 'may not be specified for non-apply patch' }];
}

function checkManager(manager: string): FieldError[] {
  if (Buffer.byteLength(manager) > 128) {
    return [{ type: 'TooLong', field: 'fieldManager', detail: 'may not be more than 128 bytes' }];
  }
  const at = manager.search(/\p{C}/u);
  if (at === -1) return [];
  const code = (manager.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return [
    {
      type: 'Invalid',
      field: 'fieldManager',
      value: manager,
      detail: `invalid character U+${code} (at position ${at})`,
    },
  ];
}

function checkDryRun(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === 'All' || value === '')) return [];
  return [{ type: 'NotSupported', field: 'dryRun', value: [...values], detail: 'supported values: "All"' }];
}

function checkFieldValidation(value: string): FieldError[] {
  if (['', 'Ignore', 'Strict', 'Warn'].includes(value)) return [];
  return [
    {
      type: 'NotSupported',
      field: 'fieldValidation',
      value,
      detail: 'supported values: "", "Ignore", "Strict", "Warn"',
    },
  ];
}

function checkPolicy(policy: JsonObject[string] | undefined): FieldError[] {
  if (policy === undefined || (typeof policy === 'string' && policies.includes(policy))) return [];
  const detail = 'supported values: "Foreground", "Background", "Orphan", "nil"';
  return [{ type: 'NotSupported', field: 'propagationPolicy', value: policy, detail }];
}
