// JSON patch, merge patch and strategic merge patch.
import { type Case, get, nextSecond, patch, post, scenario } from '../case.ts';
import { configMap, deployment, podTemplate, secret } from './objects.ts';

const map = post('configmaps', configMap('c', { a: '1', b: '2' }, { labels: { x: 'y' } }));
const web = post('deployments', deployment('web'));
const two = post(
  'deployments',
  deployment('web', {
    template: podTemplate('web', {
      containers: [
        {
          name: 'a',
          image: 'a:1',
          env: [
            { name: 'X', value: '1' },
            { name: 'Y', value: '2' },
          ],
        },
        { name: 'b', image: 'b:1' },
      ],
    }),
  }),
);
const json = (...steps: readonly unknown[]) => patch('json', 'configmaps/c', steps);
const strategic = (body: unknown) => patch('strategic', 'deployments/web', body);
const containers = (...items: readonly unknown[]) => strategic({ spec: { template: { spec: { containers: items } } } });

export const jsonPatchCases: readonly Case[] = [
  scenario(
    'JSON patch adds, replaces, removes',
    map,
    json(
      { op: 'add', path: '/data/c', value: '3' },
      { op: 'replace', path: '/data/a', value: '9' },
      { op: 'remove', path: '/data/b' },
    ),
  ),
  scenario(
    'JSON patch moves and copies',
    map,
    json({ op: 'move', from: '/data/a', path: '/data/z' }, { op: 'copy', from: '/data/b', path: '/data/y' }),
  ),
  scenario(
    'JSON patch tests',
    map,
    json({ op: 'test', path: '/data/a', value: '1' }, { op: 'replace', path: '/data/a', value: '2' }),
    json({ op: 'test', path: '/data/a', value: '1' }),
  ),
  scenario(
    'JSON patch escapes',
    map,
    json({ op: 'add', path: '/metadata/annotations', value: {} }),
    json({ op: 'add', path: '/metadata/annotations', value: { 'k/x': '1' } }),
    json({ op: 'replace', path: '/metadata/annotations/k~1x', value: '2' }),
  ),
  scenario(
    'JSON patch of a missing path',
    map,
    json({ op: 'remove', path: '/data/none' }),
    json({ op: 'replace', path: '/data/none', value: 'x' }),
    json({ op: 'add', path: '/none/a', value: 'x' }),
  ),
  scenario(
    'JSON patch of list items',
    web,
    patch('json', 'deployments/web', [
      { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'd', image: 'd' } },
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'nginx:2' },
    ]),
  ),
  scenario('JSON patch that is no list', map, patch('json', 'configmaps/c', { op: 'add' })),
  scenario('JSON patch to a wrong type', map, json({ op: 'replace', path: '/data/a', value: 5 })),
];

export const mergePatchCases: readonly Case[] = [
  scenario(
    'merge patch adds, changes, removes',
    map,
    patch('merge', 'configmaps/c', { data: { a: '9', b: null, c: '3' } }),
  ),
  scenario(
    'merge patch that changes nothing keeps the version',
    map,
    patch('merge', 'configmaps/c', { data: { a: '1' } }),
    get('configmaps/c'),
  ),
  scenario('merge patch of a missing object', patch('merge', 'configmaps/none', { data: { a: '1' } })),
  scenario(
    'merge patch with the current and with an old version',
    map,
    patch('merge', 'configmaps/c', {
      metadata: { resourceVersion: '{{0.metadata.resourceVersion}}' },
      data: { a: '2' },
    }),
    patch('merge', 'configmaps/c', {
      metadata: { resourceVersion: '{{0.metadata.resourceVersion}}' },
      data: { a: '3' },
    }),
  ),
  scenario(
    'merge patch with the right and with a wrong uid',
    map,
    patch('merge', 'configmaps/c', { metadata: { uid: '{{0.metadata.uid}}' }, data: { a: '2' } }),
    patch('merge', 'configmaps/c', { metadata: { uid: '11111111-1111-1111-1111-111111111111' }, data: { a: '3' } }),
  ),
  scenario(
    'merge patch of stringData',
    post('secrets', secret('s', { data: { a: 'Yg==' } })),
    patch('merge', 'secrets/s', { stringData: { b: 'x' } }),
  ),
  scenario(
    'merge patch replaces lists',
    two,
    patch('merge', 'deployments/web', { spec: { template: { spec: { containers: [{ name: 'a', image: 'a:2' }] } } } }),
  ),
  scenario('merge patch to a wrong type', map, patch('merge', 'configmaps/c', { data: { a: 5 } })),
  scenario('merge patch with an unknown field warns', map, patch('merge', 'configmaps/c', { foo: 1 })),
  scenario(
    'merge patch with an unknown field is refused when asked to',
    map,
    patch('merge', 'configmaps/c?fieldValidation=Strict', { foo: 1 }),
  ),
  scenario('merge patch that is no object', map, patch('merge', 'configmaps/c', [1])),
  scenario('merge patch that is no JSON', map, patch('merge', 'configmaps/c', '{"a":')),
  scenario('merge patch with force is refused', map, patch('merge', 'configmaps/c?force=true', {})),
  scenario(
    'merge patch as a dry run',
    map,
    patch('merge', 'configmaps/c?dryRun=All', { data: { a: '9' } }),
    get('configmaps/c'),
  ),
  scenario('merge patch of a name is refused', map, patch('merge', 'configmaps/c', { metadata: { name: 'other' } })),
  scenario(
    'merge patch of the template by its own manager',
    web,
    patch('merge', 'deployments/web?fieldManager=lockstep', {
      spec: { template: { metadata: { annotations: { 'lockstep.dev/restarted-for': 'n=1' } } } },
    }),
  ),
  {
    ...scenario(
      'removing a key moves no time',
      post('configmaps?fieldManager=one', configMap('c', { a: '1', b: '2' })),
      nextSecond,
      patch('merge', 'configmaps/c?fieldManager=one', { data: { b: null } }),
      nextSecond,
      patch('merge', 'configmaps/c?fieldManager=one', { data: { a: '2' } }),
    ),
    times: 'ordered',
  },
  {
    ...scenario(
      'a second manager takes a key with a time of its own',
      post('configmaps?fieldManager=one', configMap('c', { a: '1', b: '2' })),
      nextSecond,
      patch('merge', 'configmaps/c?fieldManager=two', { data: { b: '3' } }),
      nextSecond,
      patch('merge', 'configmaps/c?fieldManager=two', { data: { b: null } }),
    ),
    times: 'ordered',
  },
];

