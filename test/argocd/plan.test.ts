// What is rendered to know what an Application declares.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argocd } from '../../argocd/engine.ts';
import type { EngineResource, OwnerPlan } from '../../server/core/engine.ts';
import { Hidden } from '../../server/core/hidden.ts';
import {
  application,
  applied,
  deployment,
  first,
  operationState,
  repository,
  running,
  second,
  source,
  third,
} from './examples.ts';

type Json = Record<string, unknown>;
const canary = 'c4n4ry-value';
const other = 'https://git.example.com/shop/values.git';

function resourceOf(kind: string): EngineResource {
  const resource = argocd.resources.find((candidate) => candidate.kind === kind);
  assert.ok(resource);
  return resource;
}

const project = (spec: Json = {}, name = 'shop'): Json => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace: 'argocd' },
  spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], ...spec },
});

interface Given {
  readonly spec?: Json;
  readonly status?: Json;
  readonly metadata?: Json;
  readonly project?: unknown;
  readonly settings?: Json;
  readonly revisions?: readonly [string, string][];
  /** By path. */
  readonly overrides?: Readonly<Record<string, string>>;
  readonly clusterNames?: readonly string[];
  readonly runsHere?: boolean;
}

function planOf(given: Given): OwnerPlan {
  const { clusterNames = [], runsHere = true } = given;
  const view = argocd.open({ namespace: 'argocd', runsHere, clusterNames, clusterServers: [] });
  if (given.settings !== undefined) {
    const object = { metadata: { name: 'argocd-cm', namespace: 'argocd' }, data: given.settings };
    view.put(resourceOf('ConfigMap'), object);
  }
  view.put(resourceOf('AppProject'), given.project ?? project());
  const { spec = {}, status = {}, metadata = {} } = given;
  const [ref] = view.put(resourceOf('Application'), application({ spec, status, metadata }));
  assert.ok(ref);
  const plan = view.plan(ref, { revisions: new Map(given.revisions) });
  assert.ok(plan);
  return plan;
}

/** Hidden values are shown, `undefined` fields are left out. */
function show(value: unknown): unknown {
  if (value instanceof Hidden) return show(value.reveal());
  if (Array.isArray(value)) return value.map(show);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === undefined ? [] : [[key, show(field)]])),
  );
}

function partsOf(given: Given): unknown {
  const plan = planOf(given);
  const texts = plan.overrides.flatMap((file) => {
    const text = given.overrides?.[file.path];
    return text === undefined ? [] : [{ ...file, text }];
  });
  const result = plan.finish(texts);
  return 'parts' in result ? show(result.parts) : `${result.reason}: ${result.detail}`;
}

const tree = { repository, revision: first };
const part = (tool: Json, more: Json = {}): Json => ({ tree, path: 'overlays/prod', tool, decrypts: false, ...more });
const plain = { tool: 'plain', recurse: false };
const kustomize = { tool: 'kustomize', missing: 'refuse', ignoreMissingComponents: false };
const helm = {
  tool: 'helm',
  releaseName: 'web',
  namespace: 'shop',
  values: [],
  parameters: [],
  includeCrds: true,
  skipSchemaValidation: false,
  apiVersions: [],
  cluster: { view: 'told' },
};
const from = (more: Json): Given => applied({ ...source, ...more });
const several = (sources: Json[], revisions: string[]): Given => ({
  spec: { sources },
  status: {
    history: [{ id: 0, revisions, sources, deployedAt: '2026-11-22T11:00:10Z' }],
    operationState: undefined,
    sync: { status: 'Synced', revisions, comparedTo: { sources } },
  },
});
const undetected = { sourceType: undefined };

