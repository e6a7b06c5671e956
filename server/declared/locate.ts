// Where in a source a workload is declared, and whether that text may be edited.
import { isScalar, isSeq } from 'yaml';
import type { WorkloadRef } from '../core/object.ts';
import { workloadKinds } from '../core/object.ts';
import type { DeclaredObject, Place } from './read.ts';
import { composeDocument, objectMap, pairOf, readObjects } from './read.ts';
import { baseName, joinPath, parentOf } from './paths.ts';

export interface ManifestFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** A file that the engine applies, and what the way to it does to its objects. */
export interface SurveyedFile extends ManifestFile {
  /** A kustomization's `namespace`, which wins over the manifest's own. */
  readonly namespace: string | undefined;
  readonly renderer: Renderer | undefined;
}

export type Renderer = 'kustomize' | 'helm';

export type LocateRefusal =
  'not-found' | 'ambiguous' | 'unreadable' | 'signed' | 'rendered-by-kustomize' | 'rendered-by-helm';

export type Location =
  | {
      readonly kind: 'found';
      readonly path: string;
      readonly place: Place;
      readonly annotations: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'refused'; readonly refusal: LocateRefusal; readonly detail: string };

/** Fields of a kustomization that neither rename nor generate, so that its resources stay what their files say. */
const harmlessFields = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'resources',
  'namespace',
  'labels',
  'commonLabels',
  'images',
  'replicas',
  'sortOptions',
]);
const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
/** Deeper nesting of kustomizations is a cycle. */
const maxNesting = 50;

/** The files below `path` that an engine would apply: kustomizations followed, charts marked. */
export function surveyFiles(files: readonly ManifestFile[], path: string): SurveyedFile[] {
  const walker = createWalker(files);
  walker.visit({ directory: path, namespace: undefined, renderer: undefined, nesting: 0 });
  return walker.found;
}

/** Finds the one manifest of `workload`; `namespace` is meant where a manifest has none. */
export function locateWorkload(survey: readonly SurveyedFile[], workload: WorkloadRef, namespace: string): Location {
  const matches: { file: SurveyedFile; object: DeclaredObject }[] = [];
  const unreadable: string[] = [];
  const mentions = (text: string): boolean => text.includes(workload.name) && text.includes(workload.kind);
  for (const file of survey) {
    if (file.renderer === 'helm' || !mentions(file.text)) continue;
    const read = readObjects(file.text, mentions);
    if (read.kind === 'refused') unreadable.push(`${file.path} line ${read.line}: ${read.refusal}`);
    else
      matches.push(
        ...read.objects
          .filter((object) => declares({ object, file, workload, namespace }))
          .map((object) => ({ file, object })),
      );
  }
  const [match] = matches;
  if (match === undefined) return explainAbsence(survey, unreadable);
  const paths = [...new Set(matches.map(({ file }) => file.path))].join(', ');
  if (matches.length > 1) return refuse('ambiguous', `declared ${matches.length} times, in ${paths}`);
  if (match.file.renderer !== undefined)
    return refuse('rendered-by-kustomize', `${match.file.path} passes a kustomization that renders it`);
  if (match.object.signed)
    return refuse('signed', `${match.file.path} is encrypted by SOPS, whose MAC covers every line`);
  return { kind: 'found', path: match.file.path, place: match.object.place, annotations: match.object.annotations };
}

interface Visit {
  readonly directory: string;
  readonly namespace: string | undefined;
  readonly renderer: Renderer | undefined;
  readonly nesting: number;
}

interface Walker {
  readonly found: SurveyedFile[];
  visit(visit: Visit): void;
}

