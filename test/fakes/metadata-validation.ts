// Validation of metadata: names, labels, annotations, owners, finalizers, and what may not change.
import { type Json, type JsonObject, at, child, isEqual, list, objects, scalarText, text } from './json.ts';
import type { Kind } from './kinds.ts';
import { dnsLabelErrors, labelKeyErrors, labelValueErrors, subdomainErrors } from './name-formats.ts';
import type { FieldError } from './status-errors.ts';

function immutableField(field: string, value: Json | undefined): FieldError {
  return { type: 'Invalid', field, value: value ?? null, detail: 'field is immutable' };
}

export function immutable(before: JsonObject, after: JsonObject, path: readonly string[]): FieldError[] {
  return isEqual(at(before, ...path), at(after, ...path)) ? [] : [immutableField(path.join('.'), at(after, ...path))];
}

/** Kinds whose names become host names or label values. */
const nameRules: Readonly<Record<string, (name: string) => string[]>> = {
  Namespace: dnsLabelErrors,
  StatefulSet: dnsLabelErrors,
};

export function validateMetadata(kind: Kind, object: JsonObject): FieldError[] {
  const metadata = child(object, 'metadata');
  const check = nameRules[kind.kind] ?? subdomainErrors;
  const errors: FieldError[] = [];
  const prefix = text(metadata, 'generateName');
  if (prefix !== '') {
    const masked = prefix.endsWith('-') ? `${prefix.slice(0, -1)}a` : prefix;
    errors.push(...check(masked).map((detail) => invalidValue('metadata.generateName', prefix, detail)));
  }
  const name = text(metadata, 'name');
  if (name === '')
    errors.push({ type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' });
  else errors.push(...check(name).map((detail) => invalidValue('metadata.name', name, detail)));
  return [...errors, ...validateLabelsAndOwners(object)];
}

export function invalidValue(field: string, value: Json, detail: string): FieldError {
  return { type: 'Invalid', field, value, detail };
}

export function validateLabelsAndOwners(object: JsonObject): FieldError[] {
  const metadata = child(object, 'metadata');
  return [
    ...validateLabels(child(metadata, 'labels'), 'metadata.labels'),
    ...validateAnnotations(child(metadata, 'annotations'), 'metadata.annotations'),
    ...validateOwners(objects(metadata, 'ownerReferences')),
    ...validateFinalizers(list(metadata, 'finalizers').map(scalarText)),
  ];
}

const standardFinalizers = ['orphan', 'foregroundDeletion', 'kubernetes'];

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  return finalizers.flatMap((name, i) => {
    const field = `metadata.finalizers[${i}]`;
    const bad = labelKeyErrors(name);
    if (bad.length > 0) return bad.map((detail) => invalidValue('metadata.finalizers', name, detail));
    if (name.includes('/') || standardFinalizers.includes(name)) return [];
    return [invalidValue(field, name, 'name is neither a standard finalizer name nor is it fully qualified')];
  });
}

export function validateNewFinalizers(before: JsonObject, after: JsonObject): FieldError[] {
  if (at(before, 'metadata', 'deletionTimestamp') === undefined) return [];
  const old = list(before, 'metadata', 'finalizers');
  const added = list(after, 'metadata', 'finalizers').filter((name) => !old.includes(name));
  if (added.length === 0) return [];
  const found = `[]string{${added.map((name) => JSON.stringify(name)).join(', ')}}`;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`;
  return [{ type: 'Forbidden', field: 'metadata.finalizers', detail }];
}

export function validateLabels(labels: JsonObject, field: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyErrors(key).map((detail) => invalidValue(field, key, detail)),
    ...labelValueErrors(scalarText(value)).map((detail) => invalidValue(field, value, detail)),
  ]);
}

export function validateAnnotations(annotations: JsonObject, field: string): FieldError[] {
  const errors = Object.keys(annotations).flatMap((key) =>
    labelKeyErrors(key.toLowerCase()).map((detail) => invalidValue(field, key, detail)),
  );
  const size = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(scalarText(value)),
    0,
  );
  if (size > 256 * 1024) errors.push({ type: 'TooLong', field, detail: 'may not be more than 262144 bytes' });
  return errors;
}

function validateOwners(owners: readonly JsonObject[]): FieldError[] {
  const field = 'metadata.ownerReferences';
  const missing = owners.flatMap((owner) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((key) => text(owner, key) === '')
      .map((key) =>
        invalidValue(`${field}.${key}`, '', key === 'apiVersion' ? 'version must not be empty' : 'must not be empty'),
      ),
  );
  const controllers = owners.filter((owner) => owner['controller'] === true);
  const [first, second] = controllers.map((owner) => `${text(owner, 'kind')}/${text(owner, 'name')}`);
  if (first === undefined || second === undefined) return missing;
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [...missing, invalidValue(field, [...owners], detail)];
}
