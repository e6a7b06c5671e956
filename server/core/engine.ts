// The port to an engine: what its resources in the cluster say, translated. argocd/ and flux/ implement it without any I/O;
// server/registry.ts lists them.
import type { Owner } from './producer.ts';
import type { RenderPlan, RenderRefusal, TreeRef } from './rendering.ts';

export type EngineName = 'argocd' | 'flux';

/** Who declares objects: an engine's resource, or a source of Lockstep's own configuration (engine `none`, kind `source`). */
export interface OwnerRef {
  readonly engine: EngineName | 'none';
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface EngineRef extends OwnerRef {
  readonly engine: EngineName;
}

/** `Kustomization flux-system/apps`, `source shop/ci` */
export function describeEngineRef({ kind, namespace, name }: OwnerRef): string {
  return `${kind} ${namespace}/${name}`;
}

export function isSameOwner(a: EngineRef, b: EngineRef): boolean {
  return a.engine === b.engine && a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

export interface DeclaredSource {
  readonly repository: string;
  readonly revision: string | undefined;
  readonly path: string | undefined;
  readonly renderer: 'plain' | 'kustomize' | 'helm' | 'auto' | 'unknown';
  readonly reason?: string;
}

export type Ownership =
  /** `heals`: by itself the owner takes back what others write into what it declares; absent: it does not. */
  | { readonly kind: 'owned'; readonly owner: EngineRef; readonly by: string; readonly heals?: true }
  | { readonly kind: 'unconfirmed'; readonly owner: EngineRef; readonly reason: string }
  | { readonly kind: 'not-owned' };

/** What a live object says about who owns it: those of its labels and annotations that engines write. */
export interface OwnershipMarks {
  /** '' is the core group. */
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
}

/** A resource of an engine that is watched. */
export interface EngineResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  /** Only the object of this name: settings in a ConfigMap. */
  readonly name?: string;
  /** Only objects with this label (`key=value`). */
  readonly labelSelector?: string;
}

export interface EngineOptions {
  /** Where the engine keeps its own settings: `argocd`, `flux-system`. */
  readonly namespace: string;
  /** It runs in this cluster, so that what it calls in-cluster is here. */
  readonly runsHere: boolean;
  /** Names and servers under which it knows this cluster, beside in-cluster. */
  readonly clusterNames: readonly string[];
  readonly clusterServers: readonly string[];
}

export interface Engine {
  readonly name: EngineName;
  readonly resources: readonly EngineResource[];
  open(options: EngineOptions): EngineView;
}

/** All that one engine's resources say. Filled by watches, or by lists. */
export interface EngineView {
  /** Takes an object as the API server gives it. Answers with the owners of which anything may have changed. Never throws. */
  put(resource: EngineResource, object: unknown): readonly EngineRef[];
  remove(resource: EngineResource, namespace: string, name: string): readonly EngineRef[];
  ownerOf(marks: OwnershipMarks): Ownership;
  /** Those whose objects are in this cluster; or `elsewhere`: those that name another one, about which nothing more is said. */
  owners(where?: 'elsewhere'): readonly EngineRef[];
  /** Undefined: there is no such owner here. */
  plan(owner: EngineRef, options: PlanOptions): OwnerPlan | undefined;
  /** Whether the owner is about to write, or is writing, a workload that it owns (RESTART-PROTOCOL.md rule 11). */
  progressOf(owner: EngineRef, workload: Pick<OwnershipMarks, 'group' | 'kind' | 'namespace' | 'name'>): EngineProgress;
}

export interface PlanOptions {
  /** By URL of the repository: commits to render instead of the applied ones. */
  readonly revisions: ReadonlyMap<string, string>;
}

export interface OwnerPlan {
  /** For a person: where it is declared, also when it cannot be rendered. */
  readonly sources: readonly DeclaredSource[];
  /** Files that change the plan itself, if they are there (Argo CD's `.argocd-source.yaml`). */
  readonly overrides: readonly OverrideFile[];
  /** `texts`: of the overrides that are there, in their order. */
  finish(texts: readonly (OverrideFile & { readonly text: string })[]): RenderPlan | RenderRefusal;
}

export interface OverrideFile {
  readonly tree: TreeRef;
  readonly path: string;
}

export type EngineProgress =
  | { readonly kind: 'idle' }
  /** Reason: `syncing`, `revision-not-attempted`, ... */
  | {
      readonly kind: 'on-its-way';
      readonly reason: string;
      /** How long drift is not told for it (ms); undefined: as long as a restart waits for an engine. */
      readonly until?: number;
    };

/** A resource of an engine that is not known: what it would say is missing from every answer. */
export interface EngineGap {
  readonly engine: EngineName;
  readonly kind: string;
  /** `kustomizations.kustomize.toolkit.fluxcd.io` */
  readonly resource: string;
  /** not-served: the cluster has no such resource; not-listed: not read yet, or its list does not come. */
  readonly reason: 'forbidden' | 'not-served' | 'not-listed';
}
