// What an Application declares as its sources, one row a rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insideRepository, withoutCredentials } from '../../argocd/source-path.ts';
import type { DeclaredSource } from '../../server/core/engine.ts';
import { application, applied, first, problemsOf, read, repository, second, source, third } from './examples.ts';

type Json = Record<string, unknown>;
const brief = ({ repository: from, revision, path, renderer, reason }: DeclaredSource): unknown[] => [
  from,
  revision,
  path,
  renderer,
  ...(reason === undefined ? [] : [reason]),
];
const chart = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.2.*' };
const noTypes = { sourceType: undefined };
const hydrator = { drySource: { ...source, path: 'dry' }, syncSource: { targetBranch: 'env/prod', path: 'prod' } };

const declared: [rule: string, parts: { spec?: Json; status?: Json }, expected: unknown[][]][] = [
  ['the one source', {}, [[repository, first, 'overlays/prod', 'kustomize']]],
  [
    'of several, the one is ignored',
    {
      spec: { sources: [{ ...source, path: 'a' }, chart] },
      status: {
        history: [{ revisions: [second, '1.2.3'], deployedAt: '2026-11-22T12:00:00Z' }],
        sourceTypes: ['Directory', 'Helm'],
      },
    },
    [
      [repository, second, 'a', 'plain'],
      [chart.repoURL, '1.2.3', undefined, 'helm'],
    ],
  ],
  ['an empty list of several is none', { spec: { sources: [] } }, [[repository, first, 'overlays/prod', 'kustomize']]],
  [
    'a hydrator: the dry source at the dry revision',
    {
      spec: { sourceHydrator: hydrator },
      status: {
        sourceType: 'Directory',
        sourceHydrator: { lastSuccessfulOperation: { drySHA: third, hydratedSHA: first } },
      },
    },
    [[repository, third, 'dry', 'auto']],
  ],
  [
    'a hydrator that has moved on',
    {
      spec: { sourceHydrator: hydrator },
      status: { sourceHydrator: { lastSuccessfulOperation: { drySHA: third, hydratedSHA: second } } },
    },
    [[repository, undefined, 'dry', 'auto', 'dry-revision-unknown']],
  ],
  ['nothing known of the tool', { status: noTypes }, [[repository, first, 'overlays/prod', 'auto']]],
  [
    'an explicit tool counts before the detected one',
    applied({ ...source, directory: { recurse: true } }),
    [[repository, first, 'overlays/prod', 'plain']],
  ],
  [
    'an empty block chooses nothing',
    { spec: { source: { ...source, helm: {} } } },
    [[repository, first, 'overlays/prod', 'kustomize']],
  ],
  [
    'two tools',
    applied({ ...source, helm: { version: 'v3' }, kustomize: { namePrefix: 'a-' } }),
    [[repository, first, 'overlays/prod', 'unknown', 'tool-ambiguous']],
  ],
  [
    'a plugin',
    applied({ ...source, plugin: { name: 'cdk8s' } }),
    [[repository, first, 'overlays/prod', 'unknown', 'plugin']],
  ],
  [
    'a plugin that was detected',
    { status: { sourceType: 'Plugin' } },
    [[repository, first, 'overlays/prod', 'unknown', 'plugin']],
  ],
  [
    'the tool of another path says nothing',
    { status: { sync: { comparedTo: { source: { ...source, path: 'b' } } } } },
    [[repository, first, 'overlays/prod', 'auto']],
  ],
  [
    'a chart',
    {
      spec: { source: chart },
      status: { ...noTypes, history: [{ revision: '1.2.3', source: chart }], operationState: undefined },
    },
    [[chart.repoURL, '1.2.3', undefined, 'helm']],
  ],
  [
    'no path',
    { spec: { source: { repoURL: repository } }, status: { ...noTypes } },
    [[repository, undefined, undefined, 'auto', 'path-missing']],
  ],
  [
    'a path above the root',
    { spec: { source: { ...source, path: 'a/../../b' } } },
    [[repository, undefined, undefined, 'auto', 'path-outside']],
  ],
  [
    'an absolute path',
    { spec: { source: { ...source, path: '/etc' } } },
    [[repository, undefined, undefined, 'auto', 'path-outside']],
  ],
  [
    'the root',
    { spec: { source: { ...source, path: './' } } },
    [[repository, undefined, '.', 'auto', 'source-changed']],
  ],
  ['no repository', { spec: { source: { path: 'a' } } }, [['', undefined, 'a', 'auto', 'repository-missing']]],
  ['no source', { spec: { source: undefined } }, []],
  [
    'a malformed source among several keeps its place',
    {
      spec: { sources: ['x', source] },
      status: {
        history: [{ revisions: [first, second], deployedAt: '2026-11-22T12:00:00Z' }],
        sourceTypes: [7, 'Directory'],
      },
    },
    [
      ['', first, undefined, 'auto', 'repository-missing'],
      [repository, second, 'overlays/prod', 'plain'],
    ],
  ],
];
for (const [rule, parts, expected] of declared) {
  test(`source: ${rule}`, () => assert.deepEqual(read(application(parts)).sources.map(brief), expected));
}

