// The flags by which engines are found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineFlags, readEngineFlags } from '../server/engine-flags.ts';
import { parseFlags } from '../server/flags.ts';

function read(...argv: string[]) {
  const { values, problems: mistakes } = parseFlags(engineFlags, argv);
  const problems = [...mistakes];
  return { settings: readEngineFlags(values, { problems }), problems };
}

test('engines: both are in this cluster unless a flag says otherwise', () => {
  const { settings, problems } = read('--argocd-namespace=gitops');
  assert.deepEqual(problems, []);
  assert.equal(settings.hub, undefined);
  assert.deepEqual(settings.argocd, { namespace: 'gitops', runsHere: true, clusterNames: [], clusterServers: [] });
});

test('engines: Argo CD in this cluster may know it by more names', () => {
  const { settings, problems } = read('--engine-cluster-name=prod,https://10.0.0.1:6443');
  assert.deepEqual(problems, []);
  assert.equal(settings.hub, undefined);
  const clusterServers = ['https://10.0.0.1:6443'];
  assert.deepEqual(settings.argocd, { namespace: 'argocd', runsHere: true, clusterNames: ['prod'], clusterServers });
});

test('engines: a hub knows this cluster by names and by addresses', () => {
  const { settings, problems } = read(
    '--engine-kubeconfig=/etc/hub',
    '--engine-context=hub',
    '--engine-cluster-name=prod,https://10.0.0.1:6443/',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(settings.hub, { kubeconfig: '/etc/hub', context: 'hub' });
  const { runsHere, clusterNames, clusterServers } = settings.argocd;
  assert.deepEqual([runsHere, clusterNames, clusterServers], [false, ['prod'], ['https://10.0.0.1:6443']]);
  assert.deepEqual(settings.flux.clusterNames, [], 'Flux is looked for here only');
});

const refused: [rule: string, argv: string[], problem: RegExp][] = [
  ['a hub without a name of this cluster', ['--engine-context=hub'], /need --engine-cluster-name/],
  ['a namespace that is none', ['--argocd-namespace=../x'], /--argocd-namespace "..\/x"/],
];
for (const [rule, argv, problem] of refused) {
  test(`engines: ${rule} is refused`, () => {
    const { problems } = read(...argv);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', problem);
  });
}
