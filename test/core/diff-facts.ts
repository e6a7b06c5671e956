// Facts for the tests of comparisons and previews: config objects that are live and declared, by their values.
import type { WriterFacts } from '../../server/core/attribution.ts';
import type { DeclaredConfig } from '../../server/core/declaration.ts';
import type { DiffConfig, DiffFacts } from '../../server/core/diff.ts';
import type { DiffOwner } from '../../server/core/diff-declared.ts';
import { digestValues, type ContentDigests, type DigestKey } from '../../server/core/digest.ts';
import type { NotComparable } from '../../server/core/drift.ts';
import type { EngineRef, Ownership } from '../../server/core/engine.ts';
import type { ExplainedWorkload } from '../../server/core/explain.ts';
import type { LeaveRule } from '../../server/core/leave-rule.ts';
import { objectKey, type ConfigKind, type ConfigRef } from '../../server/core/object.ts';
import type { Reference } from '../../server/core/references.ts';
import type { Annotations } from '../../server/core/annotations.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { unremarkable } from './seen.ts';

export const key: DigestKey = { id: 'k1', secret: Buffer.alloc(32, 7) };
export type Values = Readonly<Record<string, string>>;

export const refOf = (name: string, kind: ConfigKind = 'ConfigMap', namespace = 'shop'): ConfigRef => ({
  kind,
  namespace,
  name,
});

export function digestsOf(ref: ConfigRef, values: Values): ContentDigests {
  const inputs = Object.entries(values).map(([dataKey, value]) => {
    return { dataKey, field: 'data', value: Buffer.from(value) } as const;
  });
  return digestValues(ref, inputs, key);
}

export const application: EngineRef = { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'shop' };
export const kustomization: EngineRef = {
  engine: 'flux',
  kind: 'Kustomization',
  namespace: 'flux-system',
  name: 'shop',
};
export const owned: Ownership = { kind: 'owned', owner: application, by: 'tracking-id' };

export const noWriters: WriterFacts = { writes: { entries: [], complete: true }, owners: [], marks: {} };

/** `manager` wrote these keys at this time. */
export function writtenBy(manager: string, keys: readonly string[], at = 0): WriterFacts {
  const entry = { manager, operation: 'Update', subresource: '', at, keys } as const;
  return { ...noWriters, writes: { entries: [entry], complete: true } };
}

export function live(ref: ConfigRef, values: Values, more: Partial<DiffConfig> = {}): DiffConfig {
  const fields = { type: ref.kind === 'Secret' ? 'Opaque' : undefined, immutable: false };
  const content = { contents: [digestsOf(ref, values)], fields };
  return { ref, live: content, writers: noWriters, ownership: { kind: 'not-owned' }, ...more };
}

export interface DeclaredOptions {
  readonly unclear?: Readonly<Record<string, NotComparable>>;
  readonly rest?: NotComparable;
  readonly type?: string;
  readonly path?: string;
}

export function declared(ref: ConfigRef, values: Values, options: DeclaredOptions = {}): DeclaredConfig {
  const { unclear = {}, rest, type, path } = options;
  const fields = { type, immutable: undefined };
  const content = { content: digestsOf(ref, values), unclear: new Map(Object.entries(unclear)), rest, fields };
  return { ref, content, path };
}

export interface OwnerOptions {
  readonly owner?: DiffOwner['owner'];
  readonly problems?: readonly string[];
  readonly leaves?: readonly LeaveRule[];
  /** Pod templates by name of a Deployment. */
  readonly templates?: Values;
}

export function declaring(configs: readonly DeclaredConfig[], options: OwnerOptions = {}): DiffOwner {
  const { owner = application, problems = [], leaves = [], templates = {} } = options;
  const workloads = Object.entries(templates).map(([name, template]) => {
    const ref = { kind: 'Deployment', namespace: 'shop', name } as const;
    return [objectKey(ref), { ref, template }] as const;
  });
  const declaration = {
    configs: new Map(configs.map((config) => [objectKey(config.ref), config])),
    workloads: new Map(workloads),
    problems,
    leaves,
  };
  const source = { repository: 'https://git.example/shop', revision: 'a'.repeat(40), path: 'apps', renderer: 'plain' };
  return { owner, sources: [source as DiffOwner['sources'][number]], declared: { kind: 'declared', declaration } };
}

export function undeclared(reason: NotComparable, detail: string): DiffOwner {
  return { ...declaring([]), declared: { kind: 'unknown', reason, detail } };
}

export function factsOf(more: Partial<DiffFacts>): DiffFacts {
  return {
    namespace: 'shop',
    revision: undefined,
    engine: undefined,
    configs: [],
    unread: new Set(),
    owners: [],
    workloads: [],
    recorded: undefined,
    gaps: [],
    ...more,
  };
}

export interface WorkloadOptions extends Partial<SeenWorkload> {
  readonly annotations?: Annotations;
}

/** A Deployment with these references, which restarts on any change of theirs unless `annotations` say something else. */
export function workload(
  name: string,
  references: readonly Partial<Reference>[],
  { annotations = { 'reloader.stakater.com/auto': 'true' }, ...more }: WorkloadOptions = {},
): ExplainedWorkload {
  const compiled = compileReload({ kind: 'Deployment', annotations, templateAnnotations: {} }, defaultReloadRules);
  const ref = { kind: 'Deployment', namespace: 'shop', name } as const;
  const seen = {
    ...unremarkable,
    ref,
    uid: name,
    resourceVersion: '1',
    createdAt: 0,
    reload: compiled,
    references: [],
  };
  const full = references.map((each): Reference => ({
    kind: 'ConfigMap',
    name: 'app',
    keys: 'all',
    optional: false,
    ...each,
  }));
  return { seen: { ...seen, ...more }, compiled, references: full };
}
