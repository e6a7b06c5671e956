// How a source is rendered, as plain facts: the directory, helm and kustomize blocks of an ApplicationSource (argoproj.io/v1alpha1).
// Inline values and parameters may be confidential: they go to the renderer and nowhere else.
import type { Section } from './section.ts';
import { insideRepository, withoutCredentials } from './source-path.ts';

export interface DirectoryOptions {
  readonly recurse: boolean;
  /** Globs, `{a,b}` allowed. */
  readonly include: string | undefined;
  readonly exclude: string | undefined;
  /** External variables or libraries are configured. */
  readonly jsonnet: boolean;
}

export type ValueFile =
  /** Relative to the source's path. */
  | { readonly from: 'source'; readonly path: string }
  /** From the repository's root, or from that of the source named `ref`. */
  | { readonly from: 'repository'; readonly path: string }
  | { readonly from: 'ref'; readonly ref: string; readonly path: string }
  | { readonly from: 'url'; readonly url: string };

export interface HelmParameter {
  readonly name: string;
  readonly value: string;
  /** `--set-string`. */
  readonly forceString: boolean;
}

export interface HelmOptions {
  /** Undefined: the Application's name. */
  readonly releaseName: string | undefined;
  /** Undefined: the destination's. */
  readonly namespace: string | undefined;
  readonly valueFiles: readonly ValueFile[];
  readonly ignoreMissingValueFiles: boolean;
  /** The object form wins over the text, as in Argo CD. */
  readonly values:
    | { readonly form: 'text'; readonly text: string }
    | { readonly form: 'object'; readonly object: unknown }
    | undefined;
  readonly parameters: readonly HelmParameter[];
  readonly fileParameters: readonly { readonly name: string; readonly file: ValueFile }[];
  readonly skipCrds: boolean;
  readonly skipSchemaValidation: boolean;
  readonly kubeVersion: string | undefined;
  readonly apiVersions: readonly string[];
}

export interface KustomizeOptions {
  readonly namePrefix: string | undefined;
  readonly nameSuffix: string | undefined;
  readonly namespace: string | undefined;
  readonly images: readonly string[];
  readonly commonLabels: ReadonlyMap<string, string>;
  readonly commonAnnotations: ReadonlyMap<string, string>;
  /** `labelWithoutSelector`, `forceCommonLabels`, ...: those that are true. */
  readonly flags: ReadonlySet<(typeof kustomizeFlags)[number]>;
  readonly replicas: readonly { readonly name: string; readonly count: number }[];
  /** As written. */
  readonly patches: readonly unknown[];
  readonly components: readonly string[];
  readonly version: string | undefined;
}

const kustomizeFlags = [
  'labelWithoutSelector',
  'labelIncludeTemplates',
  'forceCommonLabels',
  'forceCommonAnnotations',
  'commonAnnotationsEnvsubst',
  'ignoreMissingComponents',
] as const;

export function readDirectory(block: Section): DirectoryOptions {
  return {
    recurse: block.flag('recurse'),
    include: block.text('include'),
    exclude: block.text('exclude'),
    jsonnet: block.section('jsonnet')?.isEmpty() === false,
  };
}

/** `base`: the source's path, from the repository's root. */
export function readHelm(block: Section, base: string): HelmOptions {
  return {
    releaseName: block.text('releaseName'),
    namespace: block.text('namespace'),
    valueFiles: block.texts('valueFiles').flatMap((text) => readValueFile(text, base, block) ?? []),
    ignoreMissingValueFiles: block.flag('ignoreMissingValueFiles'),
    values: readValues(block),
    parameters: block.sections('parameters').flatMap((parameter) => {
      const name = parameter.text('name');
      const forceString = parameter.flag('forceString');
      if (name === undefined) return parameter.problem('field-malformed') ?? [];
      return [{ name, value: parameter.text('value') ?? '', forceString }];
    }),
    fileParameters: block.sections('fileParameters').flatMap((parameter) => {
      const [name, path] = [parameter.text('name'), parameter.text('path')];
      if (name === undefined || path === undefined) return parameter.problem('field-malformed') ?? [];
      const file = readValueFile(path, base, parameter);
      return file === undefined ? [] : [{ name, file }];
    }),
    skipCrds: block.flag('skipCrds'),
    skipSchemaValidation: block.flag('skipSchemaValidation'),
    kubeVersion: block.text('kubeVersion'),
    apiVersions: block.texts('apiVersions'),
  };
}

export function readKustomize(block: Section): KustomizeOptions {
  return {
    namePrefix: block.text('namePrefix'),
    nameSuffix: block.text('nameSuffix'),
    namespace: block.text('namespace'),
    images: block.texts('images'),
    commonLabels: block.textMap('commonLabels'),
    commonAnnotations: block.textMap('commonAnnotations'),
    flags: new Set(kustomizeFlags.filter((flag) => block.flag(flag))),
    replicas: block.sections('replicas').flatMap((replica) => {
      const [name, count] = [replica.text('name'), Number(replica.value('count') ?? Number.NaN)];
      return name === undefined || !Number.isSafeInteger(count) || count < 0
        ? (replica.problem('field-malformed') ?? [])
        : [{ name, count }];
    }),
    patches: block.sections('patches').map((patch) => patch.content()),
    components: block.texts('components'),
    version: block.text('version'),
  };
}

function readValues(block: Section): HelmOptions['values'] {
  const object = block.section('valuesObject');
  if (object !== undefined) return { form: 'object', object: object.content() };
  const text = block.text('values');
  return text === undefined ? undefined : { form: 'text', text };
}

/** Undefined, and a problem, when it is in no repository. */
function readValueFile(text: string, base: string, at: Section): ValueFile | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const url = withoutCredentials(text);
    if (url !== text) at.problem('credentials-in-url');
    return { from: 'url', url };
  }
  const [, ref, rest] = /^\$([^/]+)\/(.*)$/s.exec(text) ?? [];
  const inside = insideRepository(rest ?? (text.startsWith('/') ? text.slice(1) : `${base}/${text}`));
  if (inside === undefined) return at.problem('value-file-outside');
  if (ref !== undefined) return { from: 'ref', ref, path: inside };
  return text.startsWith('/') ? { from: 'repository', path: inside } : { from: 'source', path: text };
}
