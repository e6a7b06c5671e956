// One source of an Application in our words: where its manifests are, at which revision, and by which tool they are rendered.
import type { DeclaredSource } from '../server/core/engine.ts';
import type { Gap } from './gap.ts';
import type { AppliedRevision } from './revision.ts';
import { Problems, Section, type Fields } from './section.ts';
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

/** What a source is read from. Its fields may hold confidential values. */
export interface SourceGiven {
  readonly source: SpecSource;
  readonly applied: AppliedRevision;
  readonly detected: string | undefined;
}

/** The source as if the spec had these fields, at the same place. */
export function readAgain({ source, applied, detected }: SourceGiven, fields: Fields): ApplicationSource {
  const section = new Section(fields, source.section.at, new Problems());
  return readSource({ place: source.place, section }, applied, detected);
}

/** `detected`: the tool that Argo CD found, by its status; undefined when it does not say. */
export function readSource(
  { section: given, place }: SpecSource,
  applied: AppliedRevision,
  detected: string | undefined,
): ApplicationSource {
  const { section, problems } = given.apart();
  const repository = place.repository ?? '';
  if (repository === '') section.problem('repository-missing');
  else if (repository !== section.text('repoURL')) section.problem('credentials-in-url', 'repoURL');
  const { path, gives } = locate(section, place);
  const renderer = chooseRenderer(section, place, detected);
  const block = <T>(key: string, read: (block: Section) => T): T | undefined => {
    const options = section.section(key);
    return options === undefined ? undefined : read(options);
  };
  const source = {
    repository,
    revision: applied.kind === 'applied' ? applied.revision : undefined,
    path,
    renderer,
    from: place.chart !== undefined ? 'chart' : repository.startsWith('oci://') ? 'oci' : 'git',
    gives,
    chart: place.chart,
    ref: section.text('ref'),
    targetRevision: section.text('targetRevision') ?? 'HEAD',
    directory: block('directory', readDirectory),
    helm: block('helm', (helm) => readHelm(helm, path ?? '.')),
    kustomize: block('kustomize', readKustomize),
  } as const;
  const hindrance = problems.list.find(({ reason }) => reason !== 'credentials-in-url');
  const reason = hindrance?.reason ?? (applied.kind === 'unknown' ? applied.reason : undefined);
  return reason === undefined ? source : { ...source, reason };
}

/** The sources, with those marked that take value files by a `ref` that cannot be followed. */
export function checkRefs(sources: readonly ApplicationSource[], spec: Section): readonly ApplicationSource[] {
  const named = new Map<string, ApplicationSource | 'ref-twice'>();
  for (const source of sources) {
    if (source.ref !== undefined) named.set(source.ref, named.has(source.ref) ? 'ref-twice' : source);
  }
  return sources.map((source) => {
    const reason = findBrokenRef(source, named);
    if (reason === undefined) return source;
    spec.problem(reason, 'sources');
    return { ...source, reason: source.reason ?? reason };
  });
}

function findBrokenRef(
  { helm }: ApplicationSource,
  named: ReadonlyMap<string, ApplicationSource | 'ref-twice'>,
): Gap | undefined {
  const files = [...(helm?.valueFiles ?? []), ...(helm?.fileParameters ?? []).map(({ file }) => file)];
  for (const file of files) {
    if (file.from !== 'ref') continue;
    const target = named.get(file.ref) ?? 'ref-unknown';
    if (typeof target === 'string') return target;
    if (target.chart !== undefined) return 'ref-to-chart';
  }
  return undefined;
}

type Located = Pick<ApplicationSource, 'path' | 'gives'>;

function locate(section: Section, { path, chart }: SourcePlace): Located {
  if (path === undefined) {
    if (chart !== undefined) return { path, gives: 'manifests' };
    if (section.has('ref')) return { path, gives: 'ref-only' };
    section.problem('path-missing');
    return { path, gives: 'manifests' };
  }
  const inside = insideRepository(path);
  if (inside !== undefined) return { path: inside, gives: 'manifests' };
  section.problem('path-outside', 'path');
  return { path: undefined, gives: 'manifests' };
}

/** An empty block chooses nothing: Argo CD removes it. */
const blocks = { helm: 'helm', kustomize: 'kustomize', directory: 'plain', plugin: 'unknown' } as const;
const tools: ReadonlyMap<string, keyof typeof blocks> = new Map([
  ['Helm', 'helm'],
  ['Kustomize', 'kustomize'],
  ['Directory', 'directory'],
  ['Plugin', 'plugin'],
] as const);

function chooseRenderer(
  section: Section,
  { chart }: SourcePlace,
  detected: string | undefined,
): ApplicationSource['renderer'] {
  const keys = ['helm', 'kustomize', 'directory', 'plugin'] as const;
  const explicit = keys.filter((key) => section.section(key)?.isEmpty() === false);
  if (explicit.length > 1) {
    section.problem('tool-ambiguous');
    return 'unknown';
  }
  const tool = explicit[0] ?? (chart === undefined ? tools.get(detected ?? '') : 'helm');
  if (tool === undefined) return 'auto';
  if (tool === 'plugin') section.problem('plugin');
  return blocks[tool];
}
