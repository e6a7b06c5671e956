// Server-side apply: ownership, conflicts, force, what is removed and what stays.
import { type Case, del, get, nextSecond, patch, post, put, scenario } from '../case.ts';
import { configMap, configuration, container, deployment, podTemplate, secret } from './objects.ts';

const applyMap = (manager: string, data: Record<string, unknown>, more = '') =>
  patch('apply', `configmaps/c?fieldManager=${manager}${more}`, configuration('ConfigMap', 'c', { data }));
const applyWeb = (manager: string, spec: Record<string, unknown>, more = '') =>
  patch('apply', `deployments/web?fieldManager=${manager}${more}`, configuration('Deployment', 'web', { spec }));
const base = { selector: { matchLabels: { app: 'web' } }, template: podTemplate('web') };
const withEnv = (...names: readonly string[]) => ({
  ...base,
  template: podTemplate('web', { containers: [{ ...container, env: names.map((name) => ({ name, value: name })) }] }),
});

export const applyCases: readonly Case[] = [
  scenario('apply creates', applyMap('one', { a: '1' }), get('configmaps/c')),
  scenario('apply creates a deployment with its defaults', applyWeb('one', base)),
  scenario('apply again changes nothing', applyMap('one', { a: '1' }), applyMap('one', { a: '1' })),
  {
    ...scenario(
      'apply again later keeps the time',
      applyMap('one', { a: '1' }),
      nextSecond,
      applyMap('one', { a: '1' }),
    ),
    times: 'ordered',
  },
  {
    ...scenario(
      'apply of a change moves the time',
      applyMap('one', { a: '1' }),
      nextSecond,
      applyMap('one', { a: '2' }),
    ),
    times: 'ordered',
  },
  {
    ...scenario(
      'apply that drops a key moves the time',
      applyMap('one', { a: '1', b: '2' }),
      nextSecond,
      applyMap('one', { a: '1' }),
    ),
    times: 'ordered',
  },
  scenario('apply changes what it owns', applyMap('one', { a: '1' }), applyMap('one', { a: '2', b: '3' })),
  scenario('apply removes what it no longer names', applyMap('one', { a: '1', b: '2' }), applyMap('one', { a: '1' })),
  scenario(
    'apply of nothing removes the map',
    applyMap('one', { a: '1' }),
    patch('apply', 'configmaps/c?fieldManager=one', configuration('ConfigMap', 'c', {})),
  ),
  scenario(
    'two managers share an object',
    applyMap('one', { a: '1' }),
    applyMap('two', { b: '2' }),
    applyMap('one', { a: '3' }),
  ),
  scenario(
    'an equal value is shared',
    applyMap('one', { a: '1' }),
    applyMap('two', { a: '1' }),
    applyMap('one', {}),
    get('configmaps/c'),
  ),
  scenario('another’s value is a conflict', applyMap('one', { a: '1' }), applyMap('two', { a: '2' })),
  scenario(
    'several conflicts with several managers',
    applyMap('one', { a: '1', b: '1' }),
    applyMap('two', { c: '1' }),
    applyMap('three', { a: '2', b: '2', c: '2' }),
  ),
  scenario(
    'a conflict with an update',
    post('configmaps?fieldManager=editor', configMap('c', { a: '1' })),
    applyMap('one', { a: '2' }),
  ),
  scenario(
    'force takes the field',
    applyMap('one', { a: '1', b: '1' }),
    applyMap('two', { a: '2' }, '&force=true'),
    applyMap('one', { b: '1' }),
  ),
  scenario(
    'an update takes an applied field',
    applyMap('one', { a: '1' }),
    patch('merge', 'configmaps/c?fieldManager=editor', { data: { a: '2' } }),
    applyMap('one', { a: '1' }),
  ),
  scenario(
    'an update removes an applied field',
    applyMap('one', { a: '1', b: '2' }),
    patch('merge', 'configmaps/c?fieldManager=editor', { data: { b: null } }),
  ),
  scenario(
    'a field that an update owns stays when an applier lets go',
    post('configmaps?fieldManager=editor', configMap('c', { a: '1' })),
    applyMap('one', { a: '1' }),
    applyMap('one', {}),
  ),
  scenario('apply needs a manager', patch('apply', 'configmaps/c', configuration('ConfigMap', 'c', {}))),
  scenario(
    'apply with managedFields is refused',
    patch(
      'apply',
      'configmaps/c?fieldManager=one',
      configuration('ConfigMap', 'c', {}, { managedFields: [{ manager: 'x' }] }),
    ),
  ),
  scenario(
    'apply of another name or version is refused',
    applyMap('one', {}),
    patch('apply', 'configmaps/c?fieldManager=one', configuration('ConfigMap', 'd', {})),
    patch('apply', 'configmaps/c?fieldManager=one', { ...configuration('ConfigMap', 'c', {}), apiVersion: 'v2' }),
  ),
  scenario(
    'apply of YAML',
    patch(
      'apply',
      'configmaps/c?fieldManager=one',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: "1"\n',
    ),
  ),
  scenario('apply as a dry run', applyMap('one', { a: '1' }, '&dryRun=All'), get('configmaps/c')),
  scenario(
    'apply with an old version conflicts',
    applyMap('one', { a: '1' }),
    applyMap('one', { a: '2' }),
    patch(
      'apply',
      'configmaps/c?fieldManager=one',
      configuration('ConfigMap', 'c', { data: { a: '3' } }, { resourceVersion: '{{0.metadata.resourceVersion}}' }),
    ),
  ),
  scenario(
    'apply to an unknown namespace',
    patch('apply', '/api/v1/namespaces/none/configmaps/c?fieldManager=one', configuration('ConfigMap', 'c', {})),
  ),
  scenario(
    'apply that would be invalid',
    patch('apply', 'deployments/web?fieldManager=one', configuration('Deployment', 'web', { spec: { replicas: 1 } })),
  ),
  scenario(
    'apply of an unknown field',
    patch('apply', 'configmaps/c?fieldManager=one', configuration('ConfigMap', 'c', { foo: 1 })),
  ),
  scenario(
    'a deployment keeps its restart key under apply',
    applyWeb('engine', base),
    patch('merge', 'deployments/web?fieldManager=lockstep', {
      spec: { template: { metadata: { annotations: { 'lockstep.dev/restarted-for': 'n=1' } } } },
    }),
    applyWeb('engine', { ...base, replicas: 2 }),
    applyWeb('engine', { ...base, replicas: 2 }, '&force=true'),
  ),
  scenario(
    'an engine’s checksum annotation conflicts with ours',
    applyWeb('engine', { ...base, template: podTemplate('web', {}, { annotations: { sum: '1' } }) }),
    patch('merge', 'deployments/web?fieldManager=lockstep', {
      spec: { template: { metadata: { annotations: { sum: '2' } } } },
    }),
    applyWeb('engine', { ...base, template: podTemplate('web', {}, { annotations: { sum: '1' } }) }),
    applyWeb('engine', { ...base, template: podTemplate('web', {}, { annotations: { sum: '1' } }) }, '&force=true'),
  ),
  scenario(
    'environment is owned by name',
    applyWeb('one', withEnv('A', 'B')),
    applyWeb('two', withEnv('C')),
    applyWeb('one', withEnv('A')),
  ),
  scenario(
    'containers are owned by name',
    applyWeb('one', base),
    patch(
      'apply',
      'deployments/web?fieldManager=two',
      configuration('Deployment', 'web', {
        spec: { template: { spec: { containers: [{ name: 'side', image: 's:1' }] } } },
      }),
    ),
    applyWeb('one', base),
    patch('apply', 'deployments/web?fieldManager=two', configuration('Deployment', 'web', {})),
  ),
  scenario(
    'ports are owned by port and protocol',
    applyWeb('one', {
      ...base,
      template: podTemplate('web', {
        containers: [{ ...container, ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }] }],
      }),
    }),
  ),
  scenario(
    'a selector is owned as one',
    applyWeb('one', base),
    applyWeb('two', { ...base, selector: { matchLabels: { app: 'other' } } }),
  ),
  scenario(
    'finalizers are owned one by one',
    patch('apply', 'configmaps/c?fieldManager=one', configuration('ConfigMap', 'c', {}, { finalizers: ['a.b/c'] })),
    patch('apply', 'configmaps/c?fieldManager=two', configuration('ConfigMap', 'c', {}, { finalizers: ['d.e/f'] })),
    patch('apply', 'configmaps/c?fieldManager=one', configuration('ConfigMap', 'c', {})),
  ),
  scenario(
    'apply of a secret’s stringData',
    patch('apply', 'secrets/s?fieldManager=one', configuration('Secret', 's', { stringData: { a: 'x' } })),
    patch('apply', 'secrets/s?fieldManager=one', configuration('Secret', 's', { stringData: { b: 'y' } })),
  ),
  scenario(
    'apply over an object that was created',
    post('deployments?fieldManager=kubectl-create', deployment('web')),
    applyWeb('one', base),
    applyWeb('one', { ...base, replicas: 3 }),
  ),
  scenario(
    'apply over an object that was created, with force',
    post('deployments?fieldManager=kubectl-create', deployment('web')),
    applyWeb('one', { ...base, replicas: 3 }, '&force=true'),
  ),
  scenario(
    'status is applied on its own',
    post('deployments', deployment('web')),
    patch(
      'apply',
      'deployments/web/status?fieldManager=one',
      configuration('Deployment', 'web', { status: { replicas: 1 } }),
    ),
    patch('apply', 'deployments/web?fieldManager=two', configuration('Deployment', 'web', { status: { replicas: 5 } })),
  ),
  scenario(
    'managedFields can be cleared by a client',
    post('configmaps', configMap('c', { a: '1' })),
    patch('merge', 'configmaps/c', { metadata: { managedFields: [{}] } }),
    put('configmaps/c?fieldManager=later', configMap('c', { a: '1', b: '2' })),
  ),
  scenario(
    'managedFields can be rewritten by a client',
    post('configmaps?fieldManager=one', configMap('c', { a: '1' })),
    patch('json', 'configmaps/c', [{ op: 'replace', path: '/metadata/managedFields/0/manager', value: 'renamed' }]),
  ),
  scenario(
    'apply after delete starts afresh',
    applyMap('one', { a: '1' }),
    del('configmaps/c'),
    applyMap('two', { b: '1' }),
  ),
  scenario(
    'a secret that is rotated by its producer',
    post('secrets?fieldManager=cert-manager', secret('s', { data: { a: 'Yg==' } })),
    patch('apply', 'secrets/s?fieldManager=cert-manager', configuration('Secret', 's', { data: { a: 'Yw==' } })),
  ),
];
