// Plans of one step, and why there is none: one sentence for a person, never with a value.
import type { DeclaredSource, OwnerPlan } from '../server/core/engine.ts';
import type { RenderPlan, RenderRefusal } from '../server/core/rendering.ts';
import type { ChartReason } from './chart.ts';
import type { Problem } from './fields.ts';
import type { DeclaredReason } from './kustomization.ts';

/** Nothing in the tree changes a plan of Flux. */
export function simplePlan(sources: readonly DeclaredSource[], result: RenderPlan | RenderRefusal): OwnerPlan {
  return { sources, overrides: [], finish: () => result };
}

export function refuse(detail: string): RenderRefusal {
  return { kind: 'not-rendered', reason: 'not-rendered', detail };
}

export function refuseProblem({ path, word }: Problem): RenderRefusal {
  const detail = `${path === '' ? 'the resource' : path} cannot be read: ${word}`;
  return { kind: 'not-rendered', reason: 'unreadable', detail };
}

const sentences: Readonly<Record<DeclaredReason | ChartReason, string>> = {
  'oci-artifact': 'its source is an OCI artifact, which is not pulled here',
  bucket: 'its source is a bucket, which is not read here',
  'external-artifact': 'its source is an external artifact, which is not read here',
  'source-unreadable': 'a field of its source cannot be read',
  'url-unusable': 'the URL of its source cannot be used',
  includes: 'its source includes other repositories',
  submodules: 'its source has submodules, which are not read here',
  'no-artifact': 'its source has no artifact yet',
  'artifact-not-a-commit': 'the artifact of its source is no commit',
  'source-unknown': 'its source is not visible',
  'path-unreadable': 'spec.path cannot be read',
  'not-applied': 'nothing was applied yet',
  'applied-no-commit': 'what it applied is no commit',
  'spec-not-applied': 'its spec has changed since it was applied',
  'chart-unreadable': 'its chart cannot be read',
  'helm-repository': 'its chart is in a Helm repository',
  'helm-chart': 'its chart is not in Git',
  'chart-commit-unknown': 'the commit of its chart is unknown',
};

export function explainReason(reason: string): string {
  return Object.hasOwn(sentences, reason) ? sentences[reason as keyof typeof sentences] : reason;
}
