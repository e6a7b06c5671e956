import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateWorkload, surveyFiles } from '../../server/declared/locate.ts';

const web = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n';
const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const kustomization = (text: string): string =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${text}`;

const cases: {
  rule: string;
  files: Record<string, string>;
  path?: string;
  found?: string;
  refusal?: string;
  namespace?: string;
}[] = [
  { rule: 'a plain file', files: { 'app/web.yaml': web }, found: 'app/web.yaml' },
  { rule: 'a file in a directory below', files: { 'app/a/b/web.yml': web }, found: 'app/a/b/web.yml' },
  {
    rule: 'the default namespace of the source is another',
    files: { 'app/web.yaml': web },
    namespace: 'other',
    refusal: 'not-found',
  },
  {
    rule: 'the manifest’s own namespace wins over the default',
    files: { 'app/web.yaml': `${web}  namespace: shop\n` },
    namespace: 'other',
    found: 'app/web.yaml',
  },
  { rule: 'a file outside of the path is not read', files: { 'other/web.yaml': web }, refusal: 'not-found' },
  { rule: 'twice in two files', files: { 'app/a.yaml': web, 'app/b.yaml': web }, refusal: 'ambiguous' },
  {
    rule: 'a broken file beside it does not matter',
    files: { 'app/web.yaml': web, 'app/x.yaml': '{{ x }' },
    found: 'app/web.yaml',
  },
  {
    rule: 'a plain kustomization',
    files: { 'app/kustomization.yaml': kustomization('resources: [web.yaml]\n'), 'app/web.yaml': web },
    found: 'app/web.yaml',
  },
  {
    rule: 'a kustomization that does not list it',
    files: { 'app/kustomization.yaml': kustomization('resources: []\n'), 'app/web.yaml': web },
    refusal: 'not-found',
  },
  {
    rule: 'a kustomization sets the namespace',
    files: { 'app/kustomization.yaml': kustomization('namespace: shop\nresources: [web.yaml]\n'), 'app/web.yaml': web },
    namespace: 'other',
    found: 'app/web.yaml',
  },
  {
    rule: 'a kustomization with a prefix',
    files: { 'app/kustomization.yaml': kustomization('namePrefix: a-\nresources: [web.yaml]\n'), 'app/web.yaml': web },
    refusal: 'rendered-by-kustomize',
  },
  {
    rule: 'a kustomization with a generator',
    files: {
      'app/kustomization.yaml': kustomization('configMapGenerator: []\nresources: [web.yaml]\n'),
      'app/web.yaml': web,
    },
    refusal: 'rendered-by-kustomize',
  },
  {
    rule: 'a kustomization with patches',
    files: { 'app/kustomization.yaml': kustomization('patches: []\nresources: [web.yaml]\n'), 'app/web.yaml': web },
    refusal: 'rendered-by-kustomize',
  },
  {
    rule: 'a kustomization of kustomizations',
    files: {
      'app/kustomization.yaml': kustomization('resources: [a]\n'),
      'app/a/kustomization.yml': kustomization('resources: [./web.yaml]\n'),
      'app/a/web.yaml': web,
    },
    found: 'app/a/web.yaml',
  },
  {
    rule: 'one file under two kustomizations',
    files: {
      'app/kustomization.yaml': kustomization('resources: [a, b]\n'),
      'app/a/kustomization.yaml': kustomization('resources: [../c/web.yaml]\n'),
      'app/b/kustomization.yaml': kustomization('resources: [../c/web.yaml]\n'),
      'app/c/web.yaml': web,
    },
    refusal: 'rendered-by-kustomize',
  },
  {
    rule: 'kustomizations in a circle',
    files: {
      'app/kustomization.yaml': kustomization('resources: [a]\n'),
      'app/a/kustomization.yaml': kustomization('resources: [..]\n'),
    },
    refusal: 'not-found',
  },
  {
    rule: 'an unreadable kustomization',
    files: { 'app/kustomization.yaml': ': [', 'app/web.yaml': web },
    refusal: 'not-found',
  },
  {
    rule: 'Flux’s resource of the same name',
    files: {
      'app/kustomization.yaml':
        'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: x\n',
      'app/web.yaml': web,
    },
    found: 'app/web.yaml',
  },
  {
    rule: 'a Helm chart',
    files: { 'app/Chart.yaml': 'name: x\n', 'app/templates/web.yaml': web },
    refusal: 'rendered-by-helm',
  },
];

for (const { rule, files, path = 'app', found, refusal, namespace = 'shop' } of cases) {
  test(`locate: ${rule}`, () => {
    const inPath = Object.entries(files)
      .filter(([name]) => name.startsWith(`${path}/`))
      .map(([name, text]) => ({ path: name, text }));
    const location = locateWorkload(surveyFiles(inPath, path), workload, namespace);
    if (found !== undefined)
      assert.deepEqual(location.kind === 'found' && location.path, found, JSON.stringify(location));
    else assert.deepEqual(location.kind === 'refused' && location.refusal, refusal, JSON.stringify(location));
  });
}
