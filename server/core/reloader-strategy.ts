// Reloader's two strategies as values: what is to change in a pod template so that its pods are replaced, byte for byte as Reloader would
// (internal/pkg/handler/upgrade.go, internal/pkg/util: ConvertToEnvVarName, pkg/common/reload_source.go).
// Two differences, on purpose: a hash that is already in place is never written again, under either strategy; and it is in place only
// where the annotation speaks of this very object, while Reloader looks for name and hash anywhere in the text.
import { deletedHash } from './reloader-hash.ts';
import {
  envVarName,
  findEnv,
  formatLastReload,
  lastReloadedFrom,
  listMarks,
  marksOf,
  typeWords,
  type MarkedObject,
  type PodTemplate,
} from './reloader-marks.ts';
import { findChangedContainer, type ReloaderContainer, type ReloaderPodSpec } from './reloader-references.ts';

export type ReloaderStrategy = 'env-vars' | 'annotations';

/** The config object that changed or went. */
export interface ReloadSource extends MarkedObject {
  /** Reloader's SHA-1 of the content, or `deleted`. */
  readonly content: { readonly hash: string } | 'deleted';
  /** How it was chosen: only a named annotation restarts what does not refer to it. */
  readonly how: 'named' | 'search' | 'auto';
}

/** One change of a pod template, without a position. Names rather than paths: the template may have moved since. */
export type TemplateChange =
  | { readonly kind: 'set-env'; readonly container: string; readonly name: string; readonly value: string }
  | { readonly kind: 'remove-env'; readonly container: string; readonly name: string }
  | { readonly kind: 'set-annotation'; readonly key: string; readonly value: string };

export type StrategyDecision =
  | { readonly kind: 'change'; readonly change: TemplateChange }
  /** `in-place`: the template already says so. `nothing-to-remove`: Reloader never wrote there. */
  | { readonly kind: 'not-updated'; readonly reason: 'in-place' | 'nothing-to-remove' | 'no-container' };

/** `observedAt` in milliseconds since the epoch. */
export function applyStrategy(
  strategy: ReloaderStrategy,
  template: PodTemplate,
  { source, observedAt }: { readonly source: ReloadSource; readonly observedAt: number },
): StrategyDecision {
  const use = findChangedContainer(template.spec, source, source.how);
  const container = use && template.spec.containers?.[use.container];
  if (container === undefined) return { kind: 'not-updated', reason: 'no-container' };
  switch (strategy) {
    case 'env-vars':
      return source.content === 'deleted' ? removeEnv(container, source) : setEnv(container, template.spec, source);
    case 'annotations':
      return setAnnotation(container, template, { source, observedAt });
  }
}

function setEnv(container: ReloaderContainer, spec: ReloaderPodSpec, source: ReloadSource): StrategyDecision {
  const [name, value] = [envVarName(source.kind, source.name), hashOf(source)];
  const inspected = source.kind === 'SecretProviderClass' ? (spec.containers ?? []) : [container];
  if (inspected.some((each) => findEnv(each, name)?.value === value)) return inPlace;
  return { kind: 'change', change: { kind: 'set-env', container: container.name, name, value } };
}

function removeEnv(container: ReloaderContainer, source: ReloadSource): StrategyDecision {
  const name = envVarName(source.kind, source.name);
  if (findEnv(container, name) === undefined) return { kind: 'not-updated', reason: 'nothing-to-remove' };
  return { kind: 'change', change: { kind: 'remove-env', container: container.name, name } };
}

function setAnnotation(
  container: ReloaderContainer,
  template: PodTemplate,
  { source, observedAt }: { readonly source: ReloadSource; readonly observedAt: number },
): StrategyDecision {
  const isInPlace = marksOf(listMarks(template), source).some(
    ({ by, hash }) => by === 'annotations' && hash === hashOf(source),
  );
  if (isInPlace) return inPlace;
  const value = formatLastReload({
    type: typeWords[source.kind],
    name: source.name,
    namespace: source.namespace,
    hash: hashOf(source),
    containerRefs: [container.name],
    observedAt: Math.floor(observedAt / 1000),
  });
  return { kind: 'change', change: { kind: 'set-annotation', key: lastReloadedFrom, value } };
}

const inPlace: StrategyDecision = { kind: 'not-updated', reason: 'in-place' };

function hashOf({ content }: ReloadSource): string {
  return content === 'deleted' ? deletedHash : content.hash;
}
