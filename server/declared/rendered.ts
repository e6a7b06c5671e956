// Rendered manifests -> what they declare, as digests: the config objects, and the pod templates of the workloads. Values end here.
import { isMap, isNode, isScalar, isSeq, type Document, type YAMLMap } from 'yaml';
import type { Declaration, DeclaredConfig, DeclaredWorkload } from '../core/declaration.ts';
import { digestTemplate, type DigestKey } from '../core/digest.ts';
import { generatorName } from '../core/drift.ts';
import { readLeaveMarks } from '../core/leave-rule.ts';
import { objectKey, workloadKinds, type WorkloadKind, type WorkloadRef } from '../core/object.ts';
import type { RenderedText } from '../core/rendering.ts';
import { digestDeclared, type DataKind, type DeclaredManifest } from './content.ts';
import { markGenerated } from './generated.ts';
import { composeDocument, objectMap, objectsOf, pairOf, splitDocuments, type DeclaredObject } from './read.ts';

export interface ReadingOptions {
  /** Of objects that name none. */
  readonly namespace: string;
  readonly key: DigestKey;
  /** `unknown`: a `${` that is still there stands for a value that is not known. */
  readonly variables: DeclaredManifest['variables'];
}

/** As many as one file or one build may hold. */
const mostDocuments = 2_000;

/** Never throws: what cannot be read is named among the problems. Of an object that is declared twice the last counts. */
export function readDeclaration(manifests: readonly RenderedText[], options: ReadingOptions): Declaration {
  const first = readTexts(manifests, options);
  if (!manifests.some(({ again }) => again !== undefined)) return first;
  const again = manifests.map((manifest) => ({ ...manifest, text: manifest.again ?? manifest.text }));
  return markGenerated(first, readTexts(again, options));
}

function readTexts(manifests: readonly RenderedText[], options: ReadingOptions): Declaration {
  const whole: Omit<Found, 'options'> = { configs: new Map(), workloads: new Map(), problems: [] };
  for (const { path, text, variables } of manifests) {
    const found = { ...whole, options: { ...options, variables: variables ?? options.variables } };
    const documents = splitDocuments(text.reveal());
    const place = path ?? 'what was rendered';
    for (const [index, document] of documents.slice(0, mostDocuments).entries()) {
      addDocument(found, { path, place: `${place}, document ${index + 1}` }, document.text);
    }
    if (documents.length > mostDocuments) found.problems.push(`${place}: more than ${mostDocuments} documents`);
  }
  return whole;
}

interface Found {
  readonly configs: Map<string, DeclaredConfig>;
  readonly workloads: Map<string, DeclaredWorkload>;
  readonly problems: string[];
  readonly options: ReadingOptions;
}

interface Source {
  readonly path: string | undefined;
  /** For a person. */
  readonly place: string;
}

function addDocument(found: Found, source: Source, text: string): void {
  if (isOfOtherKind(text)) return;
  const composed = composeDocument(text);
  if (composed.kind === 'empty') return;
  if (composed.kind === 'refused') return void found.problems.push(`${source.place}: ${composed.refusal}`);
  const { document } = composed;
  if (objectMap(document, undefined) === undefined) return void found.problems.push(`${source.place}: no map`);
  const objects = objectsOf(document, 0);
  if (objects.length < countObjects(document)) found.problems.push(`${source.place}: no kind, or no name`);
  for (const object of objects) {
    if (!isNamed(object)) found.problems.push(`${source.place}: a name that the API server refuses`);
    else if (!isHook(object)) addObject(found, source, { document, object });
  }
}

/** Kinds that are looked at, those whose items are, and those that only a full reading tells. */
const otherKind = /^(?!(?:Secret|ConfigMap|SealedSecret|\w*List)$)\w+$/;

/** Most documents of a real folder: they are not even parsed, however large they are. */
function isOfOtherKind(text: string): boolean {
  const kinds = [...text.matchAll(/^kind:(.*)$/gm)].map(([, kind = '']) => kind.trim());
  return kinds.length > 0 && kinds.every((kind) => otherKind.test(kind) && !Object.hasOwn(workloadKinds, kind));
}

/** How many there should be: the items of a List, or the one. Those whose names the API server makes are none that can be found. */
function countObjects(document: Document.Parsed): number {
  const root = objectMap(document, undefined);
  const kind = root === undefined ? undefined : pairOf(root, 'kind')?.value;
  const items = root === undefined ? undefined : pairOf(root, 'items')?.value;
  const isList = isScalar(kind) && typeof kind.value === 'string' && kind.value.endsWith('List');
  const places = isList && isSeq(items) ? items.items.keys() : [undefined];
  return [...places].filter((item) => !isNameless(objectMap(document, item))).length;
}

