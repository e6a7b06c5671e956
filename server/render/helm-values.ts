// The values of a release in Helm's order: files as files, everything that may be a secret through pipes.
import { Hidden } from '../core/hidden.ts';
import type { HelmParameter, HelmTool, HelmValues, SourceTree } from '../core/rendering.ts';
import { composeDocument, decodeText, objectMap, pairOf } from '../declared/read.ts';
import type { Job } from './job.ts';
import { Refused, quote } from './refused.ts';
import { parseName, parseValue, setAt, unescape, type Values } from './strvals.ts';
import { findEntry, joinPath, readFiles } from './tree-paths.ts';

/** YAML text; later ones win. */
export interface ValuesDocument {
  readonly text: Hidden<string>;
}

export interface ReleaseValues {
  readonly documents: readonly ValuesDocument[];
  /** Ids of files and versions of objects. */
  readonly inputs: readonly string[];
}

interface Gathered {
  readonly documents: Hidden<string>[];
  readonly inputs: string[];
  readonly set: ((values: Values) => void)[];
  /** Names of parameters that lead into lists. */
  readonly lists: string[];
}

export async function readValues(job: Job<HelmTool>): Promise<ReleaseValues> {
  const gathered: Gathered = { documents: [], inputs: [], set: [], lists: [] };
  for (const values of job.tool.values) await addValues(job, values, gathered);
  // As Helm: all of --set, then all of --set-string, then all of --set-file.
  for (const rank of [0, 1, 2]) {
    for (const parameter of job.tool.parameters.filter((one) => rankOf(one) === rank)) {
      await addParameter(job, parameter, gathered);
    }
  }
  const { documents, inputs } = gathered;
  const last = gathered.set.length === 0 ? [] : [applyParameters(gathered)];
  return { documents: [...documents, ...last].map((text) => ({ text })), inputs };
}

function rankOf(parameter: HelmParameter): number {
  return parameter.from === 'file' ? 2 : parameter.forceString ? 1 : 0;
}

async function addValues(
  job: Job<HelmTool>,
  values: HelmValues,
  { documents, inputs, set, lists }: Gathered,
): Promise<void> {
  if (values.from === 'inline') {
    documents.push(values.text);
  } else if (values.from === 'file') {
    const file = await readFile(job, values.tree, values);
    if (file === undefined) return;
    documents.push(file.text);
    inputs.push(file.id);
  } else {
    const { kind, namespace, name, key, optional, targetPath } = values;
    const live = await job.ports.live({ kind, namespace, name }, job.signal);
    inputs.push(`${kind} ${namespace}/${name} ${live?.resourceVersion ?? '-'}`);
    const text = live?.data.reveal().get(key);
    if (text === undefined) {
      if (optional) return;
      throw new Refused(`the ${kind} ${namespace}/${name} with values has no key ${quote(key)}, or is not there`);
    }
    if (targetPath === undefined) documents.push(new Hidden(text));
    else set.push(setter(targetPath, parseTarget(targetPath, text), lists));
  }
}

/** Flux: text in quotes is text, anything else as `--set` reads it; its commas would begin another parameter. */
function parseTarget(name: string, text: string): unknown {
  const isQuoted = /^(?:'[^]*'|"[^]*")$/.test(text);
  const inner = isQuoted ? text.replaceAll(/^['"]+|['"]+$/g, '') : text;
  if (!inner.startsWith('{') && /(?<!\\),/.test(inner)) {
    throw new Refused(`the value for ${quote(name)} holds a comma, which Flux takes for the end of it`);
  }
  return isQuoted ? unescape(inner) : parseValue(name, inner);
}

async function addParameter(
  job: Job<HelmTool>,
  parameter: HelmParameter,
  { inputs, set, lists }: Gathered,
): Promise<void> {
  const { name } = parameter;
  if (parameter.from === 'inline') {
    const text = parameter.value.reveal();
    set.push(
      setter(
        name,
        parameter.forceString && !text.startsWith('{') ? unescape(text) : read(name, parameter, text),
        lists,
      ),
    );
    return;
  }
  const file = await readFile(job, parameter.tree, { path: parameter.path, optional: false });
  if (file === undefined) return;
  inputs.push(file.id);
  set.push(setter(name, file.text.reveal(), lists));
}

function read(name: string, { forceString }: { readonly forceString: boolean }, text: string): unknown {
  const value = parseValue(name, text);
  return forceString && Array.isArray(value) ? value.map(String) : value;
}

function setter(name: string, value: unknown, lists: string[]): (values: Values) => void {
  const steps = parseName(name);
  if (steps === undefined) throw new Refused(`the parameter name ${quote(name)} is not one that is understood here`);
  if (steps.some((step) => 'index' in step)) lists.push(name);
  return (values) => setAt(values, steps, value);
}

/** A parameter for an item of a list needs the list that the documents before it give; the chart's own list does not count for Helm. */
function applyParameters({ documents, set, lists }: Gathered): Hidden<string> {
  const values: Values = new Map();
  for (const name of lists) refuseKnownList(documents, name);
  for (const apply of set) apply(values);
  return new Hidden(
    JSON.stringify(values, (_, value: unknown) => (value instanceof Map ? toObject(value as Values) : value)),
  );
}

function toObject(values: Values): unknown {
  return Object.fromEntries(values);
}

function refuseKnownList(documents: readonly Hidden<string>[], name: string): void {
  const [first] = parseName(name) ?? [];
  const key = first !== undefined && 'key' in first ? first.key : '';
  const holds = documents.some((text) => mayHold(text, key));
  if (holds) {
    throw new Refused(
      `the parameter ${quote(name)} sets an item of a list below ${quote(key)}, which values files set too`,
    );
  }
}

/** What cannot be read may hold anything. */
function mayHold(text: Hidden<string>, key: string): boolean {
  const composed = composeDocument(text.reveal());
  if (composed.kind === 'empty') return false;
  const map = composed.kind === 'document' ? objectMap(composed.document, undefined) : undefined;
  return (
    map === undefined || (map.items.length > 0 && (pairOf(map, key) !== undefined || pairOf(map, '<<') !== undefined))
  );
}

async function readFile(
  { ports, tree, signal }: Job<HelmTool>,
  ref: Parameters<typeof ports.trees>[0] | undefined,
  { path, optional }: { readonly path: string; readonly optional: boolean },
): Promise<{ readonly id: string; readonly text: Hidden<string> } | undefined> {
  const from: SourceTree = ref === undefined ? tree : await ports.trees(ref, signal);
  const file = joinPath('', path);
  const entry = findEntry(from, file);
  if (entry?.kind !== 'file') {
    if (optional && entry === undefined) return undefined;
    throw new Refused(`the values file ${quote(path)} is not in the repository`);
  }
  const content = (await readFiles(from, [file], signal)).get(file) ?? new Uint8Array();
  const text = decodeText(content);
  if (text === undefined) throw new Refused(`the values file ${quote(path)} is not UTF-8`, 'unreadable');
  return { id: `${from.ref.repository} ${file} ${entry.id}`, text: new Hidden(text) };
}