export const strategicPatchCases: readonly Case[] = [
  scenario('strategic merge changes one container', two, containers({ name: 'b', image: 'b:2' })),
  scenario('strategic merge adds a container', two, containers({ name: 'd', image: 'd:1' })),
  scenario('strategic merge deletes a container', two, containers({ name: 'a', $patch: 'delete' })),
  scenario('strategic merge replaces the list', two, containers({ $patch: 'replace' }, { name: 'z', image: 'z:1' })),
  scenario(
    'strategic merge replaces a map',
    two,
    strategic({ spec: { template: { metadata: { labels: { $patch: 'replace', app: 'web' } } } } }),
  ),
  scenario(
    'strategic merge orders as asked',
    two,
    strategic({
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
            containers: [{ name: 'b', image: 'b:2' }],
          },
        },
      },
    }),
  ),
  scenario(
    'strategic merge of environment',
    two,
    containers({
      name: 'a',
      env: [
        { name: 'Y', value: '3' },
        { name: 'Z', value: '4' },
      ],
    }),
  ),
  scenario(
    'strategic merge removes environment',
    two,
    containers({ name: 'a', env: [{ name: 'X', $patch: 'delete' }] }),
  ),
  scenario('strategic merge without a merge key is refused', two, containers({ image: 'x' })),
  scenario(
    'strategic merge keeps only named keys',
    web,
    strategic({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
  ),
  scenario(
    'strategic merge of volumes by name',
    web,
    strategic({ spec: { template: { spec: { volumes: [{ name: 'v', secret: { secretName: 's' } }] } } } }),
    strategic({
      spec: {
        template: {
          spec: {
            volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' }, secret: null }],
          },
        },
      },
    }),
  ),
  scenario(
    'strategic merge of finalizers',
    post('configmaps', configMap('c', {}, { finalizers: ['a.b/c', 'd.e/f'] })),
    patch('strategic', 'configmaps/c', { metadata: { finalizers: ['g.h/i'] } }),
    patch('strategic', 'configmaps/c', { metadata: { '$deleteFromPrimitiveList/finalizers': ['a.b/c'] } }),
  ),
  scenario(
    'strategic merge of a null',
    web,
    strategic({ metadata: { annotations: { a: 'b' } } }),
    strategic({ metadata: { annotations: null } }),
  ),
  scenario(
    'strategic merge as kubectl restarts',
    web,
    strategic({
      spec: {
        template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2020-01-01T00:00:00Z' } } },
      },
    }),
  ),
  scenario(
    'strategic merge of a secret',
    post('secrets', secret('s', { data: { a: 'Yg==' } })),
    patch('strategic', 'secrets/s', { data: { b: 'Yw==' }, stringData: { c: 'x' } }),
  ),
  scenario('strategic merge to a wrong type', web, strategic({ spec: { replicas: 'two' } })),
  scenario(
    'strategic merge of an atomic list',
    web,
    containers({ name: 'c', args: ['a', 'b'] }),
    containers({ name: 'c', args: ['c'] }),
  ),
  scenario(
    'strategic merge of ports',
    web,
    containers({ name: 'c', ports: [{ containerPort: 80 }] }),
    containers({ name: 'c', ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }] }),
  ),
  scenario(
    'a patch of an unknown type',
    web,
    { method: 'PATCH', path: 'deployments/web', body: {}, contentType: 'application/json' },
    { method: 'PATCH', path: 'deployments/web', body: {}, contentType: 'text/plain' },
  ),
];
