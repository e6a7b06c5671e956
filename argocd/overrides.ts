// `.argocd-source.yaml` and `.argocd-source-<instance>.yaml` in a source's path: merge patches (RFC 7386) of its tool options, which Argo CD
// itself applies before it renders (argo-cd reposerver/repository, mergeSourceParameters).
import type { OverrideFile } from '../server/core/engine.ts';
import type { TreeRef } from '../server/core/rendering.ts';
import { isFields, type Fields } from './section.ts';

/** Those of one source, in the order in which they are applied. */
export function listOverrides(tree: TreeRef, path: string, instance: string): readonly OverrideFile[] {
  return ['.argocd-source.yaml', `.argocd-source-${instance}.yaml`].map((file) => ({
    tree,
    path: path === '' ? file : `${path}/${file}`,
  }));
}

/** Where a source is stays as it was. */
const toolFields = ['helm', 'kustomize', 'directory', 'plugin'];

export function applyOverrides(source: Fields, patches: readonly Fields[]): Fields {
  const tools = (fields: Fields): Fields =>
    Object.fromEntries(toolFields.flatMap((key) => (Object.hasOwn(fields, key) ? [[key, fields[key]]] : [])));
  const { helm: _helm, kustomize: _kustomize, directory: _directory, plugin: _plugin, ...place } = source;
  return {
    ...place,
    ...toMap(patches.reduce<unknown>((merged, patch) => mergePatch(merged, tools(patch)), tools(source))),
  };
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged = new Map(Object.entries(toMap(target)));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function toMap(value: unknown): Fields {
  return isFields(value) ? value : {};
}
