// The files of a chart and of the charts beside it that it depends on. Nothing is fetched.
import type { HelmTool, SourceTree, TreeEntry } from '../core/rendering.ts';
import type { Job } from './job.ts';
import { Refused, quote } from './refused.ts';
import { filesBelow, findEntry, joinPath, readFiles } from './tree-paths.ts';
import { fieldsOf, parseFile } from './yaml-file.ts';

const deepest = 10;

/** Path in the chart -> file of the tree. */
export type ChartFiles = ReadonlyMap<string, TreeEntry>;

export async function findChart({ tree, part, signal }: Job<HelmTool>): Promise<ChartFiles> {
  const files = new Map<string, TreeEntry>();
  await addChart({ tree, signal, files }, { from: part.path, to: '', depth: 0 });
  return files;
}

interface Search {
  readonly tree: SourceTree;
  readonly signal: AbortSignal;
  readonly files: Map<string, TreeEntry>;
}

interface Place {
  readonly from: string;
  /** '' or a folder of the chart, with a slash. */
  readonly to: string;
  readonly depth: number;
}

async function addChart(search: Search, { from, to, depth }: Place): Promise<void> {
  const { tree, files } = search;
  if (depth > deepest) throw new Refused(`charts depend on each other more than ${deepest} deep`);
  const chart = from === '' ? 'Chart.yaml' : `${from}/Chart.yaml`;
  if (findEntry(tree, chart)?.kind !== 'file') throw new Refused(`there is no chart in the folder ${quote(from)}`);
  const below = filesBelow(tree, from);
  const start = from === '' ? 0 : from.length + 1;
  for (const file of below) files.set(`${to}${file.path.slice(start)}`, file);
  const names = below.map(({ path }) => path.slice(start));
  for (const dependency of await readDependencies(search, chart)) {
    const { name, repository } = dependency;
    if (isPresent(names, name)) continue;
    if (!repository.startsWith('file://')) throw missing(chart, dependency);
    const folder = joinPath(from, repository.slice('file://'.length));
    await addChart(search, { from: folder, to: `${to}charts/${name}/`, depth: depth + 1 });
  }
}

interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

/** In Chart.yaml, or in requirements.yaml for charts of Helm 2. */
async function readDependencies({ tree, signal }: Search, chart: string): Promise<Dependency[]> {
  const old = chart.replace(/Chart\.yaml$/, 'requirements.yaml');
  const paths = [chart, old].filter((path) => tree.entry(path)?.kind === 'file');
  const contents = await readFiles(tree, paths, signal);
  return [...contents].flatMap(([path, content]) => {
    const { dependencies } = fieldsOf(path, parseFile(path, content));
    return Array.isArray(dependencies) ? dependencies.map((one) => readDependency(path, one)) : [];
  });
}

function readDependency(path: string, item: unknown): Dependency {
  const fields = (typeof item === 'object' && item !== null ? item : {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const name = text('name');
  if (!/^[A-Za-z0-9][-.\w]*$/.test(name))
    throw new Refused(`${quote(path)} has a dependency without a proper name`, 'unreadable');
  return { name, version: text('version'), repository: text('repository') };
}

function isPresent(names: readonly string[], dependency: string): boolean {
  return names.some(
    (path) =>
      path === `charts/${dependency}/Chart.yaml` ||
      (path.startsWith(`charts/${dependency}-`) && path.endsWith('.tgz') && path.split('/').length === 2),
  );
}

function missing(chart: string, { name, version }: Dependency): Refused {
  return new Refused(
    `${quote(chart)} depends on ${quote(`${name} ${version}`.trim())}, which is not in charts/; nothing is fetched: commit it with helm dependency build`,
  );
}
