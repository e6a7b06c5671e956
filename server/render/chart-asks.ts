// What a chart may ask of the cluster while it is rendered, by the words in its files and values.
import type { Hidden } from '../core/hidden.ts';
import type { SourceTree, TreeEntry } from '../core/rendering.ts';
import { readFiles } from './tree-paths.ts';

/**
 * `lookup`: objects of the cluster. `version`: only `.Capabilities.KubeVersion`; `apis`: any more of `.Capabilities`.
 * `constraint`: Chart.yaml demands a version, which changes nothing in what is rendered.
 */
export type Ask = 'lookup' | 'version' | 'apis' | 'constraint';

/** By blob id, so that a chart is read once and not at each comparison. */
export type KnownAsks = Map<string, readonly Ask[]>;

export interface ChartTexts {
  readonly tree: SourceTree;
  /** By path in the chart. */
  readonly files: ReadonlyMap<string, TreeEntry>;
  /** A template may call `tpl` on its values. */
  readonly documents: readonly { readonly text: Hidden<string> }[];
}

export async function listAsks(known: KnownAsks, texts: ChartTexts, signal: AbortSignal): Promise<ReadonlySet<Ask>> {
  const files = [...texts.files].flatMap(([path, file]) => (isProse(path) ? [] : [file]));
  const inFiles = await listInFiles(known, { tree: texts.tree, files }, signal);
  return new Set([...inFiles, ...texts.documents.flatMap(({ text }) => scan(text.reveal()))]);
}

/** Some 100 bytes each. */
const mostKnown = 100_000;

async function listInFiles(
  known: KnownAsks,
  { tree, files }: { readonly tree: SourceTree; readonly files: readonly TreeEntry[] },
  signal: AbortSignal,
): Promise<readonly Ask[]> {
  const remembered = files.flatMap(({ id }) => known.get(id) ?? []);
  const unknown = new Map(files.filter(({ id }) => !known.has(id)).map((file) => [file.path, file.id]));
  const contents = await readFiles(tree, [...unknown.keys()], signal);
  if (known.size + contents.size > mostKnown) known.clear();
  const learned = [...contents].flatMap(([path, content]) => {
    const asks = scanFile(content);
    known.set(unknown.get(path) ?? path, asks);
    return asks;
  });
  return [...remembered, ...learned];
}

/** Helm evaluates it only where a template reads it on purpose. */
const isProse = (path: string): boolean => /\.md$/i.test(path);

const everything: readonly Ask[] = ['lookup', 'version', 'apis', 'constraint'];

/** What a packed chart asks is not known. */
function scanFile(content: Uint8Array): readonly Ask[] {
  return content[0] === 0x1f ? everything : scan(Buffer.from(content).toString('utf8'));
}

function scan(text: string): readonly Ask[] {
  const asks = new Set<Ask>();
  if (/\blookup\b/.test(text)) asks.add('lookup');
  if (/^["']?kubeVersion\b/m.test(text)) asks.add('constraint');
  for (const [, version] of text.matchAll(/\bCapabilities\b(\.KubeVersion\b)?/g)) {
    asks.add(version === undefined ? 'apis' : 'version');
  }
  return [...asks];
}
