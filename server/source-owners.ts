// The sources of the configuration as owners: what somebody applies from CI is what the head of its branch declares.
import type { SourceConfig } from './config-file.ts';
import type { OwnerPlan, OwnerRef } from './core/engine.ts';
import type { AutoTool, RenderPlan, SourceTrees, Tool } from './core/rendering.ts';
import type { PlannedOwner } from './diff-owners.ts';

/** One for each source. Its plan throws `git-*` when the branch cannot be found. */
export function planSources(sources: readonly SourceConfig[], trees: Pick<SourceTrees, 'resolve'>): PlannedOwner[] {
  return sources.map((source) => ({
    owner: ownerOf(source),
    plan: async ({ revisions }, signal) => {
      const { repository, branch } = source;
      const revision = revisions.get(repository) ?? (await trees.resolve(repository, branch, signal));
      return planSource(source, revision);
    },
  }));
}

export function ownerOf({ namespace, name }: SourceConfig): OwnerRef {
  return { engine: 'none', kind: 'source', namespace, name };
}

export function planSource(source: SourceConfig, revision: string): OwnerPlan {
  const { repository, path, namespace, renderer } = source;
  const part = { tree: { repository, revision }, path, tool: toolOf(source), substitution: undefined, decrypts: false };
  const plan: RenderPlan = { namespace, parts: [part] };
  return { sources: [{ repository, revision, path, renderer }], overrides: [], finish: () => plan };
}

function toolOf({ name, namespace, renderer }: SourceConfig): Tool {
  const tools: Omit<AutoTool, 'tool'> = {
    plain: { tool: 'plain', recurse: true, include: undefined, exclude: undefined },
    kustomize: { tool: 'kustomize', missing: 'refuse', overlay: undefined, ignoreMissingComponents: false },
    helm: {
      tool: 'helm',
      releaseName: name,
      namespace,
      values: [],
      parameters: [],
      includeCrds: false,
      skipSchemaValidation: false,
      kubeVersion: undefined,
      apiVersions: [],
      postRender: undefined,
      // By `helm upgrade`, or by `helm template` and kubectl.
      cluster: { view: 'unknown' },
    },
  };
  return renderer === 'auto' ? { tool: 'auto', ...tools } : tools[renderer];
}
