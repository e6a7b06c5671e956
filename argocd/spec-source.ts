// Which sources the spec names, and where they are. `spec.sourceHydrator` counts before `spec.sources`, and that before `spec.source`
// (argo-cd pkg/apis/application/v1alpha1/types.go, GetSources). Of a hydrator it is the dry source: the other one is generated.
import type { Section } from './section.ts';
import { withoutCredentials } from './source-path.ts';

/** Where a source is, without its revision: what must still be the same for an applied revision to be one of it. */
export interface SourcePlace {
  readonly repository: string | undefined;
  readonly path: string | undefined;
  readonly chart: string | undefined;
}

/** A source before the status is asked, as the spec or an entry of the history has it. */
export interface SpecSource {
  readonly place: SourcePlace;
  readonly section: Section;
}

export type Shape = 'single' | 'multiple' | 'hydrated';

export interface SpecSources {
  readonly shape: Shape;
  readonly sources: readonly SpecSource[];
}

export function listSpecSources(spec: Section): SpecSources {
  const hydrator = spec.section('sourceHydrator');
  if (hydrator !== undefined) {
    const dry = hydrator.section('drySource');
    return { shape: 'hydrated', sources: dry === undefined ? missing(hydrator) : [specSource(dry)] };
  }
  const several = spec.sections('sources');
  if (several.length > 0) return { shape: 'multiple', sources: several.map(specSource) };
  const single = spec.section('source');
  return { shape: 'single', sources: single === undefined ? missing(spec) : [specSource(single)] };
}

export function placeOf(source: Section): SourcePlace {
  const repository = source.text('repoURL');
  return {
    repository: repository === undefined ? undefined : withoutCredentials(repository),
    path: source.text('path'),
    chart: source.text('chart'),
  };
}

export function specSource(section: Section): SpecSource {
  return { section, place: placeOf(section) };
}

function missing(section: Section): readonly SpecSource[] {
  return section.problem('source-missing') ?? [];
}