test('where it comes from, and what a ref-only source gives', () => {
  const oci = { repoURL: 'oci://registry.example.com/web', path: '.' };
  const { sources } = read(application({ spec: { sources: [chart, oci, { repoURL: repository, ref: 'values' }] } }));
  assert.deepEqual(
    sources.map(({ from, gives, chart: name, ref, targetRevision }) => [from, gives, name, ref, targetRevision]),
    [
      ['chart', 'manifests', 'web', undefined, '1.2.*'],
      ['oci', 'manifests', undefined, undefined, 'HEAD'],
      ['git', 'ref-only', undefined, 'values', 'HEAD'],
    ],
  );
});

const refs: [rule: string, others: Json[], file: string, problems: string[]][] = [
  ['found', [{ repoURL: repository, ref: 'values' }], '$values/prod.yaml', []],
  ['unknown', [], '$values/prod.yaml', ['spec.sources: ref-unknown']],
  ['of a chart', [{ ...chart, ref: 'values' }], '$values/prod.yaml', ['spec.sources: ref-to-chart']],
  [
    'twice',
    [
      { repoURL: repository, ref: 'values' },
      { repoURL: repository, ref: 'values' },
    ],
    '$values/prod.yaml',
    ['spec.sources: ref-twice'],
  ],
  ['named as a prototype has it', [], '$constructor/prod.yaml', ['spec.sources: ref-unknown']],
  [
    'above the root',
    [{ repoURL: repository, ref: 'values' }],
    '$values/../../etc/passwd',
    ['spec.sources[0].helm: value-file-outside'],
  ],
  ['absolute above the root', [], '/../x.yaml', ['spec.sources[0].helm: value-file-outside']],
];
for (const [rule, others, file, problems] of refs) {
  test(`value file by ref: ${rule}`, () => {
    const sources = [{ ...chart, helm: { valueFiles: [file] } }, ...others];
    const history = [{ sources, revisions: sources.map(() => first) }];
    const value = application({ spec: { sources }, status: { operationState: undefined, history } });
    assert.deepEqual(problemsOf(value), problems);
    assert.equal(read(value).sources[0]?.reason, problems[0]?.split(': ')[1]);
  });
}

const files: [rule: string, helm: Json, problems: string[]][] = [
  ['beside the chart', { valueFiles: ['../common/values.yaml'] }, []],
  ['above the root', { valueFiles: ['../../../values.yaml'] }, ['spec.source.helm: value-file-outside']],
  [
    'as a parameter',
    { fileParameters: [{ name: 'a', path: '../../../etc/passwd' }] },
    ['spec.source.helm.fileParameters[0]: value-file-outside'],
  ],
  ['with a token', { valueFiles: ['https://token@git.example.com/v'] }, ['spec.source.helm: credentials-in-url']],
  ['of another type', { valueFiles: [{}] }, ['spec.source.helm.valueFiles[0]: field-malformed']],
];
for (const [rule, helm, problems] of files) {
  test(`value file: ${rule}`, () => {
    assert.deepEqual(problemsOf(application({ spec: { source: { ...source, helm } } })), problems);
  });
}

test('a source of which a part cannot be read says so', () => {
  const helm = { parameters: [{ value: 'x' }] };
  assert.equal(read(application({ spec: { source: { ...source, helm } } })).sources[0]?.reason, 'field-malformed');
});

