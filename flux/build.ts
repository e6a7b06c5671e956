// What a Kustomization and a HelmRelease put on top of what they build: fields of kustomize's own, and variables. They may hold values of
// Secrets, so they are hidden as soon as they are read. Only the fields that Flux's schemas have are taken: kustomize knows more of them.
import type { KustomizeTool } from '../server/core/rendering.ts';
import { Hidden } from '../server/core/hidden.ts';

type Json = Readonly<Record<string, unknown>>;
export type Overlay = KustomizeTool['overlay'];

/** Of a Kustomization, which the resource gives as it is. */
export interface Build {
  readonly overlay: Overlay;
  readonly variables: Hidden<ReadonlyMap<string, string>>;
}

const patchFields = ['patch', 'target'];
const targetFields = ['group', 'version', 'kind', 'name', 'namespace', 'labelSelector', 'annotationSelector'];
const imageFields = ['name', 'newName', 'newTag', 'digest'];

export function readBuild(object: unknown): Build {
  const spec = mapAt(object, 'spec');
  const overlay = {
    ...present('namespace', spec['targetNamespace']),
    ...present('namePrefix', spec['namePrefix']),
    ...present('nameSuffix', spec['nameSuffix']),
    ...listed('components', textsAt(spec, 'components')),
    ...listed('images', imagesAt(spec)),
    ...readMetadata(mapAt(spec, 'commonMetadata'), patchesAt(spec)),
  };
  return {
    overlay: hideOverlay(overlay),
    variables: new Hidden(textMap(mapAt(mapAt(spec, 'postBuild'), 'substitute'))),
  };
}

/** Of a HelmRelease. `undefined`: what it does has no equal in one kustomization. */
export function readPostRender(object: unknown): { readonly overlay: Overlay } | undefined {
  const spec = mapAt(object, 'spec');
  const steps = listAt(spec, 'postRenderers').map((step) => mapAt(step, 'kustomize'));
  // Images are changed after the patches of a kustomization: a later step's patches would come too early.
  if (steps.slice(0, -1).some((step) => 'images' in step)) return undefined;
  if (steps.some((step) => Object.keys(step).some((key) => key !== 'patches' && key !== 'images'))) return undefined;
  const patches = steps.flatMap(patchesAt);
  const images = steps.flatMap(imagesAt);
  const metadata = readMetadata(mapAt(spec, 'commonMetadata'), patches);
  return { overlay: hideOverlay({ ...listed('images', images), ...metadata }) };
}

/** Labels and annotations of the objects themselves, never of pod templates: kustomize's commonAnnotations would reach those too. */
function readMetadata(common: Json, patches: readonly Json[]): Json {
  const labels = textMap(mapAt(common, 'labels'));
  const annotations = textMap(mapAt(common, 'annotations'));
  const pairs = { pairs: Object.fromEntries(labels), includeSelectors: false, includeTemplates: false };
  const metadata = { name: 'any', annotations: Object.fromEntries(annotations) };
  const annotate = { target: { name: '.*' }, patch: JSON.stringify({ apiVersion: 'v1', kind: 'Any', metadata }) };
  return {
    ...(labels.size === 0 ? {} : { labels: [pairs] }),
    ...listed('patches', annotations.size === 0 ? patches : [...patches, annotate]),
  };
}

function hideOverlay(overlay: Json): Overlay {
  return Object.keys(overlay).length === 0 ? undefined : new Hidden(overlay);
}

function patchesAt(spec: Json): Json[] {
  return listAt(spec, 'patches').map((entry) => {
    const { patch, target } = pick(entry, patchFields);
    return { patch, ...(target === undefined ? {} : { target: pick(target, targetFields) }) };
  });
}

function imagesAt(spec: Json): Json[] {
  return listAt(spec, 'images').map((entry) => pick(entry, imageFields));
}

function pick(value: unknown, fields: readonly string[]): Json {
  const map = toMap(value);
  return Object.fromEntries(fields.flatMap((field) => (Object.hasOwn(map, field) ? [[field, map[field]]] : [])));
}

function present(name: string, value: unknown): Json {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}

function listed(name: string, values: readonly unknown[]): Json {
  return values.length === 0 ? {} : { [name]: values };
}

function textsAt(parent: Json, name: string): string[] {
  return listAt(parent, name).filter((value) => typeof value === 'string');
}

function textMap(map: Json): ReadonlyMap<string, string> {
  const entries = Object.entries(map);
  return new Map(entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : [])));
}

function listAt(parent: Json, name: string): readonly unknown[] {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Empty where there is no map. */
export function mapAt(parent: unknown, name: string): Json {
  const map = toMap(parent);
  return Object.hasOwn(map, name) ? toMap(map[name]) : {};
}

function toMap(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
