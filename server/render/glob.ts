// Argo CD's globs: `*` and `?` also match slashes, `[...]` is a class, `{a,b}` a choice.
import { Refused, quote } from './refused.ts';

const longest = 1_000;
const mostChoices = 100;

/** Runs in linear time of the text for each choice and star: no regular expression is made of foreign text. */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (pattern.length > longest) throw new Refused('a glob is longer than 1,000 characters');
  const choices = expandBraces(pattern).map(parse);
  return (text) => choices.some((tokens) => matches(tokens, text));
}

type Token = { readonly kind: 'any' } | { readonly kind: 'one'; readonly accepts: (letter: string) => boolean };

/** `a{b,c}d` -> `abd`, `acd`. Not nested, as in Argo CD's use of it. */
function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  const close = pattern.indexOf('}', open);
  if (open < 0 || close < 0) return [pattern];
  const rest = expandBraces(pattern.slice(close + 1));
  const choices = pattern
    .slice(open + 1, close)
    .split(',')
    .flatMap((choice) => rest.map((tail) => pattern.slice(0, open) + choice + tail));
  if (choices.length > mostChoices) throw new Refused(`the glob ${quote(pattern)} has too many choices`);
  return choices;
}

function parse(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern.charAt(at);
    const close = letter === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (letter === '*') {
      if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' });
    } else if (letter === '?') tokens.push({ kind: 'one', accepts: () => true });
    else if (close > 0) {
      tokens.push({ kind: 'one', accepts: parseClass(pattern.slice(at + 1, close)) });
      at = close;
    } else {
      const literal = letter === '\\' ? pattern.charAt(++at) : letter;
      tokens.push({ kind: 'one', accepts: (other) => other === literal });
    }
  }
  return tokens;
}

function parseClass(body: string): (letter: string) => boolean {
  const isNegated = body.startsWith('!') || body.startsWith('^');
  const ranges: [string, string][] = [];
  for (let at = isNegated ? 1 : 0; at < body.length; at++) {
    const isRange = body.charAt(at + 1) === '-' && at + 2 < body.length;
    ranges.push([body.charAt(at), isRange ? body.charAt(at + 2) : body.charAt(at)]);
    if (isRange) at += 2;
  }
  return (letter) => ranges.some(([from, to]) => from <= letter && letter <= to) !== isNegated;
}

/** Goes back to the last star only, which is enough. */
function matches(tokens: readonly Token[], text: string): boolean {
  let [at, token, star, starAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const next = tokens[token];
    if (next?.kind === 'any') [star, starAt, token] = [token, at, token + 1];
    else if (next?.accepts(text.charAt(at)) === true) [at, token] = [at + 1, token + 1];
    else if (star >= 0) [token, starAt, at] = [star + 1, starAt + 1, starAt + 1];
    else return false;
  }
  while (tokens[token]?.kind === 'any') token++;
  return token === tokens.length;
}
