// The helm options of a source as values and parameters, in the order in which helm takes them (argo-cd util/helm, helmTemplate).
import { Hidden } from '../server/core/hidden.ts';
import { toJsonText } from '../server/core/json-text.ts';
import type { HelmParameter, HelmTool, HelmValues, TreeRef } from '../server/core/rendering.ts';
import { substitute, type Environment } from './environment.ts';
import { insideRepository } from './source-path.ts';
import type { HelmOptions, ValueFile } from './tool-options.ts';

export interface HelmContext {
  /** The Application's name, without its namespace. */
  readonly name: string;
  /** The destination's. */
  readonly namespace: string;
  readonly path: string;
  readonly environment: Environment;
  /** The tree of the source with this ref; undefined: its commit is unknown. */
  readonly treeOf: (ref: string) => TreeRef | undefined;
}

export type HelmReading = HelmTool | { readonly refused: string };

export function toHelm(options: HelmOptions | undefined, context: HelmContext): HelmReading {
  const refusals: string[] = [];
  const optional = options?.ignoreMissingValueFiles ?? false;
  const located = <T>(file: ValueFile, use: (place: Located) => T): T[] => {
    const place = locate(file, context);
    if ('refused' in place) refusals.push(place.refused);
    return 'refused' in place ? [] : [use(place)];
  };
  const files = (options?.valueFiles ?? []).flatMap((file) =>
    located(file, (place): HelmValues => ({ from: 'file', ...place, optional })),
  );
  const fromFiles = (options?.fileParameters ?? []).flatMap(({ name, file }) =>
    located(file, (place): HelmParameter => ({ from: 'file', name, ...place })),
  );
  const parameters = toParameters(options, context.environment);
  if (parameters === undefined) refusals.push('a parameter has a variable whose value is not known here');
  const inline = toInline(options);
  if (inline === undefined) refusals.push('its values are nested too deeply');
  const [refused] = refusals;
  if (refused !== undefined) return { refused };
  return {
    tool: 'helm',
    releaseName: options?.releaseName ?? context.name,
    namespace: options?.namespace ?? context.namespace,
    values: [...files, ...(inline ?? [])],
    parameters: [...(parameters ?? []), ...fromFiles],
    includeCrds: options?.skipCrds !== true,
    skipSchemaValidation: options?.skipSchemaValidation ?? false,
    kubeVersion: options?.kubeVersion,
    apiVersions: options?.apiVersions ?? [],
    postRender: undefined,
    cluster: { view: 'told' },
  };
}

/** Undefined: nested too deeply. */
function toInline(options: HelmOptions | undefined): HelmValues[] | undefined {
  const values = options?.values;
  if (values === undefined) return [];
  const text = values.form === 'text' ? values.text : toJsonText(values.object);
  return text === undefined ? undefined : [{ from: 'inline', text: new Hidden(text) }];
}

/** Of one name the last one counts; helm takes all --set before all --set-string. */
function toParameters(options: HelmOptions | undefined, environment: Environment): HelmParameter[] | undefined {
  const read = (forceString: boolean): HelmParameter[] | undefined => {
    const chosen = (options?.parameters ?? []).filter((parameter) => parameter.forceString === forceString);
    const byName = new Map(chosen.map(({ name, value }) => [name, substitute(value, environment)]));
    const known = [...byName].flatMap(([name, value]): HelmParameter[] =>
      value === undefined ? [] : [{ from: 'inline', name, value: new Hidden(value), forceString }],
    );
    return known.length === byName.size ? known : undefined;
  };
  const [typed, texts] = [read(false), read(true)];
  return typed === undefined || texts === undefined ? undefined : [...typed, ...texts];
}

interface Located {
  readonly tree: TreeRef | undefined;
  readonly path: string;
}

function locate(file: ValueFile, { path, environment, treeOf }: HelmContext): Located | { readonly refused: string } {
  if (file.from === 'url') return { refused: 'a value file is at a URL, which is not fetched here' };
  const filled = substitute(file.path, environment);
  if (filled === undefined) return { refused: 'a value file has a variable whose value is not known here' };
  const inside = insideRepository(file.from === 'source' ? `${path}/${filled}`.replace(/^\//, '') : filled);
  if (inside === undefined) return { refused: 'a value file is outside of its repository' };
  if (/[*?[{]/.test(inside)) return { refused: 'value files are chosen by a pattern' };
  if (file.from !== 'ref') return { tree: undefined, path: inside };
  const tree = treeOf(file.ref);
  return tree === undefined ? { refused: 'the commit of a ref is unknown' } : { tree, path: inside };
}
