// One source of an Application in our words: where its manifests are, at which revision, and by which tool they are rendered.
import type { DeclaredSource } from '../server/core/engine.ts';
import type { Gap } from './gap.ts';
import type { AppliedRevision } from './revision.ts';
import type { Section } from './section.ts';
import { insideRepository } from './source-path.ts';
import type { SourcePlace, SpecSource } from './spec-source.ts';
import {
  readDirectory,
  readHelm,
  readKustomize,
  type DirectoryOptions,
  type HelmOptions,
  type KustomizeOptions,
} from './tool-options.ts';

/** `revision` is the one that the status says is applied, and `reason` why something of it cannot be said. */
export interface ApplicationSource extends DeclaredSource {
  readonly reason?: Gap;
  readonly from: 'git' | 'chart' | 'oci';
  /** `ref-only`: other sources take value files from it, and it has no manifests of its own. */
  readonly gives: 'manifests' | 'ref-only';
  readonly chart: string | undefined;
  /** By this name other sources refer to it. */
  readonly ref: string | undefined;
  /** What to follow: a branch, tag, commit or version range. */
  readonly targetRevision: string;
  readonly directory: DirectoryOptions | undefined;
  readonly helm: HelmOptions | undefined;
  readonly kustomize: KustomizeOptions | undefined;
}

/** `detected`: the tool that Argo CD found, by its status; undefined when it does not say. */
export function readSource(
  { section, place }: SpecSource,
  applied: AppliedRevision,
  detected: string | undefined,
): ApplicationSource {
  if (place.repository !== undefined && place.repository !== section.text('repoURL')) {
    section.problem('credentials-in-url', 'repoURL');
  }
  const located = locate(section, place);
  const rendered = chooseRenderer(section, place, detected);
  const revision = applied.kind === 'applied' ? applied.revision : undefined;
  const repository = place.repository ?? '';
  if (repository === '') section.problem('repository-missing');
  const reason =
    (repository === '' ? 'repository-missing' : undefined) ??
    located.reason ??
    rendered.reason ??
    (applied.kind === 'unknown' ? applied.reason : undefined);
  const block = <T>(key: string, read: (block: Section) => T): T | undefined => {
    const options = section.section(key);
    return options === undefined ? undefined : read(options);
  };
  return {
    repository,
    revision,
    path: located.path,
    renderer: rendered.renderer,
    ...(reason === undefined ? {} : { reason }),
    from: place.chart !== undefined ? 'chart' : repository.startsWith('oci://') ? 'oci' : 'git',
    gives: located.gives,
    chart: place.chart,
    ref: section.text('ref'),
    targetRevision: section.text('targetRevision') ?? 'HEAD',
    directory: block('directory', readDirectory),
    helm: block('helm', readHelm),
    kustomize: block('kustomize', readKustomize),
  };
}

/** Value files that cannot be found because of their `$ref`, and names that two sources have. */
export function checkRefs(sources: readonly ApplicationSource[], spec: Section): void {
  const named = new Map<string, ApplicationSource>();
  for (const source of sources) {
    if (source.ref === undefined) continue;
    if (named.has(source.ref)) spec.problem('ref-twice', 'sources');
    else named.set(source.ref, source);
  }
  for (const file of sources.flatMap(({ helm }) => helm?.valueFiles ?? [])) {
    if (file.from !== 'ref') continue;
    const target = named.get(file.ref);
    if (target === undefined) spec.problem('ref-unknown', 'sources');
    else if (target.chart !== undefined) spec.problem('ref-to-chart', 'sources');
  }
}

type Located = Pick<ApplicationSource, 'path' | 'gives' | 'reason'>;

function locate(section: Section, { path, chart }: SourcePlace): Located {
  if (path === undefined) {
    if (chart !== undefined) return { path, gives: 'manifests' };
    if (section.has('ref')) return { path, gives: 'ref-only' };
    section.problem('path-missing');
    return { path, gives: 'manifests', reason: 'path-missing' };
  }
  const inside = insideRepository(path);
  if (inside !== undefined) return { path: inside, gives: 'manifests' };
  section.problem('path-outside', 'path');
  return { path: undefined, gives: 'manifests', reason: 'path-outside' };
}

type Rendered = Pick<ApplicationSource, 'renderer' | 'reason'>;

/** An empty block chooses nothing: Argo CD removes it. */
const blocks = { helm: 'helm', kustomize: 'kustomize', directory: 'plain', plugin: 'unknown' } as const;
const tools: ReadonlyMap<string, keyof typeof blocks> = new Map([
  ['Helm', 'helm'],
  ['Kustomize', 'kustomize'],
  ['Directory', 'directory'],
  ['Plugin', 'plugin'],
] as const);

function chooseRenderer(section: Section, { chart }: SourcePlace, detected: string | undefined): Rendered {
  const keys = ['helm', 'kustomize', 'directory', 'plugin'] as const;
  const explicit = keys.filter((key) => section.section(key)?.isEmpty() === false);
  if (explicit.length > 1) {
    section.problem('tool-ambiguous');
    return { renderer: 'unknown', reason: 'tool-ambiguous' };
  }
  const tool = explicit[0] ?? (chart === undefined ? tools.get(detected ?? '') : 'helm');
  if (tool === undefined) return { renderer: 'auto' };
  if (tool !== 'plugin') return { renderer: blocks[tool] };
  section.problem('plugin');
  return { renderer: 'unknown', reason: 'plugin' };
}
