// Validation of pod specs: containers, environment, volumes and their mounts.
import { type JsonObject, isEmpty, isObject, objects, text } from './json.ts';
import { dnsLabelErrors } from './name-formats.ts';
import type { FieldError } from './status-errors.ts';

export function validatePodSpec(spec: JsonObject, path: string): FieldError[] {
  const volumes = objects(spec, 'volumes');
  const names = new Set(volumes.map((volume) => text(volume, 'name')));
  return [
    ...volumes.flatMap((volume, i) =>
      validateVolume(volume, { path: `${path}.volumes[${i}]`, earlier: volumes.slice(0, i) }),
    ),
    ...validateContainers(spec, names, `${path}.containers`),
    ...objects(spec, 'initContainers').flatMap((item, i) =>
      validateContainer(item, names, `${path}.initContainers[${i}]`),
    ),
  ];
}

function validateVolume(volume: JsonObject, at: { path: string; earlier: readonly JsonObject[] }): FieldError[] {
  const name = text(volume, 'name');
  const errors = validateName(name, `${at.path}.name`);
  if (at.earlier.some((other) => text(other, 'name') === name)) {
    errors.push({ type: 'Duplicate', field: `${at.path}.name`, value: name });
  }
  if (isObject(volume['secret']) && text(volume, 'secret', 'secretName') === '') {
    errors.push({ type: 'Required', field: `${at.path}.secret.secretName` });
  }
  if (isObject(volume['configMap']) && text(volume, 'configMap', 'name') === '') {
    errors.push({ type: 'Required', field: `${at.path}.configMap.name` });
  }
  return errors;
}

function validateName(name: string, field: string): FieldError[] {
  if (name === '') return [{ type: 'Required', field }];
  return dnsLabelErrors(name).map((detail) => ({ type: 'Invalid', field, value: name, detail }));
}

function validateContainers(spec: JsonObject, volumes: ReadonlySet<string>, path: string): FieldError[] {
  const containers = objects(spec, 'containers');
  if (containers.length === 0) return [{ type: 'Required', field: path }];
  return containers.flatMap((container, i) => {
    const errors = validateContainer(container, volumes, `${path}[${i}]`);
    const name = text(container, 'name');
    if (containers.slice(0, i).some((other) => text(other, 'name') === name)) {
      errors.push({ type: 'Duplicate', field: `${path}[${i}].name`, value: name });
    }
    return errors;
  });
}

function validateContainer(container: JsonObject, volumes: ReadonlySet<string>, path: string): FieldError[] {
  const errors = validateName(text(container, 'name'), `${path}.name`);
  if (text(container, 'image') === '') errors.push({ type: 'Required', field: `${path}.image` });
  for (const [i, port] of objects(container, 'ports').entries()) {
    if ((port['containerPort'] ?? 0) === 0)
      errors.push({ type: 'Required', field: `${path}.ports[${i}].containerPort` });
  }
  for (const [i, variable] of objects(container, 'env').entries()) {
    errors.push(...validateVariable(variable, `${path}.env[${i}]`));
  }
  for (const [i, mount] of objects(container, 'volumeMounts').entries()) {
    const name = text(mount, 'name');
    const field = `${path}.volumeMounts[${i}]`;
    if (name === '') errors.push({ type: 'Required', field: `${field}.name` });
    else if (!volumes.has(name)) errors.push({ type: 'NotFound', field: `${field}.name`, value: name });
    const path_ = text(mount, 'mountPath');
    const isTaken = objects(container, 'volumeMounts')
      .slice(0, i)
      .some((other) => text(other, 'mountPath') === path_);
    if (path_ === '') errors.push({ type: 'Required', field: `${field}.mountPath` });
    else if (isTaken)
      errors.push({ type: 'Invalid', field: `${field}.mountPath`, value: path_, detail: 'must be unique' });
  }
  return errors;
}

function validateVariable(variable: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (text(variable, 'name') === '') errors.push({ type: 'Required', field: `${path}.name` });
  const source = variable['valueFrom'];
  if (!isObject(source)) return errors;
  const refuse = (detail: string) => errors.push({ type: 'Invalid', field: `${path}.valueFrom`, value: '', detail });
  if (isEmpty(source)) {
    refuse('must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`');
  } else if (text(variable, 'value') !== '') refuse('may not be specified when `value` is not empty');
  return errors;
}
