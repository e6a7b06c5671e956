// What a resource of Flux says not to bring back: `ignore` of a Kustomization's spec, and of a HelmRelease's driftDetection.
import { joinParts, readPointer, type LeaveRule } from '../server/core/leave-rule.ts';
import type { Fields } from './fields.ts';

export interface IgnoredPaths {
  /** JSON pointers. */
  readonly paths: readonly string[];
  readonly target: PatchTarget;
}

/** What a patch is for; all undefined when the patch itself names it. Its content may be a Secret's and stays outside. */
export type PatchTarget = { readonly [Field in (typeof targetFields)[number]]: string | undefined };
const targetFields = ['group', 'version', 'kind', 'namespace', 'name', 'labelSelector', 'annotationSelector'] as const;
const listMost = 1_000;

export function readIgnored(holder: Fields): readonly IgnoredPaths[] {
  return holder
    .maps('ignore', listMost)
    .map((entry) => ({ paths: entry.texts('paths', listMost), target: readTarget(entry) }));
}

export function readTarget(entry: Fields): PatchTarget {
  const target = entry.map('target');
  const read = Object.fromEntries(targetFields.map((field) => [field, target.text(field)]));
  return read as PatchTarget;
}

const kinds = ['Secret', 'ConfigMap'] as const;

/** A target's texts are regular expressions of whole names, and selectors go by labels: where one is more than a name, all may be meant. */
export function toLeaves(ignored: readonly IgnoredPaths[]): readonly LeaveRule[] {
  return ignored.flatMap(({ paths, target }) => {
    const parts = joinParts(paths.map(readPointer));
    if (parts.keys.length === 0 && parts.fields.length === 0) return [];
    if (isPlain(target.group) && target.group !== '') return [];
    const meant = kinds.filter((kind) => !isPlain(target.kind) || target.kind === kind);
    const place = {
      ...(isPlain(target.namespace) && { namespace: target.namespace }),
      ...(isPlain(target.name) && { name: target.name }),
    };
    return meant.map((kind): LeaveRule => ({ kind, ...place, ...parts }));
  });
}

function isPlain(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9-]+$/.test(text);
}
