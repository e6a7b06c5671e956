import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'node:test';
import { flux } from '../../flux/engine.ts';
import { readHelmRelease } from '../../flux/helmrelease.ts';
import { readKustomization } from '../../flux/kustomization.ts';
import { readSource } from '../../flux/sources.ts';
import { gitRepository, helmRelease, kustomization } from './resources.ts';

const readers = [
  ['GitRepository', readSource, gitRepository()],
  ['Kustomization', readKustomization, kustomization()],
  ['HelmRelease', readHelmRelease, helmRelease()],
] as const;

/** The paths of everything inside, the root's excepted. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsOf(inner, [...path, key])]);
}

function plant(value: unknown, [key, ...rest]: readonly string[], planted: unknown): unknown {
  if (key === undefined) return planted;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = plant(copy[key], rest, planted);
  return copy;
}

test('flux hostile: values that are nested beyond what the stack holds are taken from what Helm recorded', () => {
  const values = JSON.parse('{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000)) as unknown;
  const view = flux.open({ namespace: 'flux-system', runsHere: true, clusterNames: [], clusterServers: [] });
  const resource = flux.resources.find(({ kind }) => kind === 'HelmRelease');
  assert.ok(resource);
  const [owner] = view.put(resource, helmRelease({ spec: { values } }));
  const plan = owner && view.plan(owner, { revisions: new Map() })?.finish([]);
  assert.ok(plan !== undefined && 'parts' in plan);
  assert.equal(plan.parts[0]?.tool.tool, 'helm-release');
});

for (const [kind, read, resource] of readers) {
  test(`flux hostile: anything anywhere in a ${kind} is read or named, never thrown`, () => {
    const anything = fc.anything({
      withNullPrototype: true,
      key: fc.constantFrom('__proto__', 'constructor', 'name', 'id'),
    });
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(resource)), anything, (path, planted) => {
        const reading = read(plant(resource, path, planted));
        assert.ok(reading.kind === 'read' || reading.problems.length > 0);
      }),
      { numRuns: 1_000, seed: 4 },
    );
  });

  test(`flux hostile: anything for a ${kind} is unreadable`, () => {
    fc.assert(
      fc.property(fc.anything(), (value) => assert.equal(read(value).kind, 'unreadable')),
      { numRuns: 500, seed: 4 },
    );
  });
}
