// Would two versions of a source be rendered alike? Compared is what chooses and configures the tool, as Go writes it: what is empty is left out.
import { isFields, type Section } from './section.ts';

const blocks = ['helm', 'kustomize', 'directory', 'plugin'];

/** Deeper than any YAML that is read. */
const deepest = 100;

export function hasSameOptions(a: Section, b: Section): boolean {
  return blocks.every((block) => isSame(a.value(block), b.value(block), { exact: false, depth: 0 }));
}

interface Manner {
  /** Helm tells an empty value from none. */
  readonly exact: boolean;
  readonly depth: number;
}

function isSame(a: unknown, b: unknown, { exact, depth }: Manner): boolean {
  if (depth > deepest) return false;
  const [one, other] = exact ? [a, b] : [fill(a, b), fill(b, a)];
  if (Array.isArray(one) && Array.isArray(other)) {
    const manner = { exact, depth: depth + 1 };
    return one.length === other.length && one.every((item, index) => isSame(item, other[index], manner));
  }
  if (!isFields(one) || !isFields(other)) return one === other;
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => {
    const [mine, its] = [one, other].map((fields) => (Object.hasOwn(fields, key) ? fields[key] : undefined));
    return isSame(mine, its, { exact: exact || key === 'valuesObject', depth: depth + 1 });
  });
}

/** In place of what is empty, an empty one of the other's type. */
function fill(value: unknown, other: unknown): unknown {
  if (value !== undefined && value !== null && value !== '' && value !== false && value !== 0) return value;
  if (Array.isArray(other)) return [];
  return isFields(other) ? {} : undefined;
}
