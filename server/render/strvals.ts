// Helm's `--set` language, so that values need not stand in arguments: `name=value` put into a document as Helm does.
import { Refused, quote } from './refused.ts';

export type Values = Map<string, unknown>;

const deepest = 30;
const mostIndex = 65_536;

type Step = { readonly key: string } | { readonly index: number };

/** `a.b[0].c`, backslashes protect; undefined when Helm refuses it. */
export function parseName(name: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let key = '';
  let mayKey = true;
  for (let at = 0; at < name.length; at++) {
    const letter = name.charAt(at);
    if (letter === '\\' && mayKey) key += name.charAt(++at);
    else if (letter === '.') {
      if (mayKey) steps.push({ key });
      [key, mayKey] = ['', true];
    } else if (letter === '[') {
      const index = /^\[(\d{1,5})\]/.exec(name.slice(at));
      if (index?.[1] === undefined || Number(index[1]) > mostIndex) return undefined;
      if (mayKey) steps.push({ key });
      steps.push({ index: Number(index[1]) });
      at += index[0].length - 1;
      [key, mayKey] = ['', false];
    } else if (letter === ',' || letter === '=' || !mayKey) return undefined;
    else key += letter;
  }
  if (mayKey) steps.push({ key });
  const isPlain = steps.every((step) => 'index' in step || step.key !== '');
  return isPlain && steps.length <= deepest && steps[0] !== undefined && 'key' in steps[0] ? steps : undefined;
}

/** Sets what `steps` lead to, making maps and lists on the way. Refuses where something else stands in between. */
export function setAt(values: Values, steps: readonly Step[], value: unknown): void {
  let place: unknown = values;
  for (const [depth, step] of steps.entries()) {
    const next = steps[depth + 1];
    const isLast = next === undefined;
    const current = getStep(place, step);
    const made = current ?? (isLast ? undefined : 'key' in next ? new Map<string, unknown>() : []);
    putStep(place, step, isLast ? value : made);
    place = made;
  }
}

function getStep(place: unknown, step: Step): unknown {
  if ('key' in step && place instanceof Map) return (place as Values).get(step.key);
  if ('index' in step && Array.isArray(place)) return place[step.index];
  throw new Refused('a parameter leads through a value that is no map or list');
}

function putStep(place: unknown, step: Step, value: unknown): void {
  if ('key' in step) (place as Values).set(step.key, value);
  else {
    const list = place as unknown[];
    while (list.length < step.index) list.push(null);
    list[step.index] = value;
  }
}

/** From this on Go prints numbers of documents with an exponent, and those of `--set` without. */
const plainIntegers = 1_000_000;

/** What Helm makes of the text behind `=`, with commas taken as text: a list in braces, a boolean, null, an integer, else text. */
export function parseValue(name: string, text: string): unknown {
  if (!text.startsWith('{')) return typed(name, unescape(text));
  const list = /^\{((?:[^\\}]|\\[^])*)\}$/.exec(text)?.[1];
  if (list === undefined) throw new Refused(`the parameter ${quote(name)} is a list that does not end with a brace`);
  return splitList(list).map((item) => typed(name, unescape(item)));
}

function splitList(text: string): string[] {
  const items = [''];
  for (const [piece] of text.matchAll(/\\[^]|[^]/g)) {
    if (piece === ',') items.push('');
    else items[items.length - 1] += piece;
  }
  return items;
}

export function unescape(text: string): string {
  return text.replaceAll(/\\([^])/g, '$1');
}

function typed(name: string, text: string): unknown {
  const word = text.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  if (text !== '0' && !/^[-+]?[1-9]\d*$|^[-+]0\d*$/.test(text)) return text;
  const number = Number(text);
  if (Math.abs(number) < plainIntegers) return number;
  if (BigInt(text.replace('+', '')) !== BigInt.asIntN(64, BigInt(text.replace('+', '')))) return text;
  throw new Refused(
    `the parameter ${quote(name)} is an integer of a million or more, which cannot be handed to helm unseen`,
  );
}
