// A folder of manifests as they are: Argo CD's directory applications, and what people apply with kubectl.
import { Hidden } from '../core/hidden.ts';
import type { PlainTool, RenderedText, SourceTree, TreeEntry } from '../core/rendering.ts';
import type { Job, Method } from './job.ts';
import { decodeText } from '../declared/read.ts';
import { compileGlob } from './glob.ts';
import { Refused, quote } from './refused.ts';
import { filesBelow, findEntry, readFiles } from './tree-paths.ts';

const manifestFile = /\.(?:ya?ml|json|jsonnet)$/;
/** Argo CD passes over a file that holds this anywhere. */
const skipMark = '+argocd:skip-file-rendering';

/** The manifests that count, in order. */
export function listPlain(tree: SourceTree, path: string, options: PlainTool): TreeEntry[] {
  const entry = findEntry(tree, path);
  if (entry?.kind === 'file') return [entry];
  if (entry === undefined) throw new Refused(`there is no folder ${quote(path)}`);
  const include = compileGlob(options.include ?? '*');
  const exclude = options.exclude === undefined ? undefined : compileGlob(options.exclude);
  const start = path === '' ? 0 : path.length + 1;
  return filesBelow(tree, path).filter((file) => {
    const below = file.path.slice(start);
    if (!manifestFile.test(below) || (!options.recurse && below.includes('/'))) return false;
    return options.exclude !== undefined && exclude?.(below) === true ? false : include(below);
  });
}

export const plain: Method<PlainTool> = {
  inputs: async ({ tree, part, tool }) => listPlain(tree, part.path, tool).map(({ path, id }) => `${path} ${id}`),
  render: renderPlain,
};

async function renderPlain({ tree, part, tool, signal }: Job<PlainTool>): Promise<RenderedText[]> {
  const files = listPlain(tree, part.path, tool);
  const jsonnet = files.find((file) => file.path.endsWith('.jsonnet'));
  if (jsonnet !== undefined) throw new Refused(`${quote(jsonnet.path)} is jsonnet, which is not rendered here`);
  const contents = await readFiles(
    tree,
    files.map((file) => file.path),
    signal,
  );
  return [...contents].flatMap(([file, content]): RenderedText[] => {
    const text = decodeText(content);
    if (text === undefined) throw new Refused(`${quote(file)} is not UTF-8`, 'unreadable');
    return text.includes(skipMark) ? [] : [{ path: file, text: new Hidden(text) }];
  });
}
