// Lists with pages, selectors and versions; watches with replay, transitions and their errors.
import { type Case, del, get, patch, post, put, scenario, watch } from '../case.ts';
import { configMap, deployment, pod, secret, serviceAccount } from './objects.ts';

const three = [
  post('configmaps', configMap('a', {}, { labels: { tier: 'one' } })),
  post('configmaps', configMap('b', {}, { labels: { tier: 'two' } })),
  post('configmaps', configMap('c')),
];
const selector = (text: string) => get(`configmaps?labelSelector=${encodeURIComponent(text)}`);
const field = (resource: string, text: string) => get(`${resource}?fieldSelector=${encodeURIComponent(text)}`);

export const listCases: readonly Case[] = [
  scenario('an empty list', get('configmaps'), get('secrets'), get('deployments')),
  scenario('items come sorted by name and without their kind', ...[...three].reverse(), get('configmaps')),
  scenario(
    'pages follow each other',
    ...three,
    get('configmaps?limit=2'),
    get('configmaps?limit=2&continue={{3.metadata.continue}}'),
  ),
  scenario(
    'pages show one version of the world',
    ...three,
    get('configmaps?limit=1'),
    del('configmaps/c'),
    put('configmaps/b', configMap('b', { changed: 'yes' })),
    get('configmaps?limit=5&continue={{3.metadata.continue}}'),
  ),
  scenario('a page of a selection counts no rest', ...three, get('configmaps?limit=1&labelSelector=tier')),
  scenario('a bad continue token is refused', get('configmaps?limit=1&continue=abc')),
  scenario(
    'a continue token with a version is refused',
    ...three,
    get('configmaps?limit=1'),
    get('configmaps?limit=1&resourceVersion={{0.metadata.resourceVersion}}&continue={{3.metadata.continue}}'),
  ),
  scenario('label equality', ...three, selector('tier=one'), selector('tier==two'), selector('tier!=one')),
  scenario(
    'label sets and presence',
    ...three,
    selector('tier in (one,two)'),
    selector('tier notin (one)'),
    selector('tier'),
    selector('!tier'),
    selector('tier=one,!other'),
  ),
  scenario(
    'fields of every kind',
    ...three,
    field('configmaps', 'metadata.name=b'),
    field('configmaps', 'metadata.name!=b'),
    field('configmaps', 'metadata.namespace=other'),
  ),
  scenario(
    'secrets are selected by type',
    post('secrets', secret('a')),
    post('secrets', secret('b', { type: 'other/type' })),
    field('secrets', 'type=Opaque'),
    field('secrets', 'type!=Opaque,metadata.name=b'),
  ),
  scenario(
    'pods are selected by node and phase',
    post('serviceaccounts', serviceAccount),
    post('pods', pod('p')),
    field('pods', 'status.phase=Pending'),
    field('pods', 'spec.nodeName=x'),
    field('pods', 'spec.nodeName='),
  ),
  scenario(
    'a field that cannot be selected',
    field('configmaps', 'data.a=b'),
    field('secrets', 'immutable=true'),
    field('pods', 'spec.foo=x'),
    field('deployments', 'spec.replicas=1'),
  ),
  scenario('resourceVersion 0 is any version', ...three, get('configmaps?resourceVersion=0')),
  scenario(
    'not older than a version',
    ...three,
    get('configmaps?resourceVersion={{0.metadata.resourceVersion}}&resourceVersionMatch=NotOlderThan'),
  ),
  scenario(
    'exactly a version',
    ...three,
    get('configmaps?resourceVersion={{1.metadata.resourceVersion}}&resourceVersionMatch=Exact'),
  ),
  scenario('resourceVersionMatch without a version', get('configmaps?resourceVersionMatch=Exact')),
  scenario('resourceVersionMatch that nobody knows', get('configmaps?resourceVersion=1&resourceVersionMatch=Newest')),
  scenario('resourceVersionMatch Exact of 0', get('configmaps?resourceVersion=0&resourceVersionMatch=Exact')),
  scenario('a list from the future', get('configmaps?resourceVersion=99999999999&resourceVersionMatch=NotOlderThan')),
  scenario('a get from the future', ...three, get('configmaps/a?resourceVersion=99999999999')),
  scenario('a list across namespaces', ...three, get('/api/v1/configmaps?fieldSelector=metadata.namespace%3D{ns}')),
  scenario('an empty page', ...three, get('configmaps?limit=3'), get('configmaps?limit=10'), get('configmaps?limit=0')),
  scenario('a field selector that does not parse', get('configmaps?fieldSelector=x')),
  scenario(
    'only metadata',
    ...three,
    get('configmaps/a', { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' }),
    get('configmaps?limit=1', { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }),
  ),
  scenario('a version that is no number', get('configmaps?resourceVersion=abc')),
];

export const watchCases: readonly Case[] = [
  scenario('a watch without a version begins with what is there', ...three, watch('configmaps', 3)),
  scenario(
    'a watch with a version replays what came after',
    ...three,
    put('configmaps/a', configMap('a', { x: '1' })),
    del('configmaps/b'),
    watch('configmaps?resourceVersion={{0.metadata.resourceVersion}}', 4),
  ),
  scenario(
    'a watch follows changes',
    post('configmaps', configMap('a')),
    watch('configmaps?resourceVersion={{0.metadata.resourceVersion}}', 3, [
      post('configmaps', configMap('b')),
      put('configmaps/a', configMap('a', { x: '1' })),
      del('configmaps/b'),
    ]),
  ),
  scenario(
    'a deletion carries the last state with a newer version',
    post('secrets', secret('a', { data: { k: 'Yg==' } })),
    del('secrets/a'),
    watch('secrets?resourceVersion={{0.metadata.resourceVersion}}', 1),
  ),
  scenario(
    'an update that changes nothing is no event',
    post('secrets', secret('a')),
    put('secrets/a', secret('a')),
    put('secrets/a', secret('a', { data: { a: 'Yg==' } })),
    watch('secrets?resourceVersion={{0.metadata.resourceVersion}}', 1),
  ),
  scenario(
    'an object that begins or ceases to match a selector',
    post('configmaps', configMap('a')),
    patch('merge', 'configmaps/a', { metadata: { labels: { x: 'y' } } }),
    patch('merge', 'configmaps/a', { data: { k: 'v' } }),
    patch('merge', 'configmaps/a', { metadata: { labels: { x: null } } }),
    watch('configmaps?labelSelector=x&resourceVersion={{0.metadata.resourceVersion}}', 3),
  ),
  scenario(
    'a watch of one name',
    post('configmaps', configMap('a')),
    post('configmaps', configMap('b')),
    put('configmaps/a', configMap('a', { x: '1' })),
    watch('configmaps?fieldSelector=metadata.name%3Da&resourceVersion={{0.metadata.resourceVersion}}', 1),
  ),
  scenario(
    'a finalizer makes a deletion two events',
    post('configmaps', configMap('a', {}, { finalizers: ['example.com/x'] })),
    del('configmaps/a'),
    patch('merge', 'configmaps/a', { metadata: { finalizers: null } }),
    watch('configmaps?resourceVersion={{0.metadata.resourceVersion}}', 2),
  ),
  scenario(
    'initial events end with a bookmark',
    ...three,
    watch('configmaps?sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan', 4),
  ),
  scenario(
    'initial events of an empty collection',
    watch('configmaps?sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan', 1),
  ),
  scenario('a watch of a version that is no number', watch('configmaps?timeoutSeconds=1&resourceVersion=abc', 'all')),
  scenario('a single object is watched by its path', ...three, watch('configmaps/a?resourceVersion=0', 1)),
  scenario('a watch of a version that is 0', ...three, watch('configmaps?resourceVersion=0', 3)),
  scenario(
    'a deletecollection is one event per object',
    ...three,
    del('configmaps'),
    watch('configmaps?resourceVersion={{2.metadata.resourceVersion}}', 3),
  ),
  scenario(
    'an apply that changes nothing is no event',
    patch('apply', 'configmaps/c?fieldManager=x', configMap('c', { a: '1' })),
    patch('apply', 'configmaps/c?fieldManager=x', configMap('c', { a: '1' })),
    patch('apply', 'configmaps/c?fieldManager=x', configMap('c', { a: '2' })),
    watch('configmaps?resourceVersion={{0.metadata.resourceVersion}}', 1),
  ),
  scenario('a watch ends after its timeout', ...three, watch('configmaps?timeoutSeconds=1', 'all')),
  scenario(
    'sendInitialEvents needs resourceVersionMatch',
    get('configmaps?watch=1&sendInitialEvents=true&allowWatchBookmarks=true'),
  ),
  scenario(
    'a watch with resourceVersionMatch alone is refused',
    get('configmaps?watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan'),
  ),
  scenario(
    'a watch across kinds sees its own only',
    post('secrets', secret('s')),
    post('configmaps', configMap('c')),
    post('secrets', secret('t')),
    watch('secrets?resourceVersion={{0.metadata.resourceVersion}}', 1),
  ),
  scenario(
    'deployments are watched with their generation',
    post('deployments', deployment('web')),
    patch('merge', 'deployments/web', { spec: { replicas: 2 } }),
    watch('deployments?resourceVersion={{0.metadata.resourceVersion}}', 1),
  ),
];
