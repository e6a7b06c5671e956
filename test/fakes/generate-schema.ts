// Writes schema.json: the wire form of the kinds the fake serves, read from Kubernetes' own Go types, so that nothing
// about field names, merge keys, list types or omitted zero values is written by hand.
//
//   node test/fakes/generate-schema.ts "$(go env GOMODCACHE)" v0.36.3
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const sources: Readonly<Record<string, string>> = {
  meta: 'apimachinery@VERSION/pkg/apis/meta/v1/types.go',
  core: 'api@VERSION/core/v1/types.go',
  apps: 'api@VERSION/apps/v1/types.go',
  batch: 'api@VERSION/batch/v1/types.go',
  coordination: 'api@VERSION/coordination/v1/types.go',
  events: 'api@VERSION/events/v1/types.go',
};
const roots = [
  'core.Secret core.ConfigMap core.Pod core.Node core.Namespace core.ServiceAccount core.Event events.Event',
  'apps.Deployment apps.StatefulSet apps.DaemonSet apps.ReplicaSet apps.ControllerRevision',
  'batch.Job batch.CronJob coordination.Lease meta.DeleteOptions',
].flatMap((line) => line.split(' '));

/** Go types that have their own JSON form. */
const special: Readonly<Record<string, string>> = {
  'metav1.Time': 'time',
  'meta.Time': 'time',
  'metav1.MicroTime': 'microTime',
  'resource.Quantity': 'quantity',
  'intstr.IntOrString': 'intOrString',
  'runtime.RawExtension': 'any',
  'meta.FieldsV1': 'any',
  '[]byte': 'bytes',
  'types.UID': 'string',
  bool: 'boolean',
  int: 'int64',
  int32: 'int32',
  int64: 'int64',
  string: 'string',
};
const packages: Readonly<Record<string, string>> = { metav1: 'meta', v1: 'core', corev1: 'core' };

interface GoField {
  readonly json: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly tags: string;
  readonly markers: readonly string[];
}
interface GoType {
  /** The type behind a name that is not a struct. */
  readonly alias?: string;
  readonly fields?: readonly GoField[];
  readonly markers: readonly string[];
}

const [cache, version] = process.argv.slice(2);
if (cache === undefined || version === undefined) throw new Error('usage: generate-schema.ts <GOMODCACHE> <version>');

const types = new Map<string, GoType>();
for (const [name, path] of Object.entries(sources)) {
  const text = readFileSync(join(cache, 'k8s.io', path.replace('VERSION', version)), 'utf8');
  readTypes(name, text.split('\n'));
}
const written = new Map<string, Record<string, string>>();
const queue = [...roots];
for (let name = queue.pop(); name !== undefined; name = queue.pop()) if (!written.has(name)) writeType(name);
const atomic = [...written.keys()].filter((name) => types.get(name)?.markers.includes('+structType=atomic')).sort();
const out = { version, atomic, types: Object.fromEntries([...written].sort(([a], [b]) => (a < b ? -1 : 1))) };
writeFileSync(new URL('schema.json', import.meta.url), `${JSON.stringify(out, null, 2)}\n`);

function readTypes(pkg: string, lines: readonly string[]): void {
  let markers: string[] = [];
  let open: { name: string; fields: GoField[]; markers: string[] } | undefined;
  for (const line of lines) {
    const marker = /^\s*\/\/ (\+\S+)/.exec(line)?.[1];
    if (marker !== undefined) {
      markers.push(marker);
      continue;
    }
    if (/^\s*(\/\/|$)/.test(line)) continue;
    const struct = /^type (\w+) struct \{(\})?/.exec(line);
    const alias = /^type (\w+) (\S+)/.exec(line);
    if (struct !== null) {
      open = { name: `${pkg}.${struct[1]}`, fields: [], markers };
      if (struct[2] !== undefined) types.set(open.name, open);
    } else if (open !== undefined && line.startsWith('}')) {
      types.set(open.name, open);
      open = undefined;
    } else if (open !== undefined) {
      const field = readField(pkg, line, markers);
      if (field !== undefined) open.fields.push(field);
    } else if (alias !== null) {
      types.set(`${pkg}.${alias[1]}`, { alias: qualify(pkg, alias[2] ?? ''), markers });
    }
    markers = [];
  }
}

