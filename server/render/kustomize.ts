// Runs `kustomize build` on the files that a kustomization needs, with an engine's fields put into it as the engine does.
import { join } from 'node:path';
import { Document } from 'yaml';
import { Hidden } from '../core/hidden.ts';
import type { KustomizeTool, RenderedText, SourceTree, TreeEntry } from '../core/rendering.ts';
import { findClosure, findKustomization } from './closure.ts';
import { explainFailure } from './explain-failure.ts';
import { needTool } from './find-tools.ts';
import type { Job, Method, Workshop } from './job.ts';
import { extend } from './kustomization.ts';
import { listManifests } from './list-manifests.ts';
import { withPrivateTree, type PrivateTree } from './private-tree.ts';
import { Refused, quote } from './refused.ts';
import { joinPath, readFiles } from './tree-paths.ts';
import { fieldsOf, parseFile, type Fields } from './yaml-file.ts';

export const kustomize: Method<KustomizeTool> = {
  inputs: async (job) => {
    const { files, own } = await plan(job);
    return [...files.values(), ...(own === undefined ? [] : [own])].map(({ path, id }) => `${path} ${id}`).sort();
  },
  render: async (job) => {
    const { files, kustomizations, changed } = await plan(job);
    const { tree, part, workshop, signal } = job;
    const paths = [...files.keys()].filter((path) => !kustomizations.has(path));
    const contents = await readFiles(tree, paths, signal);
    return withPrivateTree(workshop.tempDirectory, async (directory) => {
      await directory.write('', contents);
      // What was checked, and not the text: kustomize's YAML knows tags, merge keys and line breaks that ours does not.
      await directory.write('', new Map([...kustomizations].map(([path, fields]) => [path, JSON.stringify(fields)])));
      return build({ workshop, directory, folder: part.path, kustomization: changed, signal });
    });
  },
};

interface KustomizePlan {
  /** All but the path's own kustomization. */
  readonly files: ReadonlyMap<string, TreeEntry>;
  /** Path -> fields of those that are written as files. */
  readonly kustomizations: ReadonlyMap<string, Fields>;
  readonly own: TreeEntry | undefined;
  /** The kustomization to use instead of the path's own. */
  readonly changed: Hidden<string> | undefined;
}

async function plan({ tree, part, tool, signal }: Job<KustomizeTool>): Promise<KustomizePlan> {
  const file = findKustomization(tree, part.path);
  const document = file === undefined ? makeMissing(tree, part.path, tool) : await readOwn(tree, file, signal);
  const name = file ?? joinPath(part.path, 'kustomization.yaml');
  const overlay = tool.overlay?.reveal();
  if (overlay !== undefined) extend(document, withoutMissing(tree, part.path, { overlay, tool }));
  const fields = fieldsOf(name, document);
  const { files, kustomizations } = await findClosure(tree, { folder: part.path, file: name, fields }, signal);
  const own = file === undefined ? undefined : tree.entry(file);
  const isOwn = own !== undefined && overlay === undefined;
  return isOwn
    ? { files, kustomizations: new Map([...kustomizations, [own.path, fields]]), own, changed: undefined }
    : { files, kustomizations, own, changed: new Hidden(JSON.stringify(fields)) };
}

async function readOwn(tree: SourceTree, file: string, signal: AbortSignal): Promise<Document> {
  const contents = await readFiles(tree, [file], signal);
  return parseFile(file, contents.get(file) ?? new Uint8Array());
}

function makeMissing(tree: SourceTree, path: string, { missing }: KustomizeTool): Document {
  if (missing === 'refuse') throw new Refused(`the folder ${quote(path)} has no kustomization.yaml`);
  return new Document({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: listManifests(tree, path),
  });
}

/** Components that are not there may be allowed to be missing. */
function withoutMissing(
  tree: SourceTree,
  path: string,
  { overlay, tool }: { readonly overlay: Fields; readonly tool: KustomizeTool },
): Fields {
  const { components } = overlay;
  if (!tool.ignoreMissingComponents || !Array.isArray(components)) return overlay;
  const isThere = (component: unknown): boolean =>
    typeof component === 'string' && tree.entry(joinPath(path, component)) !== undefined;
  return { ...overlay, components: components.filter(isThere) };
}

export interface Build {
  readonly workshop: Workshop;
  readonly directory: PrivateTree;
  readonly folder: string;
  /** Instead of the one in the folder. */
  readonly kustomization: Hidden<string> | undefined;
  /** More of what kustomize reads behind it, by path below the folder. */
  readonly inputs?: ReadonlyMap<string, Hidden<string>>;
  readonly signal: AbortSignal;
}

/** Kustomize reads the kustomization first, and every file once. */
export async function build({
  workshop,
  directory,
  folder,
  kustomization,
  inputs,
  signal,
}: Build): Promise<RenderedText[]> {
  const { kustomize: own, kubectl } = workshop.tools;
  const program = own ?? kubectl ?? needTool(workshop.tools, 'kustomize');
  const texts = [
    ...(kustomization === undefined ? [] : [['kustomization.yaml', kustomization] as const]),
    ...(inputs ?? []),
  ];
  const pipes = await Promise.all(
    texts.map(async ([path, text]) => ({ path: await directory.place(joinPath(folder, path)), text: text.reveal() })),
  );
  const end = await workshop.run({
    program,
    name: 'kustomize',
    args: [own === undefined ? 'kustomize' : 'build', '--load-restrictor=LoadRestrictionsRootOnly', '.'],
    home: directory.home,
    directory: join(directory.directory, folder),
    pipes,
    signal,
  });
  if (end.code !== 0) throw explainFailure('kustomize', end);
  return [{ path: undefined, text: new Hidden(end.stdout) }];
}
