// Label selectors as text, read and judged as Kubernetes does (apimachinery pkg/labels), and Reloader's older spellings of them.

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  /** As the API server takes it; empty selects everything. */
  readonly text: string;
  /** All must hold. */
  readonly requirements: readonly Requirement[];
}

/** Which namespaces are watched. */
export interface NamespaceScope {
  /** The only ones; empty: all. */
  readonly listed: readonly string[];
  readonly ignored: readonly string[];
  /** What their labels must be. */
  readonly selector: Selector;
}

export interface Requirement {
  readonly key: string;
  readonly operator: 'exists' | 'absent' | 'in' | 'not-in' | 'above' | 'below';
  readonly values: readonly string[];
}

export type SelectorReading =
  { readonly kind: 'selector'; readonly selector: Selector } | { readonly kind: 'invalid'; readonly says: string };

export const everything: Selector = { text: '', requirements: [] };

/**
 * The elements of Reloader's selector flags: `k:v` is `k=v`, `k:*` and `k=*` mean that `k` exists; then all are joined by commas, so a
 * list such as `k in (a,b)` survives that the flag split it.
 */
export function readReloaderSelector(elements: readonly string[]): SelectorReading {
  return parseSelector(elements.map(modernize).join(','));
}

/** stakater/Reloader internal/pkg/util: what stands behind a second `:` or `=` is dropped there too. */
function modernize(element: string): string {
  const [key = '', value] = element.split(':');
  const modern = value === undefined ? element : value === '*' ? key : `${key}=${value}`;
  const [label = '', wanted] = modern.split('=');
  return wanted === '*' ? label : modern;
}

/** Reads one selector, such as `app=web,tier in (a,b),!old`. */
export function parseSelector(text: string): SelectorReading {
  const tokens = text.match(/[(),]|==|!=|[!=<>]|[^\s(),=!<>]+/g) ?? [];
  const requirements: Requirement[] = [];
  const rest = [...tokens];
  while (rest.length > 0) {
    const requirement = takeRequirement(rest);
    const says = typeof requirement === 'string' ? requirement : checkRequirement(requirement);
    if (says !== undefined) return { kind: 'invalid', says: `${text}: ${says}` };
    if (typeof requirement !== 'string') requirements.push(requirement);
    const next = rest.shift();
    if (next !== undefined && next !== ',') return { kind: 'invalid', says: `${text}: want a comma before ${next}` };
    if (next === ',' && rest.length === 0) return { kind: 'invalid', says: `${text}: ends in a comma` };
  }
  return { kind: 'selector', selector: { text, requirements } };
}

/** Takes one requirement's tokens, or says what is wrong. */
function takeRequirement(rest: string[]): Requirement | string {
  const isNegated = rest[0] === '!';
  if (isNegated) rest.shift();
  const key = rest.shift();
  if (key === undefined || isSymbol(key)) return 'a label is missing';
  if (isNegated) return { key, operator: 'absent', values: [] };
  const sign = rest[0];
  if (sign === undefined || sign === ',') return { key, operator: 'exists', values: [] };
  rest.shift();
  if (sign === 'in' || sign === 'notin') return takeSet(rest, key, sign === 'in' ? 'in' : 'not-in');
  const operator = operators[sign];
  if (operator === undefined) return `${sign} is no operator`;
  const hasValue = rest[0] !== undefined && !isSymbol(rest[0]);
  return { key, operator, values: [hasValue ? (rest.shift() ?? '') : ''] };
}

const operators: Readonly<Record<string, Requirement['operator']>> = {
  '=': 'in',
  '==': 'in',
  '!=': 'not-in',
  '>': 'above',
  '<': 'below',
};

/** `(a,b)`; empty values are values. */
function takeSet(rest: string[], key: string, operator: 'in' | 'not-in'): Requirement | string {
  if (rest.shift() !== '(') return `${key} wants values in parentheses`;
  const values = [''];
  for (let token = rest.shift(); token !== ')'; token = rest.shift()) {
    if (token === undefined) return 'a parenthesis is not closed';
    if (token === ',') values.push('');
    else if (isSymbol(token) || values.at(-1) !== '') return `${token} is out of place`;
    else values[values.length - 1] = token;
  }
  return { key, operator, values };
}

function isSymbol(token: string): boolean {
  return /^[(),=!<>]/.test(token);
}

function checkRequirement({ key, operator, values }: Requirement): string | undefined {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  const isKey = isLabelText(name) && name !== '' && more.length === 0 && (prefix === undefined || isSubdomain(prefix));
  if (!isKey) return `${key} is no label`;
  const isCompared = operator === 'above' || operator === 'below';
  const wrong = values.find((value) => !(isCompared ? isInteger(value) : isLabelText(value)));
  return wrong === undefined ? undefined : `"${wrong}" is no ${isCompared ? 'whole number' : 'value of a label'}`;
}

function isLabelText(text: string): boolean {
  return text.length <= 63 && /^([A-Za-z\d]([-\w.]*[A-Za-z\d])?)?$/.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/.test(text);
}

function isInteger(text: string): boolean {
  return /^-?\d{1,18}$/.test(text);
}

/** True when the labels fulfil every requirement. */
export function selects({ requirements }: Selector, labels: Labels): boolean {
  return requirements.every((requirement) => holds(requirement, labels));
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'in':
      return value !== undefined && values.includes(value);
    case 'not-in':
      return value === undefined || !values.includes(value);
    case 'above':
    case 'below':
      return value !== undefined && isInteger(value) && compares(operator, BigInt(value), BigInt(values[0] ?? 0));
  }
}

function compares(operator: 'above' | 'below', value: bigint, bound: bigint): boolean {
  return operator === 'above' ? value > bound : value < bound;
}
