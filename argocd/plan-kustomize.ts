// The kustomize options of a source as what Argo CD makes of them: fields of a kustomization (argo-cd util/kustomize, `kustomize edit`).
import { Hidden } from '../server/core/hidden.ts';
import type { KustomizeTool } from '../server/core/rendering.ts';
import { substitute, type Environment } from './environment.ts';
import { isFields } from './section.ts';
import type { KustomizeOptions } from './tool-options.ts';

type Json = Readonly<Record<string, unknown>>;

/** Undefined: an annotation has a variable whose value is not known here. */
export function toKustomize(
  options: KustomizeOptions | undefined,
  environment: Environment,
): KustomizeTool | undefined {
  const tool = { tool: 'kustomize', missing: 'refuse' } as const;
  if (options === undefined) return { ...tool, overlay: undefined, ignoreMissingComponents: false };
  const annotations = readAnnotations(options, environment);
  if (annotations === undefined) return undefined;
  const overlay: Json = {
    ...present('namePrefix', options.namePrefix),
    ...present('nameSuffix', options.nameSuffix),
    ...present('namespace', options.namespace),
    ...listed('images', options.images.map(toImage)),
    ...listed('replicas', options.replicas),
    ...listed('labels', toLabels(options)),
    ...(annotations.size === 0 ? {} : { commonAnnotations: Object.fromEntries(annotations) }),
    ...listed('patches', options.patches.map(toPatch)),
    ...listed('components', options.components),
  };
  return {
    ...tool,
    overlay: Object.keys(overlay).length === 0 ? undefined : new Hidden(overlay),
    ignoreMissingComponents: options.flags.has('ignoreMissingComponents'),
  };
}

/** `name=newName:tag@digest`, each part of it optional; `*` keeps what the kustomization has. */
export function toImage(text: string): Json {
  const cut = text.indexOf('=');
  const target = text.slice(cut + 1);
  const [, rest = '', digest] = /^(.*?)(?:@(sha\d+:\w+))?$/s.exec(target) ?? [];
  const [, name = '', tag] = /^(.*?)(?::([\w][\w.-]*|\*))?$/s.exec(rest) ?? [];
  const isKept = (part: string | undefined): boolean => part === undefined || part === '' || part === '*';
  return {
    name: cut < 0 ? name : text.slice(0, cut),
    ...(cut < 0 || isKept(name) ? {} : { newName: name }),
    ...(isKept(tag) ? {} : { newTag: tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function readAnnotations(
  { commonAnnotations, flags }: KustomizeOptions,
  environment: Environment,
): ReadonlyMap<string, string> | undefined {
  if (!flags.has('commonAnnotationsEnvsubst')) return commonAnnotations;
  const filled = [...commonAnnotations].map(([key, value]) => [key, substitute(value, environment)] as const);
  const known = filled.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  return known.length === filled.length ? new Map(known) : undefined;
}

function toLabels({ commonLabels, flags }: KustomizeOptions): readonly Json[] {
  if (commonLabels.size === 0) return [];
  const includeSelectors = !flags.has('labelWithoutSelector');
  const includeTemplates = !includeSelectors && flags.has('labelIncludeTemplates');
  return [{ pairs: Object.fromEntries(commonLabels), includeSelectors, includeTemplates }];
}

/** The fields of a patch, and no others; a file is relative to the source's path. */
function toPatch(patch: unknown): Json {
  const fields = isFields(patch) ? patch : {};
  const known = ['path', 'patch', 'target', 'options'].filter((key) => Object.hasOwn(fields, key));
  return Object.fromEntries(known.map((key) => [key, fields[key]]));
}

function present(name: string, value: string | undefined): Json {
  return value === undefined ? {} : { [name]: value };
}

function listed(name: string, values: readonly unknown[]): Json {
  return values.length === 0 ? {} : { [name]: values };
}
