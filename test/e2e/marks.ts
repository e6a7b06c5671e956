// Reloader's marks, written and read by hand from contract §3, with a SHA-1 of our own: what Reloader would leave, and would find.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Place } from './rig.ts';

export type Strategy = 'env-vars' | 'annotations';

export interface Marked {
  readonly type: 'CONFIGMAP' | 'SECRET';
  readonly name: string;
}

interface Template {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly env?: readonly { name: string; value?: string }[] }[] };
}

const annotation = 'reloader.stakater.com/last-reloaded-from';

/** Of a config object's data; binaryData is left to test/compat. */
export function hashOf(data: Readonly<Record<string, string>>): string {
  const lines = Object.entries(data).map(([key, value]) => `${key}=${value}`);
  return createHash('sha1').update(lines.sort().join(';')).digest('hex');
}

/** Leaves Reloader's mark on a Deployment with one container, `main`. */
export async function leaveMark(
  place: Place,
  strategy: Strategy,
  { workload, marked, hash }: { workload: string; marked: Marked; hash: string },
): Promise<void> {
  const { type, name } = marked;
  if (strategy === 'env-vars') {
    const { containers } = (await readTemplate(place, workload)).spec;
    const env = [...(containers[0]?.env ?? []), { name: variableOf(marked), value: hash }];
    const template = { spec: { containers: [{ ...containers[0], env }] } };
    return place.patch(`deployments/${workload}`, { spec: { template } });
  }
  const { namespace } = place;
  const value = JSON.stringify({ type, name, namespace, hash, containerRefs: ['main'], observedAt: 1_700_000_000 });
  await place.patch(`deployments/${workload}`, {
    spec: { template: { metadata: { annotations: { [annotation]: value } } } },
  });
}

/** The hash that Reloader would find; undefined where it would find none. */
export async function readMark(
  place: Place,
  strategy: Strategy,
  { workload, marked }: { workload: string; marked: Marked },
): Promise<string | undefined> {
  const { metadata, spec } = await readTemplate(place, workload);
  if (strategy === 'env-vars') return spec.containers[0]?.env?.find(({ name }) => name === variableOf(marked))?.value;
  const text = metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  const last = JSON.parse(text) as { type?: string; name?: string; namespace?: string; hash?: string };
  assert.deepEqual([last.type, last.name, last.namespace], [marked.type, marked.name, place.namespace]);
  return last.hash;
}

async function readTemplate(place: Place, workload: string): Promise<Template> {
  return (await place.get(`deployments/${workload}`)).spec?.template as Template;
}

/** For names of lower-case letters only. */
function variableOf({ type, name }: Marked): string {
  return `STAKATER_${name.toUpperCase()}_${type}`;
}
