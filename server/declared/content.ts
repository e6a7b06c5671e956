// What a manifest of a Secret, ConfigMap or SealedSecret declares, as digests: read as the API server and the engines would. Values end here.
import { isAlias, isMap, type Document, type YAMLMap } from 'yaml';
import { digestValues, type DataField, type DigestKey, type ValueInput } from '../core/digest.ts';
import { declareUnknown, type ConfigFields, type DeclaredContent, type NotComparable } from '../core/drift.ts';
import type { ConfigKind, ConfigRef } from '../core/object.ts';
import { objectMap } from './read.ts';
import { readKey, readText, type Text } from './scalar.ts';

/** The kinds that hold data. A SecretProviderClass names what is kept elsewhere. */
export type DataKind = Exclude<ConfigKind, 'SecretProviderClass'>;

export interface DeclaredManifest {
  readonly document: Document.Parsed;
  /** Of a List. */
  readonly item: number | undefined;
  /** What it is called live: rendering may add a namespace, or a prefix. */
  readonly ref: ConfigRef & { readonly kind: DataKind };
  /** `unknown`: its engine puts variables (`${name}`) into it, and their values are not known. */
  readonly variables: 'none' | 'unknown';
}

/** The content that a manifest declares. Never throws: what cannot be judged is named, for one data key or for all. */
export function digestDeclared(manifest: DeclaredManifest, key: DigestKey): DeclaredContent {
  const { document, item, ref } = manifest;
  const map = objectMap(document, item);
  if (map === undefined) return declareUnknown('malformed');
  const root = readEntries(document, map);
  if (root.rest !== undefined) return declareUnknown(root.rest);
  if ([...root.values.keys()].some((name) => name.startsWith('$'))) return declareUnknown('patch-directive');
  const kind = textAt(document, root, 'kind');
  if (kind === 'SealedSecret' && ref.kind === 'Secret') return readSealed(document, root);
  if (kind !== ref.kind) return declareUnknown('malformed');
  if (isGenerated(document, root)) return declareUnknown('generated');
  return digestFields({ manifest, root }, key);
}

/** Pairs of a map by key. `rest`: why there may be more. */
interface Entries {
  readonly values: ReadonlyMap<string, unknown>;
  readonly duplicates: ReadonlySet<string>;
  readonly rest: NotComparable | undefined;
}

function readEntries(document: Document.Parsed, map: YAMLMap): Entries {
  const values = new Map<string, unknown>();
  const duplicates = new Set<string>();
  let rest: NotComparable | undefined;
  for (const pair of map.items) {
    const name = readKey(document, pair.key);
    if (name === undefined) rest = 'yaml-dialects';
    else if (values.has(name)) duplicates.add(name);
    else values.set(name, pair.value);
  }
  return { values, duplicates, rest };
}

const noEntries: Entries = { values: new Map(), duplicates: new Set(), rest: undefined };

/** The entries below `name`. Null counts as an empty map, as the API server has it. */
function entriesAt(document: Document.Parsed, parent: Entries, name: string): Entries {
  const node = parent.values.get(name);
  const target = isAlias(node) ? node.resolve(document) : node;
  if (parent.duplicates.has(name)) return { ...noEntries, rest: 'duplicate-key' };
  if (isMap(target)) return readEntries(document, target);
  const read = readText(document, target);
  const isNull = target === undefined || ('problem' in read && read.problem === 'null-value');
  return isNull && !(isAlias(node) && target === undefined) ? noEntries : { ...noEntries, rest: 'malformed' };
}

function textAt(document: Document.Parsed, parent: Entries, name: string): string | undefined {
  if (!parent.values.has(name) || parent.duplicates.has(name)) return undefined;
  const read = readText(document, parent.values.get(name));
  return 'text' in read ? read.text : undefined;
}

/** The keys stay in clear. Whether keys beyond them are kept is said by an annotation of the live Secret. */
function readSealed(document: Document.Parsed, root: Entries): DeclaredContent {
  const spec = entriesAt(document, root, 'spec');
  const template = entriesAt(document, spec, 'template');
  const names = [
    ...entriesAt(document, spec, 'encryptedData').values.keys(),
    ...entriesAt(document, template, 'data').values.keys(),
  ];
  return { ...declareUnknown('sealed'), unclear: new Map(names.map((name) => [name, 'sealed'])) };
}

/** Its name is chosen by the API server, or kustomize will add a hash to it. */
function isGenerated(document: Document.Parsed, root: Entries): boolean {
  const metadata = entriesAt(document, root, 'metadata');
  const annotations = entriesAt(document, metadata, 'annotations');
  const needsHash = textAt(document, annotations, 'kustomize.config.k8s.io/needs-hash') === 'true';
  return needsHash || (!metadata.values.has('name') && metadata.values.has('generateName'));
}

interface Field {
  readonly name: 'data' | 'stringData' | 'binaryData';
  readonly field: DataField;
  readonly encoding: 'base64' | 'utf8';
}

