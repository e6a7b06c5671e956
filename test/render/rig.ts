// A renderer over a tree in memory, and what it gives.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hidden } from '../../server/core/hidden.ts';
import type {
  ClusterFacts,
  LiveData,
  RenderPart,
  RenderPorts,
  RenderResult,
  SourceTree,
  Tool,
} from '../../server/core/rendering.ts';
import { createRenderer, type RendererOptions } from '../../server/render/renderer.ts';
import { fakeRef, fakeTree, type FakeFile } from '../fakes/source-tree.ts';

export interface Live {
  readonly [object: string]: Readonly<Record<string, string>>;
}

export interface Setting {
  readonly files: Readonly<Record<string, FakeFile>>;
  /** By the URL of the repository. */
  readonly others?: Readonly<Record<string, Readonly<Record<string, FakeFile>>>>;
  /** `Secret/ns/name` -> data. */
  readonly live?: Live;
  /** An error is thrown. */
  readonly cluster?: ClusterFacts | Error;
  readonly options?: Partial<RendererOptions>;
  readonly signal?: AbortSignal;
}

export const plainTool = {
  tool: 'plain',
  recurse: false,
  include: undefined,
  exclude: undefined,
} as const satisfies Tool;
export const kustomizeTool = {
  tool: 'kustomize',
  missing: 'refuse',
  overlay: undefined,
  ignoreMissingComponents: false,
} as const satisfies Tool;
export const helmTool = {
  tool: 'helm',
  releaseName: 'shop',
  namespace: 'shop',
  values: [],
  parameters: [],
  includeCrds: true,
  skipSchemaValidation: false,
  kubeVersion: undefined,
  apiVersions: [],
  postRender: undefined,
  cluster: { view: 'told' },
} as const satisfies Tool;

export function part(tool: Tool, more: Partial<RenderPart> = {}): RenderPart {
  return { tree: fakeRef, path: 'app', tool, substitution: undefined, decrypts: false, ...more };
}

export const facts: ClusterFacts = {
  kubeVersion: 'v1.31.4',
  apiVersions: ['apps/v1', 'apps/v1/Deployment', 'v1', 'v1/Secret'],
  uncertain: [],
};

export function portsOf({ files, others = {}, live = {}, cluster = facts }: Setting): RenderPorts {
  const own = fakeTree(files);
  return {
    cluster: async () => {
      if (cluster instanceof Error) throw cluster;
      return cluster;
    },
    trees: async (ref): Promise<SourceTree> =>
      ref.repository === fakeRef.repository ? own : fakeTree(others[ref.repository] ?? {}, ref),
    live: async ({ kind, namespace, name }): Promise<LiveData | undefined> => {
      const data = live[`${kind}/${namespace}/${name}`];
      return data === undefined
        ? undefined
        : { resourceVersion: String(JSON.stringify(data).length), data: new Hidden(new Map(Object.entries(data))) };
    },
  };
}

/** Renders in a temporary directory of its own, which must be empty afterwards. */
export async function render(one: RenderPart, setting: Setting): Promise<RenderResult> {
  return withRenderer(setting, (renderer, signal) => renderer.render(one, portsOf(setting), signal));
}

export async function identify(one: RenderPart, setting: Setting): Promise<string> {
  return withRenderer(setting, (renderer, signal) => renderer.identify(one, portsOf(setting), signal));
}

/** One for several questions. */
export async function withRenderer<T>(
  { options, signal = AbortSignal.timeout(60_000) }: Setting,
  use: (renderer: ReturnType<typeof createRenderer>, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tempDirectory = await mkdtemp(join(tmpdir(), 'render-test-'));
  const settings = { tools: {}, ageKeyFile: undefined, tempDirectory, identityKey: Buffer.alloc(32), ...options };
  try {
    return await use(createRenderer(settings), signal);
  } finally {
    assert.deepEqual(readdirSync(tempDirectory), [], 'nothing is left behind');
    await rm(tempDirectory, { recursive: true, force: true });
  }
}

export function textOf(result: RenderResult): string {
  if (result.kind === 'not-rendered') assert.fail(`${result.reason}: ${result.detail}`);
  return result.manifests.map(({ text }) => text.reveal()).join('\n---\n');
}

export function refusalOf(result: RenderResult): string {
  if (result.kind === 'rendered') assert.fail('it was rendered');
  return `${result.reason}: ${result.detail}`;
}
