// What is rendered to know what a Kustomization or HelmRelease declares.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flux } from '../../flux/engine.ts';
import type { EngineRef, OwnerPlan } from '../../server/core/engine.ts';
import { Hidden } from '../../server/core/hidden.ts';
import * as given from './resources.ts';
import { commit, digest, later, type Fields } from './resources.ts';

const canary = 'c4n4ry-value';
const url = given.gitSpec.url;
const shop: EngineRef = { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'shop' };
const podinfo: EngineRef = { engine: 'flux', kind: 'HelmRelease', namespace: 'apps', name: 'podinfo' };

function planOf(owner: EngineRef, objects: readonly Fields[], revisions: readonly [string, string][] = []): OwnerPlan {
  const view = flux.open({ namespace: 'flux-system', runsHere: true, clusterNames: [], clusterServers: [] });
  for (const object of objects) {
    const resource = flux.resources.find(({ kind }) => kind === object['kind']);
    assert.ok(resource);
    view.put(resource, object);
  }
  const plan = view.plan(owner, { revisions: new Map(revisions) });
  assert.ok(plan);
  assert.deepEqual(plan.overrides, []);
  return plan;
}

/** Hidden values are shown, `undefined` fields are left out. */
function show(value: unknown): unknown {
  if (value instanceof Hidden) return show(value.reveal());
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return value.map(show);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === undefined ? [] : [[key, show(field)]])),
  );
}

function resultOf(plan: OwnerPlan): unknown {
  const result = plan.finish([]);
  if (!('parts' in result)) return `${result.reason}: ${result.detail}`;
  // What is left to the cluster is another test's.
  const { leaves: _, ...rest } = result;
  return show(rest);
}

const tree = { repository: url, revision: commit };
const build = { tool: 'kustomize', missing: 'list-manifests', ignoreMissingComponents: false };
const part = (tool: object, more: object = {}): object => ({
  tree,
  path: 'apps/shop',
  tool,
  decrypts: false,
  ...more,
});
const one = (rendered: object, namespace = 'default'): object => ({ namespace, parts: [rendered] });

const kustomizations: [rule: string, spec: Fields, source: Fields, result: unknown][] = [
  ['the path at the applied commit', {}, {}, one(part(build))],
  [
    'everything that it puts on top, and only what Flux has fields for',
    {
      targetNamespace: 'shop',
      namePrefix: 'p-',
      nameSuffix: '-s',
      patches: [{ patch: canary, target: { kind: 'Secret', name: 'db' }, path: '/etc/passwd' }],
      images: [{ name: 'nginx', newName: 'r/nginx', newTag: '1', digest: 'sha256:00', command: 'x' }],
      components: ['../tls'],
      ignoreMissingComponents: true,
      commonMetadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
    },
    {},
    one(
      part({
        ...build,
        ignoreMissingComponents: true,
        overlay: {
          namespace: 'shop',
          namePrefix: 'p-',
          nameSuffix: '-s',
          components: ['../tls'],
          images: [{ name: 'nginx', newName: 'r/nginx', newTag: '1', digest: 'sha256:00' }],
          labels: [{ pairs: { team: 'a' }, includeSelectors: false, includeTemplates: false }],
          patches: [
            { patch: canary, target: { kind: 'Secret', name: 'db' } },
            {
              target: { name: '.*' },
              patch: '{"apiVersion":"v1","kind":"Any","metadata":{"name":"any","annotations":{"note":"b"}}}',
            },
          ],
        },
      }),
      'shop',
    ),
  ],
  [
    'variables: inline ones over those of objects in its own namespace',
    {
      postBuild: {
        substitute: { domain: 'example.com', token: canary },
        substituteFrom: [
          { kind: 'ConfigMap', name: 'vars' },
          { kind: 'Secret', name: 'secret-vars', optional: true },
        ],
        substituteStrategy: 'Always',
      },
    },
    {},
    one(
      part(build, {
        substitution: {
          inline: { domain: 'example.com', token: canary },
          from: [
            { kind: 'ConfigMap', name: 'vars', optional: false, namespace: 'flux-system' },
            { kind: 'Secret', name: 'secret-vars', optional: true, namespace: 'flux-system' },
          ],
          strategy: 'Always',
        },
      }),
    ),
  ],
  ['SOPS', { decryption: { provider: 'sops' } }, {}, one(part(build, { decrypts: true }))],
  [
    'files that the source ignores are not listed',
    {},
    { ignore: '/*\n!/apps' },
    one(part({ ...build, missing: 'refuse' })),
  ],
  ['a sparse checkout with the whole path', {}, { sparseCheckout: ['./apps/'] }, one(part(build))],
  [
    'a sparse checkout with a part of it',
    {},
    { sparseCheckout: ['apps/shop/web'] },
    'not-rendered: the source has only a part of the path (sparseCheckout)',
  ],
  [
    'files of other repositories',
    {},
    { include: [{ repository: { name: 'a' } }] },
    'not-rendered: its source includes other repositories',
  ],
  ['submodules', {}, { recurseSubmodules: true }, 'not-rendered: its source has submodules, which are not read here'],
  [
    'a source that is not there',
    { sourceRef: { kind: 'GitRepository', name: 'x' } },
    {},
    'not-rendered: its source is not visible',
  ],
  ['a field of the wrong type', { patches: 'x' }, {}, 'unreadable: spec.patches cannot be read: wrong-type'],
  ['fields that are left to the cluster', { ignore: [{ paths: ['/spec/replicas', '/data/a'] }] }, {}, one(part(build))],
];
for (const [rule, spec, source, result] of kustomizations) {
  test(`kustomization: ${rule}`, () => {
    const objects = [given.gitRepository({ spec: source }), given.kustomization({ spec })];
    assert.deepEqual(resultOf(planOf(shop, objects)), result);
  });
}