const rendered: [rule: string, given: Given, parts: unknown][] = [
  ['the tool that Argo CD found', {}, [part(kustomize)]],
  [
    'the tool is looked for when it does not say',
    { status: undetected },
    [part({ tool: 'auto', plain, kustomize, helm })],
  ],
  [
    'a directory with its options',
    from({ directory: { recurse: true, include: '*.yaml', exclude: '{a,b}.yaml' } }),
    [part({ tool: 'plain', recurse: true, include: '*.yaml', exclude: '{a,b}.yaml' })],
  ],
  [
    'kustomize: its options as fields of a kustomization',
    from({
      kustomize: {
        namePrefix: 'p-',
        nameSuffix: '-s',
        namespace: 'other',
        images: ['nginx=registry.example.com/nginx:1.29', 'redis@sha256:00ff', 'localhost:5000/app:v2', 'a=*:v3'],
        replicas: [{ name: 'web', count: 3 }],
        commonLabels: { team: 'shop' },
        labelWithoutSelector: true,
        labelIncludeTemplates: true,
        commonAnnotations: { app: '$ARGOCD_APP_NAME', cost: '$$5' },
        commonAnnotationsEnvsubst: true,
        patches: [{ patch: 'x', target: { kind: 'Secret' }, options: { allowNameChange: true }, exec: 'no' }],
        components: ['../../components/tls'],
        ignoreMissingComponents: true,
      },
    }),
    [
      part({
        ...kustomize,
        ignoreMissingComponents: true,
        overlay: {
          namePrefix: 'p-',
          nameSuffix: '-s',
          namespace: 'other',
          images: [
            { name: 'nginx', newName: 'registry.example.com/nginx', newTag: '1.29' },
            { name: 'redis', digest: 'sha256:00ff' },
            { name: 'localhost:5000/app', newTag: 'v2' },
            { name: 'a', newTag: 'v3' },
          ],
          replicas: [{ name: 'web', count: 3 }],
          labels: [{ pairs: { team: 'shop' }, includeSelectors: false, includeTemplates: true }],
          commonAnnotations: { app: 'web', cost: '$5' },
          patches: [{ patch: 'x', target: { kind: 'Secret' }, options: { allowNameChange: true } }],
          components: ['../../components/tls'],
        },
      }),
    ],
  ],
  [
    'helm: files in order, then inline values, then parameters, text ones after the others',
    from({
      helm: {
        releaseName: 'shop-web',
        namespace: 'elsewhere',
        valueFiles: ['values.yaml', '../common.yaml', '/root-$ARGOCD_APP_NAME.yaml'],
        ignoreMissingValueFiles: true,
        values: 'ignored: true',
        valuesObject: { password: canary },
        parameters: [
          { name: 'tag', value: 'v1', forceString: true },
          { name: 'rev', value: '${ARGOCD_APP_REVISION_SHORT}' },
          { name: 'rev', value: '$ARGOCD_APP_REVISION_SHORT_8' },
        ],
        fileParameters: [{ name: 'config', path: 'files/config.json' }],
        skipCrds: true,
        skipSchemaValidation: true,
        kubeVersion: '1.32.0',
        apiVersions: ['monitoring.coreos.com/v1'],
      },
    }),
    [
      part({
        ...helm,
        releaseName: 'shop-web',
        namespace: 'elsewhere',
        values: [
          { from: 'file', path: 'overlays/prod/values.yaml', optional: true },
          { from: 'file', path: 'overlays/common.yaml', optional: true },
          { from: 'file', path: 'root-web.yaml', optional: true },
          { from: 'inline', text: `{"password":"${canary}"}` },
        ],
        parameters: [
          { from: 'inline', name: 'rev', value: '11111111', forceString: false },
          { from: 'inline', name: 'tag', value: 'v1', forceString: true },
          { from: 'file', name: 'config', path: 'overlays/prod/files/config.json' },
        ],
        includeCrds: false,
        skipSchemaValidation: true,
        kubeVersion: '1.32.0',
        apiVersions: ['monitoring.coreos.com/v1'],
      }),
    ],
  ],
  [
    'several sources: in order, values from a ref at its own commit, which has no manifests',
    several(
      [
        { repoURL: repository, path: 'chart', helm: { valueFiles: ['$values/prod/web.yaml'] } },
        { repoURL: other, ref: 'values', targetRevision: 'main' },
        { repoURL: repository, path: '.', directory: { recurse: true } },
      ],
      [first, second, third],
    ),
    [
      part(
        {
          ...helm,
          values: [
            { from: 'file', tree: { repository: other, revision: second }, path: 'prod/web.yaml', optional: false },
          ],
        },
        { path: 'chart' },
      ),
      part({ ...plain, recurse: true }, { tree: { repository, revision: third }, path: '' }),
    ],
  ],
  [
    'a hydrator: the dry source at the dry commit',
    {
      spec: {
        source: undefined,
        sourceHydrator: {
          drySource: { repoURL: repository, path: 'apps/web', targetRevision: 'main', helm: { values: 'a: 1' } },
          syncSource: { targetBranch: 'env/prod', path: 'web' },
        },
      },
      status: { sourceHydrator: { lastSuccessfulOperation: { drySHA: second, hydratedSHA: first } } },
    },
    [
      part(
        { ...helm, values: [{ from: 'inline', text: 'a: 1' }] },
        { path: 'apps/web', tree: { repository, revision: second } },
      ),
    ],
  ],
  [
    'options that have changed since do not hinder another revision',
    { spec: { source: { ...source, kustomize: { namePrefix: 'a-' } } }, revisions: [[repository, third]] },
    [part({ ...kustomize, overlay: { namePrefix: 'a-' } }, { tree: { repository, revision: third } })],
  ],
  [
    'another revision that is asked for',
    { revisions: [[repository, third]] },
    [part(kustomize, { tree: { repository, revision: third } })],
  ],
  [
    'asked for before anything was synced',
    { revisions: [[repository, third]], status: { history: [], operationState: undefined } },
    [part(kustomize, { tree: { repository, revision: third } })],
  ],
];
for (const [rule, given, parts] of rendered) test(`plan: ${rule}`, () => assert.deepEqual(partsOf(given), parts));

