// JSON text of a value that somebody else wrote.

/** As deep as YAML is read (declared/read.ts): whatever takes the text would refuse more. */
const deepest = 100;

/** Undefined: it is nested too deeply. The API server takes 10,000 levels, and JSON.stringify overflows the stack before that. */
export function toJsonText(value: unknown): string | undefined {
  return isShallow(value) ? JSON.stringify(value) : undefined;
}

/** Level by level, without recursion. */
function isShallow(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return false;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return true;
}
