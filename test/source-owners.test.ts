// A source of the configuration as an owner: at which revision, and by which tool.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceConfig, SourceRenderer } from '../server/config-file.ts';
import { planSources } from '../server/source-owners.ts';

const repository = 'https://git.example/shop.git';
const [head, other] = ['a'.repeat(40), 'b'.repeat(40)];
const resolve = (_: string, ref: string): Promise<string> =>
  ref === 'main' ? Promise.resolve(head) : Promise.reject(new Error(ref));

function planned(renderer: SourceRenderer) {
  const credentials = undefined;
  const source: SourceConfig = {
    name: 'ci',
    repository,
    branch: 'main',
    path: 'apps',
    namespace: 'shop',
    renderer,
    credentials,
  };
  const [owner] = planSources([source], { resolve });
  assert.ok(owner);
  return owner;
}

async function planOf(renderer: SourceRenderer, revisions: ReadonlyMap<string, string> = new Map()) {
  const plan = await planned(renderer).plan({ revisions }, AbortSignal.timeout(1_000));
  assert.ok(plan);
  const finished = plan.finish([]);
  assert.ok('parts' in finished);
  return { sources: plan.sources, ...finished };
}

test('it is called after its name, in its namespace', () => {
  assert.deepEqual(planned('auto').owner, { engine: 'none', kind: 'source', namespace: 'shop', name: 'ci' });
});

test('the head of its branch counts, or the revision that is asked for', async () => {
  const plain = await planOf('plain');
  assert.deepEqual(plain.sources, [{ repository, revision: head, path: 'apps', renderer: 'plain' }]);
  assert.deepEqual([plain.namespace, plain.parts[0]?.tree], ['shop', { repository, revision: head }]);
  const asked = await planOf('plain', new Map([[repository, other]]));
  assert.deepEqual(asked.parts[0]?.tree, { repository, revision: other });
});

for (const renderer of ['auto', 'plain', 'kustomize', 'helm'] as const) {
  test(`renderer: ${renderer}`, async () => {
    assert.equal((await planOf(renderer)).parts[0]?.tool.tool, renderer);
  });
}

test('whether helm asks the cluster when a chart is installed from CI is not known', async () => {
  const { parts } = await planOf('helm');
  assert.deepEqual(parts[0]?.tool.tool === 'helm' && parts[0].tool.cluster, { view: 'unknown' });
});
