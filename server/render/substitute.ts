// Flux's variables after the build: `${name}` and its forms, one document at a time.
import { Hidden } from '../core/hidden.ts';
import type { RenderedText, Substitution } from '../core/rendering.ts';
import { splitDocuments } from '../declared/read.ts';
import { evaluate } from './envsubst.ts';
import type { Job } from './job.ts';
import { Refused, quote } from './refused.ts';

export interface Variables {
  readonly values: Hidden<ReadonlyMap<string, string>>;
  /** Of the live objects that they come from. */
  readonly versions: readonly string[];
}

const variableName = /^[_A-Za-z][_A-Za-z0-9]*$/;

/** The variables of a part. Refuses when an object that is not optional is missing. */
export async function readVariables({
  part,
  ports,
  signal,
}: Pick<Job, 'part' | 'ports' | 'signal'>): Promise<Variables> {
  const values = new Map<string, string>();
  const versions: string[] = [];
  const { substitution } = part;
  for (const { optional, ...object } of substitution?.from ?? []) {
    const { kind, namespace, name } = object;
    const live = await ports.live({ kind, namespace, name }, signal);
    versions.push(`${kind} ${namespace}/${name} ${live?.resourceVersion ?? '-'}`);
    if (live === undefined && !optional) {
      throw new Refused(
        `the ${kind} ${namespace}/${name}, which holds variables, is not there`,
        'substituted-from-unknown',
      );
    }
    for (const [key, value] of live?.data.reveal() ?? []) values.set(key, value);
  }
  for (const [key, value] of substitution?.inline.reveal() ?? []) values.set(key, value);
  const bad = [...values.keys()].find((key) => !variableName.test(key));
  if (bad !== undefined) {
    throw new Refused(`${quote(bad)} is no name of a variable, so Flux refuses to build`, 'substituted-from-unknown');
  }
  const joined = new Map([...values].map(([key, value]) => [key, value.replaceAll('\n', '')]));
  return { values: new Hidden(joined), versions };
}

/**
 * A document that cannot be substituted, because a variable is not known or a form is not, stays as it is and is marked
 * so, apart from the others.
 */
export function substitute(
  rendered: RenderedText,
  { values }: Variables,
  strategy: Substitution['strategy'],
): readonly RenderedText[] {
  const known = values.reveal();
  if (known.size === 0 && strategy === 'WithVariables') return [rendered];
  const parts: { readonly isKnown: boolean; text: string }[] = [];
  for (const { text } of splitDocuments(rendered.text.reveal())) {
    const done = isDisabled(text) || !text.includes('$') ? text : evaluate(text, known);
    const isKnown = done !== undefined;
    const last = parts.at(-1);
    if (last?.isKnown === isKnown) last.text += done ?? text;
    else parts.push({ isKnown, text: done ?? text });
  }
  return parts.map(({ isKnown, text }) => ({
    path: rendered.path,
    text: new Hidden(text),
    ...(isKnown ? {} : { variables: 'unknown' }),
  }));
}

/** As a label or annotation. Judged by the text: the key stands nowhere else. */
function isDisabled(document: string): boolean {
  return /^[ \t]+["']?kustomize\.toolkit\.fluxcd\.io\/substitute["']?:[ \t]*["']?disabled["']?[ \t\r]*$/m.test(
    document,
  );
}
