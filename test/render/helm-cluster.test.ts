// Charts that ask something of the cluster: what they are told, and where that proves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { Hidden } from '../../server/core/hidden.ts';
import type { ClusterFacts, HelmTool } from '../../server/core/rendering.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { fakeRef, type FakeFile, type FakeTree } from '../fakes/source-tree.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import {
  facts,
  helmTool,
  identify,
  part,
  portsOf,
  refusalOf,
  render,
  textOf,
  withRenderer,
  type Setting,
} from './rig.ts';

const skip = await whyNoTools();
const versions = ['helm3', 'helm4'] as const;
const toolsOf = async (version: (typeof versions)[number]) => {
  const tools = await provideTools();
  return { tools: await findTools({ helm: tools[version] }, process.env['PATH'] ?? '') };
};

const chart = { 'app/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n' };
const inline = (text: string) => ({ from: 'inline', text: new Hidden(text) }) as const;

const release = { tool: 'helm-release', storageNamespace: 'ops', releaseName: 'shop', version: 3 } as const;
const installed = 'kind: ConfigMap\nmetadata: {name: installed}\n';
const helmRecord = {
  'Secret/ops/sh.helm.release.v1.shop.v3': { release: btoa(JSON.stringify({ manifest: installed })) },
};
const call = '{{ lookup "v1" "Secret" "a" "b" }}';
const looking: readonly [string, Record<string, FakeFile>, Partial<HelmTool>][] = [
  ['a template', { 'app/templates/x.yaml': call }, {}],
  ['a chart beside it', { 'app/charts/sub/templates/_x.tpl': call }, {}],
  ['a packed chart, whatever is in it', { 'app/charts/sub-1.0.0.tgz': Buffer.from([0x1f, 0x8b]) }, {}],
  ['a value that a template evaluates', {}, { values: [inline(`text: '${call}'`)] }],
];
for (const [rule, files, tool] of looking) {
  const renderFor = (cluster: HelmTool['cluster']) =>
    render(part({ ...helmTool, ...tool, cluster }), { files: { ...chart, ...files }, live: helmRecord });

  test(`a lookup that was real is not rendered: ${rule}`, async () => {
    assert.equal(textOf(await renderFor({ view: 'live', record: release })), installed);
    for (const cluster of [{ view: 'live', record: undefined }, { view: 'unknown' }] as const) {
      assert.match(refusalOf(await renderFor(cluster)), /^not-rendered: the chart looks up objects of the cluster/);
    }
    assert.match(
      refusalOf(await renderFor({ view: 'told' })),
      /helm is not installed/,
      'it finds nothing there, as here',
    );
  });
}

test('what was installed counts for the identity only where it counts for the result', async () => {
  const identityOf = (files: Record<string, FakeFile>, live: Setting['live'] = helmRecord) => {
    const tool = { ...helmTool, cluster: { view: 'live', record: release } } as const;
    return identify(part(tool), { files: { ...chart, ...files }, live });
  };
  const other = { 'Secret/ops/sh.helm.release.v1.shop.v3': { release: 'another' } };
  const prose = { 'app/README.md': call };
  assert.equal(await identityOf(prose), await identityOf(prose, other));
  const template = { 'app/templates/x.yaml': call };
  assert.notEqual(await identityOf(template), await identityOf(template, other));
});

const says = (expression: string) => ({ ...chart, 'app/templates/x.yaml': `a: {{ ${expression} | quote }}\n` });
const version = '.Capabilities.KubeVersion.Version';
const has = (api: string) => `.Capabilities.APIVersions.Has "${api}"`;
const told = { ...helmTool, cluster: { view: 'told' } } as const;
const eks: ClusterFacts = { ...facts, kubeVersion: 'v1.31.4-eks-7f9249a' };

/** What the chart says, and what it says the second time. */
async function answersOf(tool: Partial<HelmTool>, setting: Setting): Promise<readonly string[]> {
  const result = await render(part({ ...told, ...tool }), setting);
  if (result.kind === 'not-rendered') return [result.detail];
  const texts = result.manifests.flatMap(({ text, again }) => [text, ...(again === undefined ? [] : [again])]);
  return texts.map((text) => /^a: "(.*)"$/m.exec(text.reveal())?.[1] ?? text.reveal());
}