function readField(pkg: string, line: string, markers: readonly string[]): GoField | undefined {
  const match = /^\s*(?:\w+\s+)?(\S+)\s+`(.*)`/.exec(line);
  const json = /json:"([^"]*)"/.exec(match?.[2] ?? '')?.[1]?.split(',');
  if (match?.[1] === undefined || match[2] === undefined || json === undefined) return undefined;
  return { json: json[0] ?? '', options: json.slice(1), type: qualify(pkg, match[1]), tags: match[2], markers };
}

/** `*[]Container` in package core -> `*[]core.Container`. */
function qualify(pkg: string, type: string): string {
  const map = /^map\[.*?\](.*)$/.exec(type);
  if (map !== null) return `map ${qualify(pkg, map[1] ?? '')}`;
  if (type === '[]byte') return 'bytes';
  const prefix = /^(\*|\[\])/.exec(type)?.[0];
  if (prefix !== undefined) return prefix + qualify(pkg, type.slice(prefix.length));
  if (special[type] !== undefined) return special[type];
  const [first = '', second] = type.split('.');
  const name = second === undefined ? `${pkg}.${first}` : `${packages[first] ?? first}.${second}`;
  return special[name] ?? name;
}

/** Follows names of non-struct types: `core.PullPolicy` -> `string`. */
function resolve(type: string): string {
  const [, prefix = '', name = ''] = /^((?:\*|\[\]|map )*)(.*)$/.exec(type) ?? [];
  const alias = types.get(name)?.alias;
  return alias === undefined ? type : prefix + resolve(alias);
}

function writeType(name: string): void {
  const fields: Record<string, string> = {};
  written.set(name, fields);
  addFields(name, fields);
}

function addFields(name: string, fields: Record<string, string>): void {
  const type = types.get(name);
  if (type?.fields === undefined) throw new Error(`${name} is not a struct that this script knows`);
  for (const field of type.fields) {
    if (field.options.includes('inline') || field.json === '') {
      if (field.type !== 'meta.TypeMeta') addFields(field.type, fields);
      continue;
    }
    const resolved = resolve(field.type);
    const target = resolved.replace(/^(\*|\[\]|map )*/, '');
    if (types.get(target)?.fields !== undefined) queue.push(target);
    fields[field.json] = [resolved, ...describe(field, target)].join(' ');
  }
}

/** The words after the type: always (no omitempty), omitzero, merge, key=, retainKeys, default=, and the list or map type. */
function describe(field: GoField, target: string): string[] {
  const words: string[] = [];
  if (!field.options.includes('omitempty')) words.push('always');
  if (field.options.includes('omitzero')) words.push('omitzero');
  const strategy = /patchStrategy:"([^"]*)"/.exec(field.tags)?.[1]?.split(',') ?? [];
  words.push(...strategy);
  const mergeKey = /patchMergeKey:"([^"]*)"/.exec(field.tags)?.[1];
  if (mergeKey !== undefined) words.push(`key=${mergeKey}`);
  const marker = (name: string) =>
    field.markers.filter((m) => m.startsWith(`+${name}=`)).map((m) => m.split('=')[1] ?? '');
  const [list] = marker('listType');
  const keys = marker('listMapKey');
  if (list === 'map') words.push(`map=${keys.join(',')}`);
  else if (list === 'set') words.push('set');
  else if (list === undefined && mergeKey !== undefined) words.push(`map=${mergeKey}`);
  else if (list === undefined && strategy.includes('merge') && field.type.includes('[]')) words.push('set');
  const [preset] = marker('default');
  if (preset !== undefined && !preset.includes(' ') && !preset.startsWith('ref(')) words.push(`default=${preset}`);
  const atomic = marker('mapType')[0] === 'atomic' || marker('structType')[0] === 'atomic';
  const targetMarkers = types.get(target)?.markers ?? [];
  if (atomic || (!field.type.includes('[]') && targetMarkers.includes('+structType=atomic'))) words.push('atomic');
  return words;
}
