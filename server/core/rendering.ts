// What to render to know what Git declares: the plan that an engine's resource, or a line of the configuration, comes down to.
// Engines' folders make plans, server/render carries them out; neither knows the other.
import type { NotComparable } from './drift.ts';
import type { Hidden } from './hidden.ts';
import type { LeaveRule } from './leave-rule.ts';
import type { ConfigRef } from './object.ts';

/** A commit of a repository. */
export interface TreeRef {
  /** URL without credentials; empty where there is no tree, as for Helm's own record. */
  readonly repository: string;
  /** Commit id: 40 or 64 hex digits; empty without a repository. */
  readonly revision: string;
}

export interface RenderPlan {
  /** Put on namespaced objects that name none. */
  readonly namespace: string;
  /** Of an object that several parts declare, the last part's counts. */
  readonly parts: readonly RenderPart[];
  /** What of it the engine has applied from other revisions than these, or tried to: its content is not known. Absent: nothing. */
  readonly elsewhere?: readonly ConfigRef[];
  /** What of it the engine leaves as it is in the cluster. Absent: nothing. */
  readonly leaves?: readonly LeaveRule[];
}

export interface RenderPart {
  readonly tree: TreeRef;
  /** Folder from the repository's root, without slashes at its ends; '' is the root. */
  readonly path: string;
  readonly tool: Tool;
  readonly substitution: Substitution | undefined;
  /** SOPS documents are decrypted by the engine before they are applied. Without it they are applied as they are. */
  readonly decrypts: boolean;
}

/** `auto`: by the files in the path: Chart.yaml (helm), kustomization.yaml (kustomize), otherwise plain. */
export type Tool = PlainTool | KustomizeTool | HelmTool | AutoTool | ManifestTool;

export interface PlainTool {
  readonly tool: 'plain';
  readonly recurse: boolean;
  /** Globs over the path below the part's own, `{a,b}` allowed (Argo CD's directory options). */
  readonly include: string | undefined;
  readonly exclude: string | undefined;
}

export interface KustomizeTool {
  readonly tool: 'kustomize';
  /** Where no kustomization.yaml is: `list-manifests` makes one of all manifests below the path, as Flux does. */
  readonly missing: 'refuse' | 'list-manifests';
  /** Put on top of the path's own kustomization. Fields are kustomize's own: namespace, namePrefix, patches, images, ... */
  readonly overlay: Hidden<Readonly<Record<string, unknown>>> | undefined;
  /** Components from the part's path; those that are missing are left out when `ignoreMissingComponents`. */
  readonly ignoreMissingComponents: boolean;
}

export interface HelmTool {
  readonly tool: 'helm';
  readonly releaseName: string;
  readonly namespace: string;
  /** Later ones win. */
  readonly values: readonly HelmValues[];
  /** Over all values, in order. */
  readonly parameters: readonly HelmParameter[];
  readonly includeCrds: boolean;
  /** Values that the chart's own schemas refuse are taken. */
  readonly skipSchemaValidation: boolean;
  readonly kubeVersion: string | undefined;
  readonly apiVersions: readonly string[];
  /** Applied to what the chart renders (Flux's postRenderers); undefined: nothing. */
  readonly postRender: KustomizeTool['overlay'];
  readonly cluster: ClusterView;
}

/** What a template sees of the cluster where the chart is installed. */
export type ClusterView =
  /** `helm template` is told of it, and `lookup` finds nothing (Argo CD). */
  | { readonly view: 'told' }
  /** Helm asks it (Flux). `record`: what counts where a chart depends on that; undefined: nothing does. */
  | { readonly view: 'live'; readonly record: ManifestTool | undefined }
  /** One of the two. */
  | { readonly view: 'unknown' };

export type HelmValues =
  /** From the root of `tree`; undefined: of the part's own. `optional`: a missing file is passed over. */
  | { readonly from: 'file'; readonly tree: TreeRef | undefined; readonly path: string; readonly optional: boolean }
  /** YAML text. */
  | { readonly from: 'inline'; readonly text: Hidden<string> }
  | (LiveValue & { readonly from: 'object'; readonly targetPath: string | undefined });

export type HelmParameter =
  | {
      readonly from: 'inline';
      readonly name: string;
      readonly value: Hidden<string>;
      readonly forceString: boolean;
    }
  | { readonly from: 'file'; readonly name: string; readonly tree: TreeRef | undefined; readonly path: string };