const configMap = { kind: 'ConfigMap', namespace: 'shop', name: 'web' };
const handled = {
  resources: [
    { ...configMap, version: 'v1', status: 'Synced' },
    { ...deployment, version: 'v1' },
  ],
};
const synced = (more: Json): Json => operationState({ finishedAt: '2026-11-22T12:00:09Z', ...more });
const partly: [rule: string, operation: Json, elsewhere: unknown][] = [
  ['a whole sync', synced({ syncResult: { revision: second, source, ...handled } }), undefined],
  ['one that runs', running({ syncResult: { revision: second, source, ...handled } }), [configMap]],
  ['one that failed', synced({ phase: 'Failed', syncResult: { revision: second, source, ...handled } }), [configMap]],
  [
    'a selective one to another revision',
    synced({
      operation: { sync: { revision: second, resources: [{ group: '', kind: 'ConfigMap', name: 'web' }] } },
      syncResult: { revision: second, source, ...handled },
    }),
    [configMap],
  ],
  [
    'a self-heal',
    synced({
      operation: { sync: { revision: first, resources: [{ group: '', kind: 'ConfigMap', name: 'web' }] } },
      syncResult: { revision: first, source, ...handled },
    }),
    undefined,
  ],
];
for (const [rule, operation, elsewhere] of partly) {
  test(`plan: what ${rule} leaves at another revision`, () => {
    const status = { operationState: operation };
    const plan = planOf({ status }).finish([]);
    const asked = planOf({ status, revisions: [[repository, third]] }).finish([]);
    assert.ok('parts' in plan && 'parts' in asked);
    assert.deepEqual([plan.elsewhere, asked.elsewhere], [elsewhere, undefined]);
  });
}

const overridden: [rule: string, files: Readonly<Record<string, string>>, parts: unknown][] = [
  [
    'one after the other, the Application’s own last',
    {
      'overlays/prod/.argocd-source.yaml': 'kustomize: {images: [web:v1], namePrefix: a-}',
      'overlays/prod/.argocd-source-web.yaml': 'kustomize: {images: [web:v2], namePrefix: null}',
    },
    [part({ ...kustomize, overlay: { images: [{ name: 'web', newTag: 'v2' }] } })],
  ],
  [
    'a place that they name is not gone to',
    { 'overlays/prod/.argocd-source.yaml': 'repoURL: https://evil.example.com/x\npath: /\nchart: c\nref: r' },
    [part(kustomize)],
  ],
  [
    'a plugin that they name is not run',
    { 'overlays/prod/.argocd-source.yaml': 'plugin: {name: p}' },
    'not-rendered: a config management plugin renders it, which only Argo CD can run',
  ],
  [
    'broken ones are no empty ones',
    { 'overlays/prod/.argocd-source.yaml': '{' },
    'unreadable: overlays/prod/.argocd-source.yaml cannot be read: syntax',
  ],
  [
    'a list is no map',
    { 'overlays/prod/.argocd-source.yaml': '- a' },
    'unreadable: overlays/prod/.argocd-source.yaml cannot be read: not-a-map',
  ],
];
for (const [rule, overrides, parts] of overridden) {
  test(`overrides: ${rule}`, () => assert.deepEqual(partsOf({ overrides }), parts));
}