function createWalker(files: readonly ManifestFile[]): Walker {
  const tree = indexFiles(files);
  const found: SurveyedFile[] = [];
  const add = (file: ManifestFile, visit: Visit): void => {
    const known = found.findIndex(({ path }) => path === file.path);
    // Two ways lead to this file: an edit for one would be an edit for both.
    if (known >= 0) found[known] = { ...file, namespace: visit.namespace, renderer: 'kustomize' };
    else found.push({ ...file, namespace: visit.namespace, renderer: visit.renderer });
  };
  const visit = (at: Visit): void => {
    const directory = tree.get(at.directory);
    if (directory === undefined || at.nesting > maxNesting) return;
    const named = directory.files.find((file) => kustomizationNames.includes(baseName(file.path)));
    const kustomization = named === undefined ? undefined : readKustomization(named.text);
    if (kustomization !== undefined) {
      const next = {
        namespace: at.namespace ?? kustomization.namespace,
        renderer: at.renderer ?? (kustomization.harmless ? undefined : ('kustomize' as const)),
        nesting: at.nesting + 1,
      };
      for (const resource of kustomization.resources) {
        const path = joinPath(at.directory, resource);
        const file = tree.get(parentOf(path))?.files.find((candidate) => candidate.path === path);
        if (file === undefined) visit({ ...next, directory: path });
        else add(file, { ...next, directory: at.directory });
      }
      return;
    }
    const isChart = directory.files.some((file) => baseName(file.path) === 'Chart.yaml');
    const renderer = isChart ? 'helm' : at.renderer;
    for (const file of directory.files) add(file, { ...at, renderer });
    for (const child of directory.children) visit({ ...at, renderer, directory: child, nesting: at.nesting + 1 });
  };
  return { found, visit };
}

interface Directory {
  readonly files: ManifestFile[];
  readonly children: string[];
}

function indexFiles(files: readonly ManifestFile[]): Map<string, Directory> {
  const tree = new Map<string, Directory>();
  const open = (path: string): Directory => {
    const known = tree.get(path);
    if (known !== undefined) return known;
    const directory: Directory = { files: [], children: [] };
    tree.set(path, directory);
    if (path !== '') open(parentOf(path)).children.push(path);
    return directory;
  };
  open('');
  for (const file of files) open(parentOf(file.path)).files.push(file);
  return tree;
}

interface KustomizationFacts {
  readonly resources: readonly string[];
  readonly namespace: string | undefined;
  readonly harmless: boolean;
}

/** Undefined when the file is not kustomize's, but Flux's resource of the same name. */
function readKustomization(text: string): KustomizationFacts | undefined {
  const composed = composeDocument(text);
  const root = composed.kind === 'document' ? objectMap(composed.document, undefined) : undefined;
  if (root === undefined) return { resources: [], namespace: undefined, harmless: false };
  const scalar = (key: string): string | undefined => {
    const node = pairOf(root, key)?.value;
    return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
  };
  if (scalar('apiVersion')?.startsWith('kustomize.toolkit.fluxcd.io/') === true) return undefined;
  const list = pairOf(root, 'resources')?.value;
  const resources = isSeq(list)
    ? list.items.flatMap((item) => (isScalar(item) && typeof item.value === 'string' ? [item.value] : []))
    : [];
  const harmless = root.items.every(
    ({ key }) => isScalar(key) && typeof key.value === 'string' && harmlessFields.has(key.value),
  );
  return { resources, namespace: scalar('namespace'), harmless };
}

interface Candidate {
  readonly object: DeclaredObject;
  readonly file: SurveyedFile;
  readonly workload: WorkloadRef;
  readonly namespace: string;
}

function declares({ object, file, workload, namespace }: Candidate): boolean {
  const { group } = workloadKinds[workload.kind];
  return (
    object.kind === workload.kind &&
    object.apiVersion.startsWith(`${group}/`) &&
    object.name === workload.name &&
    (file.namespace ?? object.namespace ?? namespace) === workload.namespace
  );
}

function explainAbsence(survey: readonly SurveyedFile[], unreadable: readonly string[]): Location {
  const [first] = unreadable;
  if (first !== undefined) return refuse('unreadable', first);
  if (survey.some((file) => file.renderer === 'helm'))
    return refuse('rendered-by-helm', 'the source holds a Helm chart, and no plain manifest of it');
  if (survey.some((file) => file.renderer === 'kustomize')) {
    return refuse(
      'rendered-by-kustomize',
      'the source is rendered by kustomize, and no plain manifest of it is named so',
    );
  }
  return refuse('not-found', 'no manifest below the source’s path declares it');
}

function refuse(refusal: LocateRefusal, detail: string): Location {
  return { kind: 'refused', refusal, detail };
}
