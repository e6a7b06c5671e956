// The validation errors that matter for the kinds Lockstep touches, in the API server's order and words.
import { type JsonObject, at, child, integer, isEmpty, isEqual, text } from './json.ts';
import type { Kind } from './kinds.ts';
import { dataKeyErrors } from './name-formats.ts';
import {
  immutable,
  invalidValue,
  validateAnnotations,
  validateLabels,
  validateLabelsAndOwners,
  validateMetadata,
  validateNewFinalizers,
} from './metadata-validation.ts';
import { validatePodSpec } from './pod-validation.ts';
import { matchesSelector } from './selectors.ts';
import type { FieldError } from './status-errors.ts';

export function validateCreate(kind: Kind, object: JsonObject): FieldError[] {
  return [...validateMetadata(kind, object), ...(validators[kind.kind]?.(object) ?? [])];
}

/** Every kind's metadata is judged by the common rules and again by its own; some kinds judge it as for a create, too. */
export function validateUpdate(kind: Kind, before: JsonObject, after: JsonObject): FieldError[] {
  const metadata = [
    ...validateNewFinalizers(before, after),
    ...immutable(before, after, ['metadata', 'uid']),
    ...immutable(before, after, ['metadata', 'creationTimestamp']),
    ...immutable(before, after, ['metadata', 'deletionTimestamp']),
    ...validateLabelsAndOwners(after),
  ];
  const own = updateValidators[kind.kind]?.(before, after) ?? [];
  const again = validators[kind.kind]?.(after) ?? [];
  const isConfig = kind.kind === 'Secret' || kind.kind === 'ConfigMap';
  const common = [...validateLabelsAndOwners(after), ...metadata];
  if (isConfig) return [...common, ...metadata, ...own, ...validateMetadata(kind, after), ...again];
  return [...common, ...metadata, ...again, ...own];
}

/** What is stored, but looks wrong. */
export function warnOf(kind: Kind, object: JsonObject): string[] {
  if (kind.kind !== 'Secret' || object['type'] !== 'kubernetes.io/tls') return [];
  const certificate = Buffer.from(text(object, 'data', 'tls.crt'), 'base64').toString('latin1');
  return certificate.includes('-----BEGIN ') ? [] : ['tls: failed to find any PEM data in certificate input'];
}

type Validator = (object: JsonObject) => FieldError[];

const validators: Readonly<Record<string, Validator>> = {
  Secret: (secret) => [...validateKeys(secret, 'data'), ...validateSecretType(secret)],
  ConfigMap: (configMap) => [
    ...validateKeys(configMap, 'data'),
    ...Object.keys(child(configMap, 'data'))
      .filter((key) => key in child(configMap, 'binaryData'))
      .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...validateKeys(configMap, 'binaryData'),
  ],
  Deployment: (object) => validateWorkload(object, 'deployment'),
  ReplicaSet: (object) => validateWorkload(object, 'deployment'),
  StatefulSet: (object) => validateWorkload(object, 'statefulset'),
  DaemonSet: (object) => validateWorkload(object, 'daemonset'),
  Pod: (pod) => validatePodSpec(child(pod, 'spec'), 'spec'),
  Lease: validateLease,
};

function validateKeys(object: JsonObject, field: string): FieldError[] {
  return Object.keys(child(object, field)).flatMap((key) =>
    dataKeyErrors(key).map((detail) => invalidValue(`${field}[${key}]`, key, detail)),
  );
}

const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function validateSecretType(secret: JsonObject): FieldError[] {
  const type = text(secret, 'type');
  const data = child(secret, 'data');
  const missing = (key: string): FieldError => ({ type: 'Required', field: `data[${key}]` });
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    return [missing('username'), missing('password')];
  }
  const account = 'kubernetes.io/service-account.name';
  if (type === 'kubernetes.io/service-account-token' && text(secret, 'metadata', 'annotations', account) === '') {
    return [{ type: 'Required', field: `metadata.annotations[${account}]` }];
  }
  return (requiredKeys[type] ?? []).filter((key) => !(key in data)).map((key) => missing(key));
}