const changedSpec = 'not-rendered: its spec has changed since it was applied';
const at = (revision: string): object => one(part(build, { tree: { repository: url, revision } }));
const newer = { lastAttemptedRevision: `main@sha1:${later}` };
const waiting = 'Running health checks for revision main with a timeout of 5m0s';
const healthChecking = [
  given.condition('Healthy', 'Unknown', 'Progressing', waiting),
  given.condition('Reconciling', 'True', 'Progressing', waiting),
  given.condition('Ready', 'Unknown', 'Progressing', waiting),
];
const failed = (reason: string, generation = 3): Fields => ({
  ...newer,
  conditions: [{ ...given.condition('Ready', 'False', reason), observedGeneration: generation }],
});
const appliedRows: [rule: string, generation: number, spec: Fields, status: Fields, result: unknown][] = [
  ['a spec that is newer', 4, {}, {}, changedSpec],
  ['a spec that is newer and does not build', 4, {}, failed('BuildFailed', 4), changedSpec],
  ['suspending it is a newer spec, too', 4, { suspend: true }, {}, at(commit)],
  ['a newer revision of which some may be applied', 3, {}, failed('ReconciliationFailed'), at(commit)],
  ['a newer revision that does not build', 3, {}, failed('BuildFailed'), at(commit)],
  ['a newer revision that is applied and not healthy', 3, {}, failed('HealthCheckFailed'), at(later)],
  ['and neither was the spec before', 4, {}, failed('HealthCheckFailed', 4), at(later)],
  ['the spec has changed again', 5, {}, failed('HealthCheckFailed', 4), changedSpec],
  ['a newer revision whose health is awaited', 3, {}, { ...newer, conditions: healthChecking }, at(later)],
  [
    'and which is the first',
    3,
    {},
    { ...newer, lastAppliedRevision: undefined, conditions: healthChecking },
    at(later),
  ],
];
for (const [rule, generation, spec, status, result] of appliedRows) {
  test(`kustomization, what is applied: ${rule}`, () => {
    const objects = [given.gitRepository(), given.kustomization({ metadata: { generation }, spec, status })];
    assert.deepEqual(resultOf(planOf(shop, objects)), result);
  });
}

test('kustomization: of a spec that is not applied yet another revision', () => {
  const objects = [given.gitRepository(), given.kustomization({ metadata: { generation: 4 } })];
  assert.deepEqual(resultOf(planOf(shop, objects, [[url, later]])), at(later));
});

test('kustomization: another revision, also before anything was applied', () => {
  const objects = [
    given.gitRepository({ artifact: undefined }),
    given.kustomization({ status: { lastAppliedRevision: undefined } }),
  ];
  assert.equal(resultOf(planOf(shop, objects)), 'not-rendered: its source has no artifact yet');
  const asked = planOf(shop, objects, [[url, later]]);
  assert.deepEqual(resultOf(asked), one(part(build, { tree: { repository: url, revision: later } })));
  assert.deepEqual(asked.sources, [{ repository: url, revision: later, path: 'apps/shop', renderer: 'auto' }]);
});

