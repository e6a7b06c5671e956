// The ways to render, by tool.
import type { HelmTool, KustomizeTool, ManifestTool, PlainTool } from '../core/rendering.ts';
import { helm } from './helm.ts';
import { helmRelease } from './helm-release.ts';
import type { Method } from './job.ts';
import { kustomize } from './kustomize.ts';
import { plain } from './plain.ts';

export const methods: {
  readonly plain: Method<PlainTool>;
  readonly kustomize: Method<KustomizeTool>;
  readonly helm: Method<HelmTool>;
  readonly 'helm-release': Method<ManifestTool>;
} = { plain, kustomize, helm, 'helm-release': helmRelease };