function isNameless(object: YAMLMap.Parsed | undefined): boolean {
  const metadata = object === undefined ? undefined : pairOf(object, 'metadata')?.value;
  return isMap(metadata) && metadata.has('generateName') && !metadata.has('name');
}

/** Slashes and the like would make it another object's key. A variable in it is told as such. */
function isNamed({ namespace, name }: DeclaredObject): boolean {
  return [namespace ?? name, name].every((text) => /^[\w.:${}-]+$/.test(text) && !/^\.+$/.test(text));
}

/** Argo CD and Helm run these at certain moments and may delete them: they are no part of the declared state. */
function isHook({ annotations }: DeclaredObject): boolean {
  return Object.hasOwn(annotations, 'helm.sh/hook') || Object.hasOwn(annotations, 'argocd.argoproj.io/hook');
}

interface Placed {
  readonly document: Document.Parsed;
  readonly object: DeclaredObject;
}

function addObject(found: Found, source: Source, { document, object }: Placed): void {
  const { namespace: fallback } = found.options;
  const place = { namespace: object.namespace ?? fallback, name: object.name };
  if (found.options.variables === 'unknown' && `${place.namespace}${place.name}`.includes('${')) {
    return void found.problems.push(`${source.place}: the name of a ${object.kind} holds a variable that is not known`);
  }
  const data = dataKindOf(object);
  if (data !== undefined) return addConfig(found, source, { document, object, ref: { kind: data, ...place } });
  const workload = workloadKindOf(object);
  if (workload !== undefined) addWorkload(found, source, { document, object, ref: { kind: workload, ...place } });
}

/** The kind of the live object that it declares. */
function dataKindOf({ apiVersion, kind }: DeclaredObject): DataKind | undefined {
  if (apiVersion === 'v1' && (kind === 'Secret' || kind === 'ConfigMap')) return kind;
  return kind === 'SealedSecret' && apiVersion.startsWith('bitnami.com/') ? 'Secret' : undefined;
}

function workloadKindOf({ apiVersion, kind }: DeclaredObject): WorkloadKind | undefined {
  if (!Object.hasOwn(workloadKinds, kind)) return undefined;
  const known = kind as WorkloadKind;
  return apiVersion.startsWith(`${workloadKinds[known].group}/`) ? known : undefined;
}

function addConfig(
  { configs, problems, options }: Found,
  { path, place }: Source,
  { document, object, ref }: Placed & { readonly ref: DeclaredConfig['ref'] & { readonly kind: DataKind } },
): void {
  const { key, variables } = options;
  const content = digestDeclared({ document, item: object.place.item, ref, variables }, key);
  const isEncrypted = [...content.unclear.values()].includes('encrypted');
  if (isEncrypted && path === undefined && generatorName(ref.name) !== undefined) {
    // kustomize made the suffix from the ciphertext: the object has another name in the cluster.
    problems.push(`${place}: ${ref.kind} ${ref.name} is generated from an encrypted file, so its name is not known`);
    return;
  }
  // Those of a SealedSecret are its own, and not of what becomes of it.
  const marks = object.kind === ref.kind ? readLeaveMarks(object) : [];
  configs.set(objectKey(ref), { ref, content, path, ...(marks.length === 0 ? {} : { marks }) });
}

function addWorkload(
  { workloads, problems, options }: Found,
  { place }: Source,
  { document, object, ref }: Placed & { readonly ref: WorkloadRef },
): void {
  const map = objectMap(document, object.place.item);
  const template = map === undefined ? undefined : readTemplate(document, map, ref.kind);
  if (template === undefined) problems.push(`${place}: ${ref.kind} ${ref.name} has no readable pod template`);
  else workloads.set(objectKey(ref), { ref, template: digestTemplate(ref, template, options.key) });
}

/** As JSON with sorted keys; undefined when there is none, or when it unfolds to too much. */
function readTemplate(document: Document.Parsed, map: YAMLMap, kind: WorkloadKind): string | undefined {
  const node: unknown = map.getIn(workloadKinds[kind].template, true);
  if (!isNode(node)) return undefined;
  try {
    return JSON.stringify(sortKeys(node.toJS(document, { maxAliasCount: 100 })));
  } catch {
    return undefined;
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sortKeys(inner)]));
}
