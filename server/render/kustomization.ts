// A kustomization: what an engine puts into it, and what other files it names.
import type { Document } from 'yaml';
import { Refused, quote } from './refused.ts';
import { fieldsOf, type Fields } from './yaml-file.ts';

const byName: ReadonlySet<string> = new Set(['images', 'replicas']);

/** Puts an engine's fields into the document as Argo CD and Flux do: lists grow, images and replicas by name, the rest is replaced. */
export function extend(document: Document, overlay: Fields): void {
  const own = fieldsOf('kustomization.yaml', document);
  for (const [name, value] of Object.entries(overlay)) {
    if (value === undefined) continue;
    document.set(name, document.createNode(merge(name, own[name], value)));
  }
}

function merge(name: string, own: unknown, value: unknown): unknown {
  if (Array.isArray(own) && Array.isArray(value)) {
    const names = new Set(byName.has(name) ? value.map(nameOf) : []);
    return [...own.filter((item) => !names.has(nameOf(item))), ...value];
  }
  if (isMap(own) && isMap(value)) return { ...own, ...value };
  return value;
}

function nameOf(item: unknown): unknown {
  return isMap(item) ? item['name'] : undefined;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields that name no files. */
const harmless: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'namePrefix',
  'nameSuffix',
  'namespace',
  'commonLabels',
  'labels',
  'commonAnnotations',
  'images',
  'imageTags',
  'replicas',
  'vars',
  'sortOptions',
  'generatorOptions',
  'buildMetadata',
]);

const plugins: ReadonlySet<string> = new Set(['generators', 'transformers', 'validators']);
const charts: ReadonlySet<string> = new Set(['helmCharts', 'helmGlobals', 'helmChartInflationGenerator']);

export interface Named {
  /** A resource may be a file or a folder. */
  readonly kind: 'resource' | 'folder' | 'file';
  readonly path: string;
}

/** All that a kustomization names, as it is written. Refuses fields that run something, and fields that are not known. */
export function listNamed(path: string, fields: Fields): Named[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (harmless.has(name) || value === null) return [];
    if (plugins.has(name)) throw new Refused(`${quote(path)} has ${name}, which are not run here`);
    if (charts.has(name)) throw new Refused(`${quote(path)} has ${name}: charts are not inflated by kustomize here`);
    const list = readers[name];
    if (list === undefined) throw new Refused(`${quote(path)} has the field ${quote(name)}, which is not known here`);
    return list(value, (wrong) => new Refused(`${quote(path)} has a ${name} that is ${wrong}`, 'unreadable'));
  });
}

type Reader = (value: unknown, refuse: (wrong: string) => Refused) => Named[];

const files: Reader = (value, refuse) => strings(value, refuse).map((path) => ({ kind: 'file', path }));
/** Go reads names of fields in any case: one that is not known here may be one that names a file. */
const known = {
  patches: new Set(['path', 'patch', 'target', 'options']),
  replacements: new Set(['path', 'source', 'sourceValue', 'targets']),
  generators: new Set(['name', 'namespace', 'behavior', 'type', 'options', 'literals', 'files', 'envs', 'env']),
} as const;

const patches: Reader = (value, refuse) => maps(value, known.patches, refuse).flatMap(pathOf);
const generator: Reader = (value, refuse) =>
  maps(value, known.generators, refuse).flatMap((item) => {
    const env = item['env'] === undefined || item['env'] === null ? [] : [item['env']];
    const named = strings(item['files'] ?? [], refuse).map((entry) => entry.slice(entry.indexOf('=') + 1));
    const paths = [...named, ...strings(item['envs'] ?? [], refuse), ...strings(env, refuse)];
    return paths.map((path): Named => ({ kind: 'file', path }));
  });

const readers: Readonly<Record<string, Reader>> = {
  __proto__: null as never,
  resources: (value, refuse) => strings(value, refuse).map((path) => ({ kind: 'resource', path })),
  bases: (value, refuse) => strings(value, refuse).map((path) => ({ kind: 'folder', path })),
  components: (value, refuse) => strings(value, refuse).map((path) => ({ kind: 'folder', path })),
  crds: files,
  configurations: files,
  // An entry may be the patch itself.
  patchesStrategicMerge: (value, refuse) =>
    strings(value, refuse).flatMap((path) =>
      /[\n{]|: /.test(path) && !/^https?:/i.test(path) ? [] : [{ kind: 'file', path }],
    ),
  patchesJson6902: patches,
  patches,
  replacements: (value, refuse) => maps(value, known.replacements, refuse).flatMap(pathOf),
  configMapGenerator: generator,
  secretGenerator: generator,
  openapi: (value) => pathOf(value),
};

function pathOf(item: unknown): Named[] {
  const path = isMap(item) ? item['path'] : undefined;
  return typeof path === 'string' && path !== '' ? [{ kind: 'file', path }] : [];
}

function items(value: unknown, refuse: (wrong: string) => Refused): readonly unknown[] {
  if (!Array.isArray(value)) throw refuse('no list');
  return value;
}

function maps(value: unknown, fields: ReadonlySet<string>, refuse: (wrong: string) => Refused): readonly Fields[] {
  return items(value, refuse).map((item) => {
    if (!isMap(item)) throw refuse('no map');
    const other = Object.keys(item).find((name) => !fields.has(name));
    if (other !== undefined) throw refuse(`not known here: it has ${quote(other)}`);
    return item;
  });
}

function strings(value: unknown, refuse: (wrong: string) => Refused): readonly string[] {
  const list = items(value, refuse);
  if (!list.every((item): item is string => typeof item === 'string')) throw refuse('no list of texts');
  return list;
}