test('kustomization: an OCI artifact is told with where it says it came from', () => {
  const artifact = {
    ...given.artifact,
    revision: `latest@${digest}`,
    metadata: { 'org.opencontainers.image.source': url },
  };
  const oci = given.source('OCIRepository', { spec: { url: 'oci://r/a' }, status: { artifact } });
  const plan = planOf(shop, [
    oci,
    given.kustomization({ spec: { sourceRef: { kind: 'OCIRepository', name: 'fleet' } } }),
  ]);
  assert.match(String(resultOf(plan)), /OCI artifact/);
  assert.equal(plan.sources[0]?.repository, url);
});

const inGit = {
  chart: {
    spec: { chart: './charts/podinfo', sourceRef: { kind: 'GitRepository', name: 'fleet', namespace: 'flux-system' } },
  },
};
const template = (valuesFiles: string[]): Fields => ({ chart: { spec: { ...inGit.chart.spec, valuesFiles } } });
const helmChart = (spec: Fields = {}, status: Fields = {}): Fields => ({
  ...given.source('HelmChart', {
    spec: { chart: './charts/podinfo', sourceRef: { kind: 'GitRepository', name: 'fleet' }, ...spec },
    status: {
      artifact: { ...given.artifact, revision: '6.5.4' },
      observedSourceArtifactRevision: given.artifact.revision,
      ...status,
    },
  }),
  metadata: { namespace: 'flux-system', name: 'apps-podinfo', generation: 1 },
});
const recorded = { tool: 'helm-release', storageNamespace: 'apps', releaseName: 'shop-podinfo', version: 7 };
const helm = {
  tool: 'helm',
  releaseName: 'shop-podinfo',
  namespace: 'shop',
  values: [
    { from: 'object', kind: 'Secret', namespace: 'apps', name: 'podinfo-values', key: 'values.yaml', optional: false },
    { from: 'inline', text: '{"replicas":2}' },
  ],
  parameters: [],
  includeCrds: false,
  skipSchemaValidation: false,
  apiVersions: [],
  cluster: { view: 'live', record: recorded },
};
/** Of another revision than the installed one Helm recorded nothing. */
const unrecorded = { ...helm, cluster: { view: 'live' } };
const charted = (tool: object): object => one(part(tool, { path: 'charts/podinfo' }), 'shop');
const record = one(
  {
    tree: { repository: '', revision: '' },
    path: '',
    tool: recorded,
    decrypts: false,
  },
  'shop',
);

const releases: [rule: string, spec: Fields, more: readonly Fields[], result: unknown][] = [
  ['a chart from a HelmRepository: what Helm recorded', {}, [], record],
  ['a chart in Git: at the commit that it was packed from', inGit, [helmChart()], charted(helm)],
  ['no HelmChart yet', inGit, [], record],
  [
    'a package that is newer than what is installed',
    inGit,
    [helmChart({}, { artifact: { revision: '6.6.0' } })],
    record,
  ],
  [
    'a HelmChart that it refers to',
    { chart: undefined, chartRef: { kind: 'HelmChart', name: 'apps-podinfo', namespace: 'flux-system' } },
    [helmChart()],
    charted(helm),
  ],
  ['an OCI chart', { chart: undefined, chartRef: { kind: 'OCIRepository', name: 'x' } }, [], record],
  [
    'values in Flux’s order: files, objects, inline, and those with a path over all',
    {
      ...template(['charts/podinfo/values.yaml', './prod.yaml']),
      values: { password: canary },
      valuesFrom: [
        { kind: 'ConfigMap', name: 'placed', valuesKey: 'tag', targetPath: 'image.tag', optional: true },
        { kind: 'ConfigMap', name: 'base' },
      ],
    },
    [helmChart({ ignoreMissingValuesFiles: true })],
    charted({
      ...helm,
      values: [
        { from: 'file', path: 'charts/podinfo/values.yaml', optional: true },
        { from: 'file', path: 'prod.yaml', optional: true },
        { from: 'object', kind: 'ConfigMap', namespace: 'apps', name: 'base', key: 'values.yaml', optional: false },
        { from: 'inline', text: `{"password":"${canary}"}` },
        {
          from: 'object',
          kind: 'ConfigMap',
          namespace: 'apps',
          name: 'placed',
          key: 'tag',
          targetPath: 'image.tag',
          optional: true,
        },
      ],
    }),
  ],
  ['values files that replace the chart’s own', template(['prod.yaml']), [helmChart()], record],
  [
    'post-renderers',
    {
      ...inGit,
      postRenderers: [
        { kustomize: { patches: [{ patch: 'a' }] } },
        { kustomize: { images: [{ name: 'i', newTag: '2' }] } },
      ],
    },
    [helmChart()],
    charted({ ...helm, postRender: { images: [{ name: 'i', newTag: '2' }], patches: [{ patch: 'a' }] } }),
  ],
  [
    'post-renderers whose order one kustomization does not keep',
    {
      ...inGit,
      postRenderers: [
        { kustomize: { images: [{ name: 'i', newTag: '2' }] } },
        { kustomize: { patches: [{ patch: 'a' }] } },
      ],
    },
    [helmChart()],
    record,
  ],
  [
    'a literal value',
    { ...inGit, valuesFrom: [{ kind: 'Secret', name: 'a', targetPath: 'b', literal: true }] },
    [helmChart()],
    record,
  ],
  [
    'a chart whose source ignores files',
    inGit,
    [helmChart(), given.gitRepository({ spec: { ignore: '*.md' } })],
    record,
  ],
];
for (const [rule, spec, more, result] of releases) {
  test(`helm release: ${rule}`, () => {
    const objects = [given.gitRepository(), given.helmRelease({ spec }), ...more];
    assert.deepEqual(resultOf(planOf(podinfo, objects)), result);
  });
}

