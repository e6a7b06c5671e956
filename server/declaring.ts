// From an owner's plan to what it declares: opens the source trees, has the parts rendered, reduces them to digests, and
// remembers each part by what it depends on, so that a commit that touches another path renders nothing.
import { createHash } from 'node:crypto';
import type { DeclaredConfig, DeclaredWorkload, Declaration } from './core/declaration.ts';
import type { DigestKey } from './core/digest.ts';
import { declareUnknown } from './core/drift.ts';
import type { DeclaredSource, OverrideFile, OwnerPlan } from './core/engine.ts';
import { LockstepError } from './core/errors.ts';
import { objectKey } from './core/object.ts';
import type {
  Renderer,
  RenderPart,
  RenderPlan,
  RenderPorts,
  RenderRefusal,
  SourceTree,
  SourceTrees,
  TreeRef,
} from './core/rendering.ts';
import { createMemory, createRefusals, rememberedMost, type PartDeclared } from './declared-memory.ts';
import { readDeclaration } from './declared/rendered.ts';

export interface Declaring {
  /** Throws only the signal's reason, and bugs. */
  declare(plan: OwnerPlan, signal: AbortSignal): Promise<Declared>;
  /** Parts rendered since the start; the rest was remembered. */
  rendered(): number;
}

export type Declared =
  | { readonly kind: 'declared'; readonly declaration: Declaration; readonly sources: readonly DeclaredSource[] }
  | RenderRefusal
  /** A remote or the API server did not give what is needed: `git-*` or `api-*`. */
  | { readonly kind: 'failed'; readonly error: LockstepError };

export interface DeclaringPorts {
  readonly trees: SourceTrees;
  readonly renderer: Renderer;
  readonly live: RenderPorts['live'];
  readonly cluster: RenderPorts['cluster'];
  readonly key: DigestKey;
  /** Clock (ms). */
  readonly now: () => number;
  /** How much is remembered, as `rememberedMost` counts. */
  readonly most?: number;
}

export function createDeclaring({
  trees,
  renderer,
  live,
  cluster,
  key,
  now,
  most = rememberedMost,
}: DeclaringPorts): Declaring {
  const remembered = createMemory(most);
  const refusals = createRefusals(now);
  const open: RenderPorts['trees'] = async (ref, signal) =>
    ref.repository === '' ? emptyTree(ref) : trees.open(ref, signal);
  const ports: RenderPorts = { trees: open, live, cluster };
  let renders = 0;
  const declarePart = async (part: RenderPart, namespace: string, signal: AbortSignal): Promise<PartDeclared> => {
    const name = digestText(namespace, await renderer.identify(part, ports, signal));
    const known = remembered.get(name) ?? refusals.get(name);
    if (known !== undefined) return known;
    renders++;
    const result = await renderer.render(part, ports, signal);
    if (result.kind === 'not-rendered') {
      refusals.set(name, result);
      return result;
    }
    // What the renderer could not substitute is marked by itself.
    const declaration = readDeclaration(result.manifests, { namespace, key, variables: 'none' });
    const made = { kind: 'declared', declaration } as const;
    remembered.set(name, made);
    return made;
  };
  return {
    rendered: () => renders,
    async declare(owner, signal) {
      try {
        const plan = owner.finish(await readOverrides(owner.overrides, ports, signal));
        if ('kind' in plan) return plan;
        return await declareParts(plan, { declarePart, sources: owner.sources, signal });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof LockstepError)) throw error;
        return { kind: 'failed', error };
      }
    },
  };
}

/** Of a part that is in no repository: Helm's own record of a release. */
function emptyTree(ref: TreeRef): SourceTree {
  return { ref, entry: () => undefined, below: () => [], read: async () => new Map() };
}

interface Work {
  readonly declarePart: (part: RenderPart, namespace: string, signal: AbortSignal) => Promise<PartDeclared>;
  readonly sources: readonly DeclaredSource[];
  readonly signal: AbortSignal;
}

/** What one part does not tell may be in any object of the owner, so a refusal is the owner's. */
async function declareParts(plan: RenderPlan, { declarePart, sources, signal }: Work): Promise<Declared> {
  const parts = await Promise.all(plan.parts.map((part) => declarePart(part, plan.namespace, signal)));
  const configs = new Map<string, DeclaredConfig>();
  const workloads = new Map<string, DeclaredWorkload>();
  const problems: string[] = [];
  for (const part of parts) {
    if (part.kind === 'not-rendered') return part;
    for (const [key, config] of part.declaration.configs) configs.set(key, config);
    for (const [key, workload] of part.declaration.workloads) workloads.set(key, workload);
    problems.push(...part.declaration.problems);
  }
  for (const key of (plan.elsewhere ?? []).map(objectKey)) {
    const config = configs.get(key);
    if (config !== undefined) configs.set(key, { ...config, content: declareUnknown('partly-applied') });
  }
  const { leaves } = plan;
  const declaration = { configs, workloads, problems, ...(leaves === undefined ? {} : { leaves }) };
  return { kind: 'declared', declaration, sources };
}

async function readOverrides(
  overrides: readonly OverrideFile[],
  ports: RenderPorts,
  signal: AbortSignal,
): Promise<readonly (OverrideFile & { readonly text: string })[]> {
  const found = await Promise.all(
    overrides.map(async (override) => {
      const tree = await ports.trees(override.tree, signal);
      if (tree.entry(override.path)?.kind !== 'file') return [];
      return [{ ...override, text: await readText(tree, override.path, signal) }];
    }),
  );
  return found.flat();
}

async function readText(tree: SourceTree, path: string, signal: AbortSignal): Promise<string> {
  const files = await tree.read([path], signal);
  return Buffer.from(files.get(path) ?? []).toString('utf8');
}

function digestText(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest('base64url');
}
