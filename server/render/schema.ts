// Whether helm may check a chart's values against its schemas: it fetches what a schema refers to, from hosts and from the disk.
import { Refused, quote } from './refused.ts';

const schemaFile = /(?:^|\/)values\.schema\.json$/;
/** A chart as an archive: its schemas are not seen here. */
const packedChart = /(?:^|\/)charts\/[^/]+\.tgz$/;

/** Of JSON Schema's core: the keys whose value is loaded. */
const references: ReadonlySet<string> = new Set(['$ref', '$dynamicRef', '$recursiveRef']);
/** Helm has these in itself. */
const ownDraft = /^https?:\/\/json-schema\.org\/(?:draft-0[467]\/|draft\/20(?:19-09|20-12)\/)?schema#?$/;

/** Refuses schemas that refer to anything but themselves. `skip`: an archive may hold such a one; engines have checked the values already. */
export function chooseValidation(chart: ReadonlyMap<string, Uint8Array>): 'validate' | 'skip' {
  for (const [path, content] of chart) if (schemaFile.test(path)) refuseOutside(path, content);
  return [...chart.keys()].some((path) => packedChart.test(path)) ? 'skip' : 'validate';
}

function refuseOutside(path: string, content: Uint8Array): void {
  const open = [parse(path, content)];
  // Not by recursion: it may be as deep as the file is long.
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (isOutside(key, inner)) throw new Refused(`${quote(path)} refers to another schema; nothing is fetched`);
      open.push(inner);
    }
  }
}

function isOutside(key: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (references.has(key)) return !value.startsWith('#');
  return key === '$schema' && !ownDraft.test(value);
}

function parse(path: string, content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString('utf8'));
  } catch {
    throw new Refused(`${quote(path)} is no JSON`, 'unreadable');
  }
}
