// Secrets and ConfigMaps: create, read, replace, delete.
import { type Case, del, get, nextSecond, patch, post, put, scenario } from '../case.ts';
import { configMap, deployment, secret } from './objects.ts';

const map = post('configmaps', configMap('c', { a: '1' }));

/** What the rules of one write do when another write did it. */
const writeCases: readonly Case[] = [
  scenario(
    'an update with bad labels, annotations and keys',
    map,
    put('configmaps/c', configMap('c', { 'a/b': '1' }, { labels: { ok: 'a b' }, annotations: { 'a b': '' } })),
  ),
  scenario(
    'an update of a deployment with bad labels',
    post('deployments', deployment('web')),
    put('deployments/web', deployment('web', { replicas: -1 }, { labels: { x: '-' } })),
  ),
  scenario(
    'an update with unknown fields',
    map,
    put('configmaps/c', { ...configMap('c'), foo: 1 }),
    put('configmaps/c?fieldValidation=Strict', { ...configMap('c'), foo: 1, bar: 2 }),
  ),
  scenario('an update of another namespace', map, put('configmaps/c', configMap('c', {}, { namespace: 'other' }))),
  scenario('an update of another kind', map, put('configmaps/c', secret('c'))),
  scenario(
    'an update of a lost uid',
    map,
    del('configmaps/c'),
    put('configmaps/c', configMap('c', {}, { uid: '{{0.metadata.uid}}' })),
  ),
  scenario(
    'a create with managedFields of its own',
    post(
      'configmaps',
      configMap(
        'c',
        { a: '1' },
        {
          managedFields: [
            {
              manager: 'x',
              operation: 'Update',
              apiVersion: 'v1',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:data': { 'f:a': {} } },
            },
          ],
        },
      ),
    ),
  ),
  scenario(
    'many keys and long values',
    post(
      'configmaps',
      configMap('c', Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`key-${i}`, 'v'.repeat(i)]))),
    ),
  ),
  scenario(
    'unicode',
    post(
      'configmaps',
      configMap('c', { 'a.txt': 'grüße – 世界 \u0000 <>&' }, { annotations: { note: '"quoted" \n line' } }),
    ),
    get('configmaps/c'),
  ),
  scenario(
    'binary data',
    post('configmaps', { ...configMap('c'), binaryData: { x: '//79' } }),
    put('configmaps/c', { ...configMap('c'), binaryData: { x: '//78' } }),
  ),
  scenario('a name that is too long', post('configmaps', configMap('c'.repeat(254)))),
  scenario(
    'a label key that is too long',
    post('configmaps', configMap('c', {}, { labels: { [`${'k'.repeat(64)}`]: 'v'.repeat(64) } })),
  ),
  scenario(
    'prefixes of label keys',
    ...['/x', 'Bad_Prefix/x', 'a/b/c'].map((key) => post('configmaps', configMap('c', {}, { labels: { [key]: '1' } }))),
  ),
  scenario('a finalizer without a prefix', post('configmaps', configMap('c', {}, { finalizers: ['plain'] }))),
  scenario(
    'a second owner that controls',
    post(
      'configmaps',
      configMap(
        'c',
        {},
        {
          ownerReferences: ['a', 'b'].map((name) => ({
            apiVersion: 'v1',
            kind: 'Secret',
            name,
            uid: name,
            controller: true,
          })),
        },
      ),
    ),
  ),
  scenario(
    'finalizers cannot be added to a deleted object',
    post('configmaps', configMap('c', {}, { finalizers: ['a.b/c'] })),
    del('configmaps/c'),
    patch('merge', 'configmaps/c', { metadata: { finalizers: ['a.b/c', 'd.e/f'] } }),
  ),
  scenario(
    'a deletion that is held, twice and by other policies',
    post('configmaps', configMap('c', {}, { finalizers: ['a.b/c'] })),
    del('configmaps/c', { propagationPolicy: 'Foreground' }),
    del('configmaps/c', { propagationPolicy: 'Background' }),
    get('configmaps/c'),
  ),
  scenario('deletion options that are no JSON', map, del('configmaps/c', '{"x"')),
  scenario('deletion with an unknown policy', map, del('configmaps/c', { propagationPolicy: 'Nowhere' })),
  scenario('dryRun that nobody knows', post('configmaps?dryRun=Some', configMap('c'))),
  scenario('fieldValidation that nobody knows', post('configmaps?fieldValidation=Some', configMap('c'))),
  scenario('a manager name that is too long', post(`configmaps?fieldManager=${'m'.repeat(129)}`, configMap('c'))),
  scenario('a manager with a name that cannot be printed', post('configmaps?fieldManager=a%0Ab', configMap('c'))),
  scenario(
    'an eleventh manager',
    map,
    ...Array.from({ length: 11 }, (_, i) =>
      patch('merge', `configmaps/c?fieldManager=m${i}`, { data: { [`k${i}`]: 'v' } }),
    ),
  ),
];

