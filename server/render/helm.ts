// Runs `helm template` on a chart of the repository, Helm 3 or 4, and kustomize over what it prints where Flux does.
import { Hidden } from '../core/hidden.ts';
import type { HelmTool, RenderedText } from '../core/rendering.ts';
import { findChart } from './chart.ts';
import { explainFailure } from './explain-failure.ts';
import { readValues } from './helm-values.ts';
import { needTool, type Job, type Method } from './job.ts';
import { listNamed } from './kustomization.ts';
import { build } from './kustomize.ts';
import { withPipes } from './pipes.ts';
import { withPrivateTree, type PrivateTree } from './private-tree.ts';
import { Refused } from './refused.ts';
import { readFiles } from './tree-paths.ts';

export const helm: Method<HelmTool> = {
  inputs: async (job) => {
    const [files, { inputs }] = [await findChart(job), await readValues(job)];
    return [...[...files].map(([path, { id }]) => `${path} ${id}`), ...inputs];
  },
  render: async (job) => {
    const { tool, tree, workshop, signal } = job;
    needTool(workshop, 'helm');
    const files = await findChart(job);
    const paths = [...new Set([...files.values()].map(({ path }) => path))];
    const contents = await readFiles(tree, paths, signal);
    const chart = new Map([...files].map(([path, entry]) => [path, contents.get(entry.path) ?? new Uint8Array()]));
    return withPrivateTree(workshop.tempDirectory, async (directory) => {
      await directory.write('chart', chart);
      const text = await template(job, directory);
      return tool.postRender === undefined ? [{ path: undefined, text }] : postRender(job, directory, text);
    });
  },
};

async function template(job: Job<HelmTool>, directory: PrivateTree): Promise<Hidden<string>> {
  const { tool, workshop, signal } = job;
  const { documents } = await readValues(job);
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
    ...(tool.kubeVersion === undefined ? [] : [`--kube-version=${tool.kubeVersion}`]),
    ...tool.apiVersions.map((version) => `--api-versions=${version}`),
    ...pipes.map(({ path }) => `--values=${path}`),
    '--',
    tool.releaseName,
    './chart',
  ];
  const program = needTool(workshop, 'helm');
  const end = await withPipes(workshop, pipes, () =>
    workshop.run({ program, name: 'helm', args, home: directory.home, directory: directory.directory, signal }),
  );
  if (end.code !== 0) throw explainFailure('helm', end);
  return new Hidden(end.stdout);
}

/** What the chart gave may hold values: it goes to kustomize through a pipe, as does the kustomization. */
function postRender(
  { tool, workshop, signal }: Job<HelmTool>,
  directory: PrivateTree,
  text: Hidden<string>,
): Promise<RenderedText[]> {
  const overlay = tool.postRender?.reveal() ?? {};
  const named = listNamed('postRenderers', overlay);
  if (named.length > 0) throw new Refused('a post-renderer names files, and there are none');
  const kustomization = new Hidden(JSON.stringify({ ...overlay, resources: ['rendered.yaml'] }));
  return build({
    workshop,
    directory,
    folder: 'post',
    kustomization,
    inputs: new Map([['rendered.yaml', text]]),
    signal,
  });
}