function validateWorkload(object: JsonObject, name: string): FieldError[] {
  const spec = child(object, 'spec');
  const selector = at(spec, 'selector');
  const errors = negative(
    spec,
    name === 'deployment' ? ['replicas'] : name === 'statefulset' ? ['replicas', 'minReadySeconds'] : [],
  );
  if (selector === undefined || selector === null) {
    if (name !== 'daemonset') errors.push({ type: 'Required', field: 'spec.selector' });
  } else if (isEmpty(at(selector, 'matchLabels')) && isEmpty(at(selector, 'matchExpressions'))) {
    errors.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${name}`));
  }
  const labels = child(spec, 'template', 'metadata', 'labels');
  const isMatched = selector !== undefined && selector !== null && matchesSelector(child(spec, 'selector'), labels);
  const isChecked = name !== 'deployment' || !isEmpty(selector) || selector === null || selector === undefined;
  if (!isMatched && isChecked) {
    const shown = at(spec, 'template', 'metadata', 'labels') ?? null;
    errors.push(invalidValue('spec.template.metadata.labels', shown, '`selector` does not match template `labels`'));
  }
  errors.push(...validateTemplate(child(spec, 'template')));
  if (name === 'deployment') errors.push(...validateStrategy(child(spec, 'strategy')));
  if (name === 'deployment')
    errors.push(...negative(spec, ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']));
  return errors;
}

function validateStrategy(strategy: JsonObject): FieldError[] {
  const field = 'spec.strategy';
  const type = text(strategy, 'type');
  const rollingUpdate = strategy['rollingUpdate'] ?? null;
  if (type === 'Recreate' && rollingUpdate !== null) {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    return [{ type: 'Forbidden', field: `${field}.rollingUpdate`, detail }];
  }
  // A ReplicaSet has no strategy at all.
  if (['', 'Recreate', 'RollingUpdate'].includes(type)) return [];
  const detail = 'supported values: "Recreate", "RollingUpdate"';
  return [{ type: 'NotSupported', field, value: { Type: type, RollingUpdate: rollingUpdate }, detail }];
}

function validateTemplate(template: JsonObject): FieldError[] {
  const errors = [
    ...validateLabels(child(template, 'metadata', 'labels'), 'spec.template.metadata.labels'),
    ...validateAnnotations(child(template, 'metadata', 'annotations'), 'spec.template.metadata.annotations'),
    ...validatePodSpec(child(template, 'spec'), 'spec.template.spec'),
  ];
  const policy = text(template, 'spec', 'restartPolicy');
  if (policy !== 'Always') {
    errors.push({
      type: 'NotSupported',
      field: 'spec.template.spec.restartPolicy',
      value: policy,
      detail: 'supported values: "Always"',
    });
  }
  return errors;
}

function negative(spec: JsonObject, keys: readonly string[]): FieldError[] {
  return keys
    .filter((key) => (integer(spec, key) ?? 0) < 0)
    .map((key) => invalidValue(`spec.${key}`, spec[key] ?? null, 'must be greater than or equal to 0'));
}

function validateLease(lease: JsonObject): FieldError[] {
  const spec = child(lease, 'spec');
  const errors: FieldError[] = [];
  const duration = integer(spec, 'leaseDurationSeconds');
  if (duration !== undefined && duration <= 0)
    errors.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  const transitions = integer(spec, 'leaseTransitions');
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return errors;
}

const updateValidators: Readonly<Record<string, (before: JsonObject, after: JsonObject) => FieldError[]>> = {
  Secret: (before, after) => [...immutable(before, after, ['type']), ...validateFrozen(before, after, ['data'])],
  ConfigMap: (before, after) => validateFrozen(before, after, ['data', 'binaryData']),
  Deployment: (before, after) => immutable(before, after, ['spec', 'selector']),
  ReplicaSet: (before, after) => immutable(before, after, ['spec', 'selector']),
  DaemonSet: (before, after) => immutable(before, after, ['spec', 'selector']),
  StatefulSet: validateStatefulSetUpdate,
  ControllerRevision: (before, after) => immutable(before, after, ['data']),
};

function validateFrozen(before: JsonObject, after: JsonObject, fields: readonly string[]): FieldError[] {
  if (before['immutable'] !== true) return [];
  const detail = 'field is immutable when `immutable` is set';
  const errors: FieldError[] = after['immutable'] === true ? [] : [{ type: 'Forbidden', field: 'immutable', detail }];
  for (const field of fields)
    if (!isEqual(child(before, field), child(after, field))) errors.push({ type: 'Forbidden', field, detail });
  return errors;
}

const freeFields = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
];

function validateStatefulSetUpdate(before: JsonObject, after: JsonObject): FieldError[] {
  const rest = (object: JsonObject) =>
    Object.fromEntries(Object.entries(child(object, 'spec')).filter(([key]) => !freeFields.includes(key)));
  if (isEqual(rest(before), rest(after))) return [];
  const detail =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [{ type: 'Forbidden', field: 'spec', detail }];
}