export const configObjectCases: readonly Case[] = [
  ...writeCases,
  scenario(
    'a secret is created with its defaults',
    post('secrets', secret('db', { data: { a: 'Yg==' } })),
    get('secrets/db'),
  ),
  scenario(
    'stringData is laid over data',
    post('secrets', secret('db', { data: { a: 'Yg==', b: 'Yg==' }, stringData: { a: 'x' } })),
  ),
  scenario(
    'stringData is folded on update',
    post('secrets', secret('db')),
    put('secrets/db', secret('db', { stringData: { n: 'new' } })),
  ),
  scenario('a body without kind and apiVersion is what the path says', post('secrets', { metadata: { name: 'db' } })),
  scenario('a second create of a name is refused', post('secrets', secret('db')), post('secrets', secret('db'))),
  scenario(
    'an unknown object is not found',
    get('secrets/none'),
    put('secrets/none', secret('none')),
    del('secrets/none'),
  ),
  scenario(
    'an unknown namespace is not found',
    post('/api/v1/namespaces/none/secrets', secret('db')),
    get('/api/v1/namespaces/none/secrets'),
  ),
  scenario('a body of another namespace is refused', post('secrets', secret('db', {}, { namespace: 'other' }))),
  scenario('a body of another kind is refused', post('secrets', configMap('db'))),
  scenario(
    'a body of another API version is refused',
    post('secrets', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } }),
  ),
  scenario(
    'an unknown kind is refused',
    post('secrets', { apiVersion: 'v1', kind: 'Nothing', metadata: { name: 'x' } }),
  ),
  scenario('a name with capitals is refused', post('secrets', secret('Bad_Name'))),
  scenario('an object without a name is refused', post('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: {} })),
  scenario(
    'generateName makes a name',
    post('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 'db-' } }),
  ),
  scenario('data that is not base64 is refused', post('secrets', secret('db', { data: { a: 'not base64!' } }))),
  scenario('data of a wrong length is refused', post('secrets', secret('db', { data: { a: 'abcde' } }))),
  scenario('data of a wrong type is refused', post('secrets', secret('db', { data: { a: 5 } }))),
  scenario('data that is no map is refused', post('secrets', secret('db', { data: 'x' }))),
  scenario('labels of a wrong type are refused', post('secrets', secret('db', {}, { labels: { a: 1 } }))),
  scenario('a bad key of data is refused', post('secrets', secret('db', { data: { 'a/b': 'Yg==' } }))),
  scenario('a bad label is refused', post('configmaps', configMap('c', {}, { labels: { 'bad key!': 'bad value!' } }))),
  scenario('a bad annotation key is refused', post('configmaps', configMap('c', {}, { annotations: { 'a b': 'x' } }))),
  scenario(
    'a TLS secret needs its keys',
    post('secrets', secret('tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'Yg==' } })),
  ),
  scenario(
    'a TLS secret is kept',
    post('secrets', secret('tls', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'Yg==', 'tls.key': 'Yg==' } })),
  ),
  scenario('basic-auth needs a name or a password', post('secrets', secret('b', { type: 'kubernetes.io/basic-auth' }))),
  scenario(
    'the type of a secret cannot change',
    post('secrets', secret('db')),
    put('secrets/db', secret('db', { type: 'other' })),
  ),
  scenario(
    'an immutable secret refuses changes of data and of the mark',
    post('secrets', secret('db', { immutable: true, data: { a: 'Yg==' } })),
    put('secrets/db', secret('db', { immutable: true, data: { a: 'Yw==' } })),
    put('secrets/db', secret('db', { data: { a: 'Yg==' } })),
    put('secrets/db', secret('db', { data: { a: 'Yw==' } })),
    put('secrets/db', secret('db', { immutable: true, data: { a: 'Yg==' } }, { labels: { ok: 'yes' } })),
  ),
  scenario(
    'an immutable configmap refuses changes of both kinds of data',
    post('configmaps', { ...configMap('c', { a: 'b' }), binaryData: { x: 'Yg==' }, immutable: true }),
    put('configmaps/c', { ...configMap('c', { a: 'c' }), binaryData: { x: 'Yw==' } }),
  ),
  scenario(
    'a key of both kinds of data is refused',
    post('configmaps', { ...configMap('c', { a: 'b' }), binaryData: { a: 'Yg==' } }),
  ),
  scenario(
    'empty maps and values are not written',
    post('configmaps', configMap('c', {}, { labels: {}, annotations: {} })),
    get('configmaps/c'),
  ),
  scenario(
    'an empty value is kept',
    post('configmaps', configMap('c', { a: '' })),
    post('secrets', secret('s', { data: { a: '' } })),
  ),
  scenario(
    'a null value is read as empty',
    post('configmaps', configMap('c', { a: null })),
    post('secrets', secret('s', { data: { a: null } })),
  ),
  scenario(
    'unknown fields are dropped with a warning',
    post('secrets', { ...secret('db'), foo: 1, metadata: { name: 'db', bar: 2 } }),
  ),
  scenario(
    'unknown fields are refused when asked to',
    post('secrets?fieldValidation=Strict', { ...secret('db'), foo: 1 }),
  ),
  scenario(
    'unknown fields are dropped silently when asked to',
    post('secrets?fieldValidation=Ignore', { ...secret('db'), foo: 1 }),
  ),
  scenario('a body that is no JSON is refused', post('secrets', '{"a":')),
  scenario(
    'system fields are not the client’s',
    post(
      'secrets',
      secret('db', {}, { uid: 'mine', generation: 7, creationTimestamp: '2001-01-01T00:00:00Z', selfLink: '/x' }),
    ),
  ),
  scenario('a resourceVersion on create is refused', post('secrets', secret('db', {}, { resourceVersion: '1' }))),
  scenario(
    'an update with the current version succeeds and with an old one conflicts',
    post('secrets', secret('db')),
    put('secrets/db', secret('db', { data: { a: 'Yg==' } }, { resourceVersion: '{{0.metadata.resourceVersion}}' })),
    put('secrets/db', secret('db', { data: { a: 'Yw==' } }, { resourceVersion: '{{0.metadata.resourceVersion}}' })),
    get('secrets/db'),
  ),
  scenario(
    'an update without a version overwrites',
    post('secrets', secret('db', { data: { a: 'Yg==' } }, { labels: { a: 'b' } })),
    put('secrets/db', secret('db')),
  ),
  scenario(
    'an update that changes nothing keeps the version',
    post('secrets', secret('db', { data: { a: 'Yg==' } })),
    put('secrets/db', secret('db', { data: { a: 'Yg==' } })),
    get('secrets/db'),
  ),
  scenario(
    'an update that changes nothing keeps the times of managedFields',
    post('secrets', secret('db', { data: { a: 'Yg==' } })),
    nextSecond,
    put('secrets/db', secret('db', { data: { a: 'Yg==' } })),
  ),
  scenario(
    'an update of another name is refused',
    post('secrets', secret('db')),
    put('secrets/db', secret('other')),
    put('secrets/db', { apiVersion: 'v1', kind: 'Secret', metadata: {} }),
  ),
  scenario(
    'an update with another uid is refused',
    post('secrets', secret('db')),
    put('secrets/db', secret('db', {}, { uid: '11111111-1111-1111-1111-111111111111' })),
  ),
  scenario(
    'an update keeps creationTimestamp',
    post('secrets', secret('db')),
    put('secrets/db', secret('db', {}, { creationTimestamp: '2001-01-01T00:00:00Z' })),
  ),
  scenario(
    'dryRun stores nothing',
    post('secrets?dryRun=All', secret('db')),
    get('secrets/db'),
    post('secrets', secret('db')),
    put('secrets/db?dryRun=All', secret('db', { data: { a: 'Yg==' } })),
    del('secrets/db?dryRun=All'),
    get('secrets/db'),
  ),
  scenario(
    'delete answers a status and the object is gone',
    post('secrets', secret('db')),
    del('secrets/db'),
    get('secrets/db'),
  ),
  scenario(
    'delete preconditions hold',
    post('secrets', secret('db')),
    del('secrets/db', { preconditions: { uid: '11111111-1111-1111-1111-111111111111' } }),
    del('secrets/db', { preconditions: { resourceVersion: '1' } }),
    del('secrets/db', {
      preconditions: { uid: '{{0.metadata.uid}}', resourceVersion: '{{0.metadata.resourceVersion}}' },
    }),
  ),
  scenario(
    'a finalizer holds a deleted object until it is removed',
    post('secrets', secret('db', { data: { a: 'Yg==' } }, { finalizers: ['example.com/hold'] })),
    del('secrets/db'),
    get('secrets/db'),
    del('secrets/db'),
    put('secrets/db', secret('db', { data: { a: 'Yg==' } })),
    get('secrets/db'),
  ),
  scenario(
    'a deleted name can be made again with another uid',
    post('secrets', secret('db')),
    del('secrets/db'),
    post('secrets', secret('db')),
  ),
  scenario(
    'deletecollection answers what it deleted',
    post('configmaps', configMap('a', {}, { labels: { x: '1' } })),
    post('configmaps', configMap('b')),
    del('configmaps?labelSelector=x%3D1'),
    get('configmaps'),
  ),
  scenario(
    'the manager is the first word of the user agent',
    post('configmaps', configMap('c'), { userAgent: 'kubectl/v1.36 (linux)' }),
  ),
  scenario('the manager is the one that is named', post('configmaps?fieldManager=me', configMap('c', { a: 'b' }))),
  scenario(
    'a namespace is made with its label and phase',
    post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{ns}-more' } }),
    get('/api/v1/namespaces/{ns}-more'),
  ),
  scenario(
    'a namespace name is a DNS label',
    post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } }),
  ),
  scenario(
    'owner references need all their fields',
    post(
      'configmaps',
      configMap('c', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'x', uid: '' }] }),
    ),
  ),
  scenario(
    'owner references are kept',
    post(
      'configmaps',
      configMap(
        'c',
        {},
        { ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'x', uid: 'u-1', controller: true }] },
      ),
    ),
  ),
  scenario('a method on a collection that it does not offer', put('secrets', secret('db')), {
    method: 'PATCH',
    path: 'secrets',
    body: {},
    contentType: 'application/merge-patch+json',
  }),
  scenario(
    'a resource and a path that do not exist',
    get('/api/v1/namespaces/{ns}/nothings'),
    get('/apis/apps/v1/nothings'),
    get('/nothing'),
  ),
  scenario(
    'a service account is a plain object',
    post('serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'sa' },
      automountServiceAccountToken: false,
    }),
    del('serviceaccounts/sa'),
  ),
];