test('helm options are plain facts', () => {
  const helm = {
    releaseName: 'web',
    valueFiles: ['values.yaml', '/env/prod.yaml', '$v/a/../b.yaml', 'https://example.com/v.yaml'],
    values: 'a: 1',
    valuesObject: { a: 2 },
    parameters: [{ name: 'image.tag', value: '1', forceString: true }, { name: 'on' }],
    fileParameters: [{ name: 'ca', path: 'ca.pem' }],
    skipCrds: true,
    skipSchemaValidation: true,
  };
  const [only] = read(application({ spec: { source: { ...source, helm } } })).sources;
  assert.deepEqual(only?.helm, {
    releaseName: 'web',
    namespace: undefined,
    valueFiles: [
      { from: 'source', path: 'values.yaml' },
      { from: 'repository', path: 'env/prod.yaml' },
      { from: 'ref', ref: 'v', path: 'b.yaml' },
      { from: 'url', url: 'https://example.com/v.yaml' },
    ],
    ignoreMissingValueFiles: false,
    values: { form: 'object', object: { a: 2 } },
    parameters: [
      { name: 'image.tag', value: '1', forceString: true },
      { name: 'on', value: '', forceString: false },
    ],
    fileParameters: [{ name: 'ca', file: { from: 'source', path: 'ca.pem' } }],
    skipCrds: true,
    skipSchemaValidation: true,
    kubeVersion: undefined,
    apiVersions: [],
  });
});

test('kustomize and directory options are plain facts', () => {
  const kustomize = {
    namePrefix: 'p-',
    images: ['web=web:2'],
    commonLabels: JSON.parse('{"__proto__":"x","team":"shop","bad":1}') as unknown,
    forceCommonLabels: true,
    replicas: [
      { name: 'web', count: '3' },
      { name: 'api', count: 'many' },
    ],
    patches: [{ path: 'p.yaml' }],
  };
  const value = application({
    spec: { source: { ...source, kustomize, directory: { recurse: true, exclude: '{a,b}' } } },
  });
  const [only] = read(value).sources;
  assert.deepEqual(
    only?.kustomize?.commonLabels,
    new Map([
      ['__proto__', 'x'],
      ['team', 'shop'],
    ]),
  );
  assert.deepEqual(only?.kustomize?.flags, new Set(['forceCommonLabels']));
  assert.deepEqual(only?.kustomize?.replicas, [{ name: 'web', count: 3 }]);
  assert.deepEqual(only?.directory, { recurse: true, include: undefined, exclude: '{a,b}', jsonnet: false });
  assert.deepEqual(problemsOf(value), [
    'spec.source: tool-ambiguous',
    'spec.source.kustomize.commonLabels: field-malformed',
    'spec.source.kustomize.replicas[1]: field-malformed',
  ]);
});

const addresses: [address: string, kept: string][] = [
  ['https://user:token@git.example.com/a.git', 'https://git.example.com/a.git'],
  ['https://token@git.example.com/a.git', 'https://git.example.com/a.git'],
  ['ssh://git:pw@git.example.com/a.git', 'ssh://git@git.example.com/a.git'],
  ['git@git.example.com:a.git', 'git@git.example.com:a.git'],
  ['https://git.example.com/a@b.git', 'https://git.example.com/a@b.git'],
  ['https://u:p@x@git.example.com/a', 'https://git.example.com/a'],
];
for (const [address, kept] of addresses) {
  test(`no credential is kept of ${kept}`, () => assert.equal(withoutCredentials(address), kept));
}

test('a credential in an address is said, and is in no answer', () => {
  const value = application({ spec: { source: { ...source, repoURL: 'https://u:hunter2@git.example.com/a' } } });
  assert.deepEqual(problemsOf(value), ['spec.source.repoURL: credentials-in-url']);
  assert.doesNotMatch(JSON.stringify(read(value)), /hunter2/);
});

const paths: [path: string, inside: string | undefined][] = [
  ['a//b/./c', 'a/b/c'],
  ['a/../b', 'b'],
  ['..', undefined],
  ['a/../..', undefined],
  ['', '.'],
  ['..a/b', '..a/b'],
  ['a\0b', undefined],
];
for (const [path, inside] of paths) {
  test(`path ${JSON.stringify(path)} is ${inside ?? 'outside'}`, () => assert.equal(insideRepository(path), inside));
}