const given = { kubeVersion: '1.29.1', apiVersions: ['acme.example.com/v1'] };
const mayNot = 'the chart depends on the cluster’s version or APIs, which may not be read here';
const asked = 'the chart depends on the cluster’s version or APIs, which helm cannot be told as it finds them itself';
const forbidden = new LockstepError('api-forbidden', { message: 'no' });
const live = { cluster: { view: 'live', record: undefined } } as const;
const unknown = { cluster: { view: 'unknown' } } as const;
const answers: readonly [string, string, Partial<HelmTool>, ClusterFacts | Error, readonly string[]][] = [
  ['Argo CD tells the minor version, or without its suffix the whole', version, {}, eks, ['v1.31', 'v1.31.4']],
  ['what both give alike', `semverCompare ">=1.30-0" ${version}`, {}, eks, ['true', 'true']],
  ['an API of the cluster', has('apps/v1/Deployment'), {}, facts, ['true', 'true']],
  ['an API that it lacks', has('acme.example.com/v1'), {}, facts, ['false', 'false']],
  ['an API that is not there now', has('m/v1'), {}, { ...facts, uncertain: ['m/v1'] }, ['false', 'true']],
  [
    'what the Application says',
    `printf "%s %v" ${version} (${has('acme.example.com/v1')})`,
    given,
    forbidden,
    ['v1.29.1 true'],
  ],
  ['a version of its own beside the cluster’s APIs', has('v1/Secret'), { kubeVersion: '1.29.1' }, facts, ['true']],
  ['no version is needed for its own', version, { kubeVersion: '1.29.1' }, forbidden, ['v1.29.1']],
  ['what may not be read', version, {}, forbidden, [mayNot]],
  ['what may not be read, for APIs', has('v1/Secret'), { kubeVersion: '1.29.1' }, forbidden, [mayNot]],
  ['helm-controller finds the version that the cluster says', version, live, facts, ['v1.31.4']],
  ['helm-controller finds a suffix, which Helm 3 cannot be told', version, live, eks, [asked]],
  ['helm-controller finds the APIs without those that helm knows', has('policy/v1beta1'), live, facts, [asked]],
  [
    'a strange version',
    version,
    {},
    { ...facts, kubeVersion: 'main' },
    ['the cluster’s version is not one that Helm could be told'],
  ],
];
for (const helm of versions) {
  for (const [rule, expression, tool, cluster, expected] of answers) {
    test(`${helm}: a chart that asks of the cluster: ${rule}`, { skip }, async () => {
      const files = says(expression);
      assert.deepEqual(await answersOf(tool, { files, cluster, options: await toolsOf(helm) }), expected);
    });
  }

  test(`${helm}: where nobody knows who installs it, helm’s own defaults may have counted`, { skip }, async () => {
    const setting = { files: says(version), options: await toolsOf(helm) };
    const [first, second] = await answersOf(unknown, setting);
    assert.notEqual(first, second);
    assert.equal(second, 'v1.31.4');
  });

  test(`${helm}: a chart for some versions only is judged by the cluster’s`, { skip }, async () => {
    const files = { ...says('"is there"'), 'app/Chart.yaml': `${chart['app/Chart.yaml']}kubeVersion: "~1.31.0-0"\n` };
    const options = await toolsOf(helm);
    for (const tool of [{}, live, unknown]) {
      assert.deepEqual(await answersOf(tool, { files, cluster: eks, options }), ['is there']);
    }
    const [other] = await answersOf({}, { files, cluster: { ...facts, kubeVersion: 'v1.33.0' }, options });
    assert.match(String(other), /the chart is for another version of Kubernetes/);
  });

  test(`${helm}: a thousand kinds`, { skip }, async () => {
    const apiVersions = Array.from({ length: 1_000 }, (_, n) =>
      `${'group'.repeat(7)}.example.com/v1/Kind${n}`.padEnd(60, 'x'),
    );
    const setting = { files: says(has(String(apiVersions[999]))), cluster: { ...facts, apiVersions } };
    assert.deepEqual(await answersOf({}, { ...setting, options: await toolsOf(helm) }), ['true', 'true']);
  });
}

const served = (...names: string[]): ClusterFacts => ({ ...facts, apiVersions: names });
const identities: readonly [string, Record<string, FakeFile>, Partial<HelmTool>, 'same' | 'other', 'same' | 'other'][] =
  [
    ['that asks nothing', says('"x"'), {}, 'same', 'same'],
    ['in whose README the word stands', { ...says('"x"'), 'app/README.md': '.Capabilities' }, {}, 'same', 'same'],
    ['that asks for the version', says(version), {}, 'other', 'same'],
    ['that asks for APIs', says(has('v1')), {}, 'other', 'other'],
    [
      'with a chart in it that asks',
      { ...says('"x"'), 'app/charts/s/templates/_a.tpl': `{{ ${has('v1')} }}` },
      {},
      'other',
      'other',
    ],
    ['with a packed chart', { ...says('"x"'), 'app/charts/s.tgz': Buffer.from([0x1f, 0x8b]) }, {}, 'other', 'other'],
    [
      'that evaluates a value that asks',
      says('"x"'),
      { values: [inline(`a: '{{ ${has('v1')} }}'`)] },
      'other',
      'other',
    ],
    ['that is told by the Application', says(has('v1')), given, 'same', 'same'],
  ];
for (const [rule, files, tool, onVersion, apis] of identities) {
  test(`what the cluster is counts for the identity of a chart ${rule}: version ${onVersion}, APIs ${apis}`, async () => {
    const identityOf = (cluster: ClusterFacts) => identify(part({ ...told, ...tool }), { files, cluster });
    const first = await identityOf(served('v1'));
    assert.equal((await identityOf({ ...served('v1'), kubeVersion: 'v1.32.0' })) === first, onVersion === 'same');
    assert.equal((await identityOf(served('v1', 'new/v1'))) === first, apis === 'same');
  });
}

test('a chart is read once to know what it asks', async () => {
  const setting = { files: says('"x"') };
  const ports = portsOf(setting);
  await withRenderer(setting, async (renderer, signal) => {
    for (let time = 0; time < 2; time++) await renderer.identify(part(told), ports, signal);
    const { reads } = (await ports.trees(fakeRef, signal)) as FakeTree;
    assert.equal(reads.filter((path) => path === 'app/templates/x.yaml').length, 1);
  });
});

test('a failure of the API server is no refusal', async () => {
  const cluster = new LockstepError('api-unreachable', { message: 'no' });
  await assert.rejects(identify(part(told), { files: says(version), cluster }), { code: 'api-unreachable' });
});
