// One case of test/golden/sources: repositories, what the cluster holds, and what must be answered. See README.md there.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { NotComparable } from '../../server/core/drift.ts';
import type { TreeRef } from '../../server/core/rendering.ts';

export interface Case {
  /** `13-kustomize-overlay` */
  readonly name: string;
  readonly setup: Setup;
  /** By folder (`tree`, `tree-charts`), then by path. */
  readonly trees: ReadonlyMap<string, Files>;
  readonly engine: readonly ApiObject[];
  readonly live: readonly ApiObject[];
  readonly release: ReleaseRecord | undefined;
  readonly expected: Expected;
}

export type Files = ReadonlyMap<string, Uint8Array>;

/** case.yaml */
export interface Setup {
  readonly title: string;
  /** A configured source, for cases without an engine. */
  readonly source?: { readonly path: string; readonly namespace: string; readonly renderer: 'plain' | 'kustomize' };
  /** What it serves beside what every cluster does. */
  readonly cluster?: { readonly kubeVersion: string; readonly apiVersions: readonly string[] };
  /** Files that are encrypted before the case runs; `lost`: with a key that nobody has. */
  readonly sops?: { readonly files: readonly string[]; readonly regex: string; readonly key: 'held' | 'lost' };
  /** By owner: how the tools are called by hand to get the same objects. */
  readonly direct?: Readonly<Record<string, readonly DirectCall[]>>;
}

/** `files` are put beside the trees first. Paths start with the name of a tree's folder. */
export type DirectCall = { readonly files?: Readonly<Record<string, string>> } & (
  | { readonly kustomize: string }
  | { readonly helm: readonly string[] }
);

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly apiVersion: string; readonly kind: string; readonly name: string }[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly immutable?: boolean;
}

/** helm-release.yaml: what Helm has recorded of a release. */
export interface ReleaseRecord {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly manifest: string;
}

/** expected.yaml */
export interface Expected {
  /** Owners of which nothing can be rendered, and why. */
  readonly refused?: Readonly<Record<string, NotComparable>>;
  /** By `objectKey`; none but these. */
  readonly objects: Readonly<Record<string, Row>>;
}

export interface Row {
  /** `Application argocd/web`, `unconfirmed <owner>: <reason>`, `configured` or `none`. */
  readonly owner: string;
  readonly answer: 'equal' | 'different' | 'not-comparable' | 'missing' | 'not-declared';
  /** The reason stands for the answer of a key that is not comparable. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly fields?: readonly string[];
  readonly reasons?: readonly string[];
}

export const folder = join(import.meta.dirname, 'sources');
/** Every tree is at this commit. */
export const revision = '8f2c41d09be7a65310cde8f74b2a96d1e0537f42';

/** `tree-charts` is the repository `charts`, `tree` is `fleet`. */
export function treeRef(name: string): TreeRef {
  const word = name === 'tree' ? 'fleet' : name.slice('tree-'.length);
  return { repository: `https://git.example.com/platform/${word}.git`, revision };
}

export function listCases(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^\d\d-/.test(name))
    .sort();
}

export function readCase(name: string): Case {
  const at = join(folder, name);
  const names = readdirSync(at);
  const text = (file: string): string => (names.includes(file) ? readFileSync(join(at, file), 'utf8') : '');
  const documents = (file: string): ApiObject[] =>
    parseAllDocuments(text(file)).flatMap((document) => {
      const value = document.toJS() as ApiObject | null;
      return value === null ? [] : [value];
    });
  return {
    name,
    setup: parse(text('case.yaml')) as Setup,
    trees: new Map(names.filter((entry) => /^tree(-|$)/.test(entry)).map((entry) => [entry, readFiles(join(at, entry))])),
    engine: documents('engine.yaml'),
    live: documents('live.yaml'),
    release: (parse(text('helm-release.yaml')) ?? undefined) as ReleaseRecord | undefined,
    expected: parse(text('expected.yaml')) as Expected,
  };
}

function readFiles(root: string): Files {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(root.length + 1), readFileSync(path)];
    }),
  );
}