/** A key of an object in the cluster. */
export interface LiveValue {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly optional: boolean;
}

export interface AutoTool {
  readonly tool: 'auto';
  readonly plain: PlainTool;
  readonly kustomize: KustomizeTool;
  readonly helm: HelmTool;
}

/** Helm's own record of what it applied: a release Secret in the cluster, for charts that are in no Git repository. */
export interface ManifestTool {
  readonly tool: 'helm-release';
  readonly storageNamespace: string;
  readonly releaseName: string;
  readonly version: number;
}

/** `${name}` after the build, as Flux does it. */
export interface Substitution {
  readonly inline: Hidden<ReadonlyMap<string, string>>;
  /** All keys of each; later ones win, `inline` over all. */
  readonly from: readonly Omit<LiveValue, 'key'>[];
  readonly strategy: 'WithVariables' | 'Always';
}

/** What a plan gave: YAML text that may hold values, so it goes to `declared/` at once and nowhere else. */
export type RenderResult = { readonly kind: 'rendered'; readonly manifests: readonly RenderedText[] } | RenderRefusal;

export interface RenderedText {
  /** File it came from, from the repository's root; undefined when a tool made it. */
  readonly path: string | undefined;
  readonly text: Hidden<string>;
  /** A `${` in it stands for a variable whose value is not known. Absent: it is text like any other. */
  readonly variables?: 'unknown';
  /** The same rendered once more, where that may give something else: what differs is made when it is rendered. */
  readonly again?: Hidden<string>;
}

export interface RenderRefusal {
  readonly kind: 'not-rendered';
  readonly reason: NotComparable;
  /** For a person, one sentence without values: what is missing or refused, and where. */
  readonly detail: string;
}

/** The port to server/render, one part at a time. Throws `git-*` and `api-*` of its ports, `render-failed`, and the signal's reason. */
export interface Renderer {
  /** What the result depends on, as text: the tool and its options, tree and blob ids, versions of live values. Equal text, equal result. */
  identify(part: RenderPart, ports: RenderPorts, signal: AbortSignal): Promise<string>;
  render(part: RenderPart, ports: RenderPorts, signal: AbortSignal): Promise<RenderResult>;
}

export interface RenderPorts {
  readonly trees: (ref: TreeRef, signal: AbortSignal) => Promise<SourceTree>;
  /** The data of a ConfigMap or Secret; undefined when there is none. Throws `api-*`. */
  readonly live: (object: Omit<LiveValue, 'key' | 'optional'>, signal: AbortSignal) => Promise<LiveData | undefined>;
  /** Of the cluster that is compared, not older than a minute. Throws `api-*`. */
  readonly cluster: (signal: AbortSignal) => Promise<ClusterFacts>;
}

export interface ClusterFacts {
  /** `v1.36.3-eks-1234`: `gitVersion` of GET /version. */
  readonly kubeVersion: string;
  /** `apps/v1` and `apps/v1/Deployment`, of all kinds that can be listed and watched; sorted. */
  readonly apiVersions: readonly string[];
  /** More of them that an extension API server serves, when it answers. */
  readonly uncertain: readonly string[];
}

export interface LiveData {
  readonly resourceVersion: string;
  readonly data: Hidden<ReadonlyMap<string, string>>;
}

export interface TreeEntry {
  /** From the repository's root, with slashes. */
  readonly path: string;
  /** Links and submodules are listed, so that they can be refused, and never followed. */
  readonly kind: 'file' | 'symlink' | 'submodule' | 'folder';
  /** Blob or tree id. */
  readonly id: string;
}

/** One commit's files. Listing costs no request; contents are fetched when read, those asked for together in one request. */
export interface SourceTree {
  readonly ref: TreeRef;
  /** Undefined: there is none. '' is the root. */
  entry(path: string): TreeEntry | undefined;
  /** All below a folder, at any depth, sorted by path; '' is the root. Empty when there is no such folder. */
  below(path: string): readonly TreeEntry[];
  /** The files at these paths. Throws `git-*`; a path that is no file is a bug. */
  read(paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** The port to server/git for reading. Throws `git-*`. */
export interface SourceTrees {
  open(ref: TreeRef, signal: AbortSignal): Promise<SourceTree>;
  /** The commit of a branch, tag, `HEAD` or full commit id. */
  resolve(repository: string, ref: string, signal: AbortSignal): Promise<string>;
}
