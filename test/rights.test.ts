// The rights that are asked for at the start are those that the manifests grant, for every configuration.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '../server/config.ts';
import { LockstepError } from '../server/core/errors.ts';
import type { ApiRequest, Client } from '../server/kube/client.ts';
import { findMissing } from '../server/kube/access.ts';
import { listRights } from '../server/rights.ts';

const home = 'lockstep-system';

interface Granted {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string };
  readonly rules?: readonly {
    readonly apiGroups: string[];
    readonly resources: string[];
    readonly verbs: string[];
    readonly resourceNames?: string[];
  }[];
}

const granted = parseAllDocuments(readFileSync('manifests/lockstep.yaml', 'utf8')).map(
  (document) => document.toJS() as Granted,
);

const configOf = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  loadConfig({ argv, env, hostname: 'h', tempDir: '/tmp', isTerminal: false, readFile: () => '' });

interface Asked {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** As RBAC answers with the manifest's rules. */
function isGranted({ group, resource, verb, name, namespace }: Asked): boolean {
  return granted.some(
    ({ kind, metadata, rules = [] }) =>
      (kind === 'ClusterRole' || (kind === 'Role' && metadata.namespace === namespace)) &&
      rules.some(
        (rule) =>
          rule.apiGroups.includes(group) &&
          rule.resources.includes(resource) &&
          rule.verbs.includes(verb) &&
          (rule.resourceNames === undefined || (name !== undefined && rule.resourceNames.includes(name))),
      ),
  );
}

const askedOf = ({ body }: ApiRequest): Asked =>
  (body as { spec: { resourceAttributes: Asked } }).spec.resourceAttributes;

const reviewer = (answer: (asked: Asked) => boolean): Client => ({
  server: '',
  send: (request) => Promise.resolve({ status: { allowed: answer(askedOf(request)) } }),
  stream: () => Promise.reject(new Error('none')),
});
const never = new AbortController().signal;
const byText = (a = '', b = ''): number => (a < b ? -1 : 1);

const ha = { POD_NAME: 'p', POD_NAMESPACE: home };
const setups: [rule: string, argv: string[], env: Record<string, string>][] = [
  ['by default', [], {}],
  ['with Reloader’s environment', ['--enable-ha'], { ...ha, RELOADER_NAMESPACE: home }],
  ['with a namespace selector', ['--namespace-selector=team=a'], {}],
  ['in listed namespaces', ['--namespaces=shop,bank'], {}],
  ['in observe mode', ['--mode=observe'], {}],
  ['as a webhook', ['--webhook-url=http://h/', '--reload-on-delete=true', '--resource-label-selector=a'], {}],
];
for (const [rule, argv, env] of setups) {
  test(`manifests/lockstep.yaml grants what is needed ${rule}`, async () => {
    assert.deepEqual(await findMissing(reviewer(isGranted), listRights(configOf(argv, env)), never), []);
  });
}

const needs = (argv: string[]): string[] =>
  listRights(configOf(argv)).flatMap(({ resource, verbs, namespace }) =>
    verbs.map((verb) => `${verb} ${resource} ${namespace ?? '*'}`),
  );

test('observe mode needs no right to write', () => {
  const verbs = new Set(needs(['--mode=observe']).map((need) => need.split(' ')[0]));
  assert.deepEqual([...verbs].toSorted(byText), ['get', 'list', 'watch']);
});

test('--webhook-url needs nothing of workloads, and nothing of the state but the Lease', () => {
  assert.deepEqual(needs(['--webhook-url=http://h/']), [
    'list secrets *',
    'watch secrets *',
    'list configmaps *',
    'watch configmaps *',
    `create leases ${home}`,
    `get leases ${home}`,
    `update leases ${home}`,
  ]);
});

test('listed namespaces: asked in each, and nothing of all', () => {
  const namespaces = new Set(needs(['--namespaces=shop,bank']).map((need) => need.split(' ')[2]));
  assert.deepEqual([...namespaces].toSorted(byText), ['bank', home, 'shop']);
});

test('only what is not granted is missing, verb by verb', async () => {
  const client = reviewer(({ verb, resource }) => verb !== 'watch' && resource !== 'pods');
  const missing = await findMissing(client, listRights(configOf(['--mode=observe', '--namespaces=shop'])), never);
  assert.ok(missing.every(({ verbs, resource }) => verbs.join() === (resource === 'pods' ? 'list' : 'watch')));
  assert.ok(missing.some(({ resource }) => resource === 'pods'));
});

test('an API server that cannot be asked is an error, and grants nothing', async () => {
  const failing: Client = {
    ...reviewer(() => true),
    send: () => Promise.reject(new LockstepError('api-unreachable', { message: 'no' })),
  };
  await assert.rejects(findMissing(failing, listRights(configOf([])), never), { code: 'api-unreachable' });
});