const suffixes: [rule: string, version: string, result: unknown][] = [
  ['a version that ends with the commit', `6.5.4+${commit.slice(0, 12)}`, charted(helm)],
  ['a version that ends with the commit and a generation', `6.5.4+${commit.slice(0, 12)}.2`, charted(helm)],
  ['a version that ends with another commit', `6.5.4+${later.slice(0, 12)}`, record],
];
for (const [rule, version, result] of suffixes) {
  test(`helm release: ${rule}`, () => {
    const status = { history: [{ ...given.deployed, chartVersion: version }] };
    const objects = [
      given.gitRepository(),
      given.helmRelease({ spec: inGit, status }),
      helmChart({}, { artifact: { revision: version } }),
    ];
    assert.deepEqual(resultOf(planOf(podinfo, objects)), result);
  });
}

const unfinished: readonly string[] = ['failed', 'pending-upgrade', 'pending-rollback', 'uninstalling'];
for (const status of unfinished) {
  test(`helm release: one that is ${status} may have changed some of its objects`, () => {
    const history = [{ ...given.deployed, version: 8, status }, given.deployed];
    const plan = planOf(podinfo, [given.helmRelease({ status: { history } })]);
    assert.match(String(resultOf(plan)), /^not-rendered: its last upgrade did not succeed/);
  });
}

test('helm release: rolled back, it is what was installed before', () => {
  const history = [given.deployed, { ...given.deployed, version: 6, status: 'failed' }];
  assert.deepEqual(resultOf(planOf(podinfo, [given.helmRelease({ status: { history } })])), record);
});

test('helm release: of a newer spec the chart is not what was installed', () => {
  const metadata = { generation: 4 };
  const objects = [given.gitRepository(), given.helmRelease({ metadata, spec: inGit }), helmChart()];
  assert.deepEqual(resultOf(planOf(podinfo, objects)), record);
  assert.deepEqual(resultOf(planOf(podinfo, objects, [[url, commit]])), charted(unrecorded));
});

test('helm release: nothing is installed yet', () => {
  const plan = planOf(podinfo, [given.helmRelease({ status: { history: [] } })]);
  assert.equal(resultOf(plan), 'not-rendered: nothing is installed yet, and its chart is in a Helm repository');
  assert.equal(plan.sources[0]?.reason, 'helm-repository');
});

test('helm release: another revision of a chart in Git', () => {
  const plan = planOf(podinfo, [given.gitRepository(), given.helmRelease({ spec: inGit })], [[url, later]]);
  assert.deepEqual(
    resultOf(plan),
    one(part(unrecorded, { path: 'charts/podinfo', tree: { repository: url, revision: later } }), 'shop'),
  );
});

test('I6: nothing that may be secret shows in a plan', () => {
  const spec = { ...inGit, values: { a: canary }, postRenderers: [{ kustomize: { patches: [{ patch: canary }] } }] };
  const release = planOf(podinfo, [given.gitRepository(), given.helmRelease({ spec }), helmChart()]);
  const patches = { patches: [{ patch: canary }], postBuild: { substitute: { a: canary } } };
  const kustomization = planOf(shop, [given.gitRepository(), given.kustomization({ spec: patches })]);
  for (const plan of [release, kustomization]) {
    assert.ok(!JSON.stringify([plan.sources, plan.finish([])]).includes(canary));
    assert.ok('parts' in plan.finish([]));
  }
});
