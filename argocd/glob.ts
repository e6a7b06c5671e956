// The globs of AppProjects (gobwas/glob, as argo-cd util/glob uses it). In linear time for each alternative: whoever writes them cannot make
// a comparison last.

/** `**` crosses the separator, `*` and `?` do not; `{a,b}`, `[a-z]` and `[!a]` as usual. A pattern that is malformed matches nothing. */
export function matchesGlob(pattern: string, text: string, separator = ''): boolean {
  const alternatives = expand(pattern);
  return alternatives !== undefined && alternatives.some((one) => matchesPlain(one, text, separator));
}

type Step = { readonly kind: 'many' } | { readonly kind: 'some' } | Single;
interface Single {
  readonly kind: 'one';
  readonly accepts: (letter: string) => boolean;
}

const alternativesMost = 200;

/** The pattern without braces; nested ones inside out. */
function expand(pattern: string): string[] | undefined {
  const open = [pattern];
  const done: string[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [, before, inside, after] = /^(.*?)(?<!\\)\{([^{}]*)\}(.*)$/s.exec(next) ?? [];
    if (before === undefined || inside === undefined || after === undefined) done.push(next);
    else open.push(...inside.split(',').map((word) => before + word + after));
    if (open.length + done.length > alternativesMost) return undefined;
  }
  return done;
}

function matchesPlain(pattern: string, text: string, separator: string): boolean {
  const steps = readSteps(pattern, separator);
  if (steps === undefined) return false;
  let places = reach(new Set([0]), steps);
  for (const letter of text) {
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === undefined) continue;
      if (step.kind === 'one' && step.accepts(letter)) next.add(place + 1);
      if (step.kind === 'many' || (step.kind === 'some' && letter !== separator)) next.add(place);
    }
    places = reach(next, steps);
    if (places.size === 0) return false;
  }
  return places.has(steps.length);
}

/** Stars may stand for nothing. */
function reach(places: Set<number>, steps: readonly Step[]): Set<number> {
  for (const place of places) {
    const step = steps[place];
    if (step !== undefined && step.kind !== 'one') places.add(place + 1);
  }
  return places;
}

function readSteps(pattern: string, separator: string): Step[] | undefined {
  const steps: Step[] = [];
  for (const [token] of pattern.matchAll(/\*\*+|\*|\?|\\.?|\[(?:\\.|[^\]\\])*\]?|[^*?\\[]/gsu)) {
    const step = readStep(token, separator);
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return steps;
}

function readStep(token: string, separator: string): Step | undefined {
  if (token.startsWith('**')) return { kind: 'many' };
  if (token === '*') return { kind: 'some' };
  if (token === '?') return { kind: 'one', accepts: (letter) => letter !== separator };
  if (token.startsWith('[')) return token.endsWith(']') && token.length > 2 ? readClass(token.slice(1, -1)) : undefined;
  const wanted = token.startsWith('\\') ? token.slice(1) : token;
  return wanted === '' ? undefined : { kind: 'one', accepts: (letter) => letter === wanted };
}

function readClass(text: string): Single {
  const isNegated = text.startsWith('!');
  const body = isNegated ? text.slice(1) : text;
  const ranges = [...body.matchAll(/(.)-(.)|(.)/gsu)].map(([, from, to, only]) => [
    from ?? only ?? '',
    to ?? only ?? '',
  ]);
  const isListed = (letter: string): boolean => ranges.some(([from = '', to = '']) => from <= letter && letter <= to);
  return { kind: 'one', accepts: (letter) => isListed(letter) !== isNegated };
}