/** In the order in which the later wins. */
const fieldsOf: Readonly<Record<DataKind, readonly Field[]>> = {
  Secret: [
    { name: 'data', field: 'data', encoding: 'base64' },
    { name: 'stringData', field: 'data', encoding: 'utf8' },
  ],
  ConfigMap: [
    { name: 'data', field: 'data', encoding: 'utf8' },
    { name: 'binaryData', field: 'binaryData', encoding: 'base64' },
  ],
};
/** Fields of the one kind that people write into the other. */
const strangeFields = { Secret: ['binaryData'], ConfigMap: ['stringData'] } as const;

interface Source {
  readonly manifest: DeclaredManifest;
  readonly root: Entries;
}

function digestFields({ manifest, root }: Source, key: DigestKey): DeclaredContent {
  const { document, ref } = manifest;
  const inputs = new Map<string, ValueInput>();
  const unclear = new Map<string, NotComparable>();
  let rest: NotComparable | undefined;
  for (const field of fieldsOf[ref.kind]) {
    const entries = entriesAt(document, root, field.name);
    rest ??= entries.rest ?? restOf(entries, manifest);
    for (const [dataKey, node] of entries.values) {
      const read = entries.duplicates.has(dataKey) ? 'duplicate-key' : readValue(node, { manifest, field, dataKey });
      const isClash = ref.kind === 'ConfigMap' && inputs.has(dataKey);
      const problem = typeof read === 'string' ? read : isClash ? 'in-both-fields' : undefined;
      if (problem !== undefined) unclear.set(dataKey, unclear.get(dataKey) ?? problem);
      else if (typeof read !== 'string') inputs.set(dataKey, read);
    }
  }
  for (const dataKey of entriesAt(document, root, strangeFields[ref.kind][0]).values.keys()) {
    if (!inputs.has(dataKey) && !unclear.has(dataKey)) unclear.set(dataKey, 'unknown-field');
  }
  const clear = [...inputs.values()].filter(({ dataKey }) => !unclear.has(dataKey));
  const content = digestValues(ref, clear, key);
  return { content, unclear, rest, fields: readFields({ manifest, root }) };
}

/** Data keys that are no keys: what they stand for is not known. */
function restOf({ values }: Entries, { variables }: DeclaredManifest): NotComparable | undefined {
  const names = [...values.keys()];
  if (names.some((name) => name.startsWith('$') && !name.startsWith('${'))) return 'patch-directive';
  return variables === 'unknown' && names.some((name) => name.includes('${')) ? 'substituted-from-unknown' : undefined;
}

interface ValuePlace {
  readonly manifest: DeclaredManifest;
  readonly field: Field;
  readonly dataKey: string;
}

function readValue(node: unknown, { manifest, field, dataKey }: ValuePlace): ValueInput | NotComparable {
  const read: Text = readText(manifest.document, node);
  if ('problem' in read) return read.problem;
  if (manifest.variables === 'unknown' && `${dataKey}${read.text}`.includes('${')) return 'substituted-from-unknown';
  if (!isDataKey(dataKey)) return 'invalid-key';
  if (cipher.test(read.text)) return 'encrypted';
  const value = decode(read.text, field.encoding);
  if (value === undefined) return 'not-base64';
  if (isCipher(value)) return 'encrypted';
  return { dataKey, field: field.field, value };
}

/** The API server's rule for keys of both kinds. */
function isDataKey(name: string): boolean {
  return /^[-.\w]{1,253}$/.test(name) && name !== '.' && !name.startsWith('..');
}

/** One value as SOPS encrypts it. */
const cipher = /^ENC\[AES256_GCM,data:/;
/** Files that SOPS encrypted as a whole (JSON, dotenv, ini, YAML), which Flux decrypts inside of a value. */
const fileMarks = ['"mac": "ENC[', 'sops_mac=ENC[', '[sops]', 'mac: ENC['];

/** A generator that reads an encrypted dotenv file makes base64 of each of its values. */
function isCipher(value: Uint8Array): boolean {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (cipher.test(bytes.toString('latin1', 0, 40))) return true;
  return fileMarks.some((mark) => bytes.includes(mark));
}

/** Go's standard base64: line breaks are skipped, blanks are not, and the padding must be there. */
function decode(text: string, encoding: Field['encoding']): Uint8Array | undefined {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  const joined = text.replaceAll(/[\r\n]/g, '');
  const isBase64 = joined.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(joined);
  return isBase64 ? Buffer.from(joined, 'base64') : undefined;
}

/** What is not declared, or not readable, is not judged: no engine compares it either. An empty type becomes Opaque. */
function readFields({ manifest: { document, ref, variables }, root }: Source): ConfigFields {
  const type = ref.kind === 'Secret' ? textAt(document, root, 'type') : undefined;
  const isOpen = type === undefined || (variables === 'unknown' && type.includes('${'));
  const node = root.duplicates.has('immutable') ? undefined : root.values.get('immutable');
  const immutable = isScalarBoolean(node) ? node.value : undefined;
  return { type: isOpen ? undefined : type === '' ? 'Opaque' : type, immutable };
}

function isScalarBoolean(node: unknown): node is { readonly value: boolean } {
  return typeof (node as { readonly value?: unknown } | undefined | null)?.value === 'boolean';
}