test('overrides: an Application outside the control plane’s namespace is named with its own', () => {
  const given = { metadata: { namespace: 'team' }, project: project({ sourceNamespaces: ['team'] }) };
  assert.deepEqual(
    planOf(given).overrides.map(({ path }) => path),
    ['overlays/prod/.argocd-source.yaml', 'overlays/prod/.argocd-source-team_web.yaml'],
  );
});

const chart = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.2.3' };
const refusals: [rule: string, given: Given, detail: RegExp][] = [
  ['a plugin', from({ plugin: { name: 'p' } }), /^not-rendered: .*plugin/],
  [
    'a chart from a Helm repository',
    { ...several([chart], ['1.2.3']), status: { ...several([chart], ['1.2.3']).status, sourceTypes: ['Helm'] } },
    /Helm repository/,
  ],
  ['an OCI artifact', from({ repoURL: 'oci://registry.example.com/app' }), /OCI artifact/],
  ['never synced', { status: { history: [], operationState: undefined } }, /never synced/],
  [
    'options that have changed since',
    { spec: { source: { ...source, kustomize: { namePrefix: 'a-' } } } },
    /other options/,
  ],
  [
    'values that are nested beyond what the stack holds',
    {
      ...from({ helm: { valuesObject: JSON.parse('{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000)) as Json } }),
      revisions: [[repository, third]],
    },
    /nested too deeply/,
  ],
  ['two tools', from({ helm: { values: 'a: 1' }, kustomize: { namePrefix: 'a' } }), /more than one tool/],
  ['a path that leaves the repository', from({ path: '../x' }), /leaves its repository/],
  ['a value file from a URL', from({ helm: { valueFiles: ['https://example.com/v.yaml'] } }), /URL/],
  ['value files by a pattern', from({ helm: { valueFiles: ['values-*.yaml'] } }), /pattern/],
  [
    'a variable that fills a path out of the repository',
    from({ helm: { valueFiles: ['${X}/../../../../v'] } }),
    /outside/,
  ],
  [
    'a version that only the cluster knows',
    from({ helm: { parameters: [{ name: 'v', value: '$KUBE_VERSION' }] } }),
    /variable/,
  ],
  ['jsonnet', from({ directory: { jsonnet: { libs: ['lib'] } } }), /jsonnet/],
  ['build options of kustomize', { settings: { 'kustomize.buildOptions': '--enable-helm' } }, /kustomize.buildOptions/],
  ['two destinations', { spec: { destination: { server: 'https://a', name: 'a' } } }, /both a server and a name/],
  ['a project that is not there', { project: project({}, 'another') }, /AppProject is not visible/],
];
for (const [rule, given, detail] of refusals) {
  test(`not rendered: ${rule}`, () => assert.match(String(partsOf(given)), detail));
}

test('not rendered: where it is declared is told all the same', () => {
  const { sources } = planOf(from({ plugin: { name: 'p' } }));
  assert.deepEqual(sources, [
    { repository, revision: first, path: 'overlays/prod', renderer: 'unknown', reason: 'plugin' },
  ]);
});

test('I6: nothing that may be secret shows in a plan or its view', () => {
  const given = from({ helm: { values: canary, parameters: [{ name: 'a', value: canary }] } });
  const plan = planOf(given);
  for (const text of [JSON.stringify(plan.finish([])), JSON.stringify(plan.sources)]) assert.ok(!text.includes(canary));
});
