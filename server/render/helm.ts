// Runs `helm template` on a chart of the repository, Helm 3 or 4, and kustomize over what it prints where Flux does.
import { Hidden } from '../core/hidden.ts';
import type { HelmTool } from '../core/rendering.ts';
import { findChart } from './chart.ts';
import { listAsks } from './chart-asks.ts';
import { chooseWay, type Reading } from './cluster-view.ts';
import { explainFailure } from './explain-failure.ts';
import { needTool } from './find-tools.ts';
import { helmRelease } from './helm-release.ts';
import { readValues, type ValuesDocument } from './helm-values.ts';
import type { Job, Method } from './job.ts';
import { listNamed } from './kustomization.ts';
import { build } from './kustomize.ts';
import { withPrivateTree, type PrivateTree } from './private-tree.ts';
import { Refused } from './refused.ts';
import { chooseValidation } from './schema.ts';
import { readFiles } from './tree-paths.ts';

export const helm: Method<HelmTool> = {
  inputs: async (job) => {
    const { files, inputs, way } = await survey(job);
    const more =
      way.by === 'record' ? await helmRelease.inputs({ ...job, tool: way.record }) : [JSON.stringify(way.readings)];
    return [...[...files].map(([path, { id }]) => `${path} ${id}`), ...inputs, ...more];
  },
  render: async (job) => {
    const { tree, workshop, signal } = job;
    const { files, documents, way } = await survey(job);
    if (way.by === 'record') return helmRelease.render({ ...job, tool: way.record });
    needTool(workshop.tools, 'helm');
    const paths = [...new Set([...files.values()].map(({ path }) => path))];
    const contents = await readFiles(tree, paths, signal);
    const chart = new Map([...files].map(([path, entry]) => [path, contents.get(entry.path) ?? new Uint8Array()]));
    const [reading, other] = way.readings;
    const text = await renderOnce(job, { chart, documents, reading });
    const sources = [...chart.values(), ...documents.map((document) => document.text.reveal())];
    if (other === undefined && !mayDiffer(sources)) return [{ path: undefined, text }];
    return [{ path: undefined, text, again: await renderOnce(job, { chart, documents, reading: other ?? reading }) }];
  },
};

async function survey(job: Job<HelmTool>) {
  const files = await findChart(job);
  const values = await readValues(job);
  const { tree, workshop, signal } = job;
  const asks = await listAsks(workshop.asks, { tree, files, documents: values.documents }, signal);
  return { files, ...values, way: await chooseWay(job, asks) };
}

/** Functions that give something else each time. What a packed chart calls is not known. */
const unstable = /\b(?:rand[A-Z]\w*|gen[A-Z]\w*|uuidv4|now|ago|htpasswd|bcrypt|encryptAES|shuffle)\b/;
const packed = (source: string | Uint8Array): boolean => typeof source !== 'string' && source[0] === 0x1f;

function mayDiffer(sources: readonly (string | Uint8Array)[]): boolean {
  return sources.some((source) => packed(source) || unstable.test(Buffer.from(source).toString('utf8')));
}

interface Ingredients {
  readonly chart: ReadonlyMap<string, Uint8Array>;
  readonly documents: readonly ValuesDocument[];
  readonly reading: Reading;
}

function renderOnce(job: Job<HelmTool>, { chart, documents, reading }: Ingredients): Promise<Hidden<string>> {
  return withPrivateTree(job.workshop.tempDirectory, async (directory) => {
    await directory.write('chart', chart);
    const validation = job.tool.skipSchemaValidation ? 'skip' : chooseValidation(chart);
    const text = await template(job, directory, { documents, reading, validation });
    return job.tool.postRender === undefined ? text : postRender(job, directory, text);
  });
}

async function template(
  { tool, workshop, signal }: Job<HelmTool>,
  directory: PrivateTree,
  { documents, reading, validation }: Omit<Ingredients, 'chart'> & { readonly validation: 'validate' | 'skip' },
): Promise<Hidden<string>> {
  const pipes = await Promise.all(
    documents.map(async ({ text }, index) => ({
      path: await directory.place(`values/${index}.yaml`),
      text: text.reveal(),
    })),
  );
  const args = [
    'template',
    `--namespace=${tool.namespace}`,
    ...(tool.includeCrds ? ['--include-crds'] : []),
    ...(validation === 'skip' ? ['--skip-schema-validation'] : []),
    ...(reading.kubeVersion === undefined ? [] : [`--kube-version=${reading.kubeVersion}`]),
    // Linux takes two megabytes of arguments: a large cluster's thousand kinds are 80 KB.
    ...reading.apiVersions.map((version) => `--api-versions=${version}`),
    ...pipes.map(({ path }) => `--values=${path}`),
    '--',
    tool.releaseName,
    './chart',
  ];
  const end = await workshop.run({
    program: needTool(workshop.tools, 'helm'),
    name: 'helm',
    args,
    home: directory.home,
    directory: directory.directory,
    pipes,
    signal,
  });
  if (end.code !== 0) throw explainFailure('helm', end);
  return new Hidden(end.stdout);
}

/** What the chart gave may hold values: it goes to kustomize through a pipe, as does the kustomization. */
async function postRender(
  { tool, workshop, signal }: Job<HelmTool>,
  directory: PrivateTree,
  text: Hidden<string>,
): Promise<Hidden<string>> {
  const overlay = tool.postRender?.reveal() ?? {};
  const named = listNamed('postRenderers', overlay);
  if (named.length > 0) throw new Refused('a post-renderer names files, and there are none');
  const kustomization = new Hidden(JSON.stringify({ ...overlay, resources: ['rendered.yaml'] }));
  const built = await build({
    workshop,
    directory,
    folder: 'post',
    kustomization,
    inputs: new Map([['rendered.yaml', text]]),
    signal,
  });
  return new Hidden(built.map((part) => part.text.reveal()).join(''));
}
