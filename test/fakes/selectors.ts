// Label and field selectors of list and watch requests, and label selectors in objects.
import { type JsonObject, at, child, isObject, list, objects, scalarText, text } from './json.ts';
import type { Kind } from './kinds.ts';
import { badRequest } from './status-errors.ts';

export type Matches = (object: JsonObject) => boolean;

/** @throws StatusError 400 for a selector that does not parse */
export function readLabelSelector(source: string): Matches {
  const requirements = splitRequirements(source).map(readRequirement);
  return (object) => {
    const labels = child(object, 'metadata', 'labels');
    return requirements.every((requirement) => requirement(labels));
  };
}

type Requirement = (labels: JsonObject) => boolean;

function splitRequirements(source: string): string[] {
  return source
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readRequirement(source: string): Requirement {
  const set = /^([^\s=!(),]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(source);
  if (set?.[1] !== undefined) {
    const key = set[1];
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return set[2] === 'in'
      ? (labels) => key in labels && values.includes(text(labels, key))
      : (labels) => !values.includes(text(labels, key)) || !(key in labels);
  }
  const pair = /^([^\s=!(),]+)\s*(==|=|!=)\s*([^\s=!(),]*)$/.exec(source);
  if (pair?.[1] !== undefined) {
    const [, key = '', operator, value = ''] = pair;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = /^(!?)\s*([^\s=!(),]+)$/.exec(source);
  if (exists?.[2] === undefined) throw badRequest(`unable to parse requirement: ${describe(source)}`);
  const key = exists[2];
  return exists[1] === '!' ? (labels) => !(key in labels) : (labels) => key in labels;
}

function describe(source: string): string {
  const word = /^[^\s=!(),]+\s+(\S+)/.exec(source)?.[1] ?? source;
  return `found '${word}', expected: in, notin, =, ==, !=, gt, lt`;
}

/** The fields that can be selected besides metadata.name and metadata.namespace, as paths or as a computed value. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  secrets: ['type'],
  namespaces: ['status.phase', 'name'],
  nodes: ['spec.unschedulable'],
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  replicasets: ['status.replicas'],
  jobs: ['status.successful'],
  events: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      (key) => `involvedObject.${key}`,
    ),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
};

/** @throws StatusError 400 for a field that the kind does not offer */
export function readFieldSelector(source: string, kind: Kind): Matches {
  const terms = source.split(',').filter((term) => term !== '');
  const all = terms.map((term) => {
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
    if (match?.[1] === undefined) throw badRequest(`invalid selector: '${source}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    checkField(field, kind);
    return { field, isEqual: operator !== '!=', value };
  });
  return (object) => all.every(({ field, isEqual, value }) => (fieldValue(object, field) === value) === isEqual);
}

function checkField(field: string, kind: Kind): void {
  if (field === 'metadata.name' || (field === 'metadata.namespace' && kind.namespaced)) return;
  if ((selectable[kind.resource] ?? []).includes(field)) return;
  const isStructured = ['namespaces', 'nodes', 'pods', 'secrets', 'events', 'replicasets', 'jobs'].includes(
    kind.resource,
  );
  throw badRequest(
    isStructured
      ? `field label not supported: ${field}`
      : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

function fieldValue(object: JsonObject, field: string): string {
  if (field === 'name') return text(object, 'metadata', 'name');
  if (field === 'source') return text(object, 'source', 'component') || text(object, 'reportingComponent');
  if (field.startsWith('involvedObject.') && isObject(object['regarding'])) {
    return text(object, 'regarding', field.slice('involvedObject.'.length));
  }
  const value = at(object, ...field.split('.'));
  if (value === undefined && (field === 'spec.hostNetwork' || field === 'spec.unschedulable')) return 'false';
  return scalarText(value);
}

/** Does a LabelSelector (matchLabels, matchExpressions) match these labels? */
export function matchesSelector(selector: JsonObject, labels: JsonObject): boolean {
  const isEqual = Object.entries(child(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  return isEqual && objects(selector, 'matchExpressions').every((expression) => matchesExpression(expression, labels));
}

function matchesExpression(expression: JsonObject, labels: JsonObject): boolean {
  const key = text(expression, 'key');
  const isIn = list(expression, 'values').includes(labels[key] ?? null);
  switch (text(expression, 'operator')) {
    case 'In':
      return key in labels && isIn;
    case 'NotIn':
      return !isIn;
    case 'Exists':
      return key in labels;
    default:
      return !(key in labels);
  }
}
