// Applications read whole: names, destinations, policies, and what hostile ones do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceName, readApplication } from '../../argocd/application.ts';
import { isThisCluster, type ClusterIdentity } from '../../argocd/destination.ts';
import { readObjectOptions, readSyncOptions } from '../../argocd/sync-policy.ts';
import { application, operationState, problemsOf, read } from './examples.ts';

const unreadable: [rule: string, value: unknown, reason: string][] = [
  ['nothing', undefined, 'not-an-application'],
  ['null', null, 'not-an-application'],
  ['text', 'Application', 'not-an-application'],
  ['a list', [application()], 'not-an-application'],
  ['another kind', { ...application(), kind: 'AppProject' }, 'not-an-application'],
  ['another group', { ...application(), apiVersion: 'example.com/v1' }, 'not-an-application'],
  ['a kind that is inherited', Object.create(application()), 'not-an-application'],
  ['no metadata', application({ metadata: { name: undefined } }), 'name-missing'],
  ['a name of another type', application({ metadata: { name: {} } }), 'name-missing'],
  ['no namespace', application({ metadata: { namespace: '' } }), 'name-missing'],
];
for (const [rule, value, reason] of unreadable) {
  test(`unreadable: ${rule}`, () => assert.deepEqual(readApplication(value), { kind: 'unreadable', reason }));
}

test('a realistic Application has no problems', () => {
  assert.deepEqual(problemsOf(application()), []);
  assert.deepEqual(problemsOf(application({ spec: { aFieldOfTomorrow: { x: 1 } }, newer: [] })), []);
});

const instances: [namespace: string, controller: string | undefined, name: string][] = [
  ['argocd', 'argocd', 'web'],
  ['team-a', 'argocd', 'team-a_web'],
  ['argocd', undefined, 'web'],
  ['team-a', undefined, 'team-a_web'],
  ['team-a', 'team-a', 'web'],
];
for (const [namespace, controllerNamespace, name] of instances) {
  test(`an Application in ${namespace} under ${controllerNamespace ?? 'the default'} is called ${name}`, () => {
    const value = application({ metadata: { namespace }, status: { controllerNamespace } });
    assert.equal(instanceName(read(value), 'argocd'), name);
  });
}

const here: ClusterIdentity = { holdsApplications: true, names: [], servers: [] };
const spoke: ClusterIdentity = { holdsApplications: false, names: ['prod-eu'], servers: ['https://eu.example.com'] };
const destinations: [
  rule: string,
  destination: unknown,
  cluster: ClusterIdentity,
  answer: string,
  problems?: string[],
][] = [
  ['in-cluster by server', { server: 'https://kubernetes.default.svc' }, here, 'yes'],
  ['with a slash at its end', { server: 'https://kubernetes.default.svc/' }, here, 'yes'],
  ['in-cluster by name', { name: 'in-cluster' }, here, 'yes'],
  ['another server', { server: 'https://eu.example.com' }, here, 'no'],
  ['the in-cluster of a hub is the hub', { server: 'https://kubernetes.default.svc' }, spoke, 'no'],
  ['nor by name', { name: 'in-cluster' }, spoke, 'no'],
  ['a spoke by its name', { name: 'prod-eu' }, spoke, 'yes'],
  ['a spoke by its server', { server: 'https://eu.example.com' }, spoke, 'yes'],
  [
    'both',
    { server: 'https://eu.example.com', name: 'prod-eu' },
    spoke,
    'unknown',
    ['spec.destination: destination-ambiguous'],
  ],
  ['neither', { namespace: 'shop' }, here, 'unknown', ['spec.destination: destination-missing']],
  [
    'of another type',
    ['x'],
    here,
    'unknown',
    ['spec.destination: field-malformed', 'spec.destination: destination-missing'],
  ],
];
for (const [rule, destination, cluster, answer, problems = []] of destinations) {
  test(`destination: ${rule}`, () => {
    const value = application({ spec: { destination } });
    assert.equal(isThisCluster(read(value).destination, cluster), answer);
    assert.deepEqual(problemsOf(value), problems);
  });
}

const policies: [rule: string, syncPolicy: unknown, automated: boolean, selfHeal: boolean][] = [
  ['none', undefined, false, false],
  ['automated', { automated: {} }, true, false],
  ['with self-heal', { automated: { selfHeal: true } }, true, true],
  ['turned off', { automated: { enabled: false, selfHeal: true } }, false, false],
  ['enabled', { automated: { enabled: true, selfHeal: true } }, true, true],
  ['of another type', { automated: 'yes' }, false, false],
  ['self-heal of another type', { automated: { selfHeal: 'true' } }, true, false],
];
for (const [rule, syncPolicy, automated, selfHeal] of policies) {
  test(`policy: ${rule}`, () => {
    const { policy } = read(application({ spec: { syncPolicy } }));
    assert.deepEqual([policy.automated, policy.selfHeal], [automated, selfHeal]);
  });
}

const options: [texts: string[], expected: string[]][] = [
  [[], ['ClientSideApplyMigration']],
  [
    ['ServerSideApply=true', 'CreateNamespace=true'],
    ['ClientSideApplyMigration', 'ServerSideApply'],
  ],
  [['Replace=true', 'Replace=false', 'ClientSideApplyMigration=false'], []],
  [
    [' Force = true ', '__proto__=true', 'Replace'],
    ['ClientSideApplyMigration', 'Force'],
  ],
];
for (const [texts, expected] of options) {
  test(`options: ${texts.join(',') || 'none'}`, () => {
    assert.deepEqual([...readSyncOptions(texts)].sort(), expected);
    assert.deepEqual(
      [...readObjectOptions(new Map([['argocd.argoproj.io/sync-options', texts.join(',')]]))].sort(),
      expected,
    );
  });
}

test('conditions that stop a sync are kept, warnings are not', () => {
  const conditions = [{ type: 'ComparisonError' }, { type: 'SharedResourceWarning' }, { type: 7 }, 'x'];
  assert.deepEqual(read(application({ status: { conditions } })).errors, ['ComparisonError']);
});

const junk: unknown[] = [null, 7, 'x', true, [], ['x'], {}, { a: { b: [] } }, JSON.parse('{"__proto__":{"name":"x"}}')];
for (const value of junk) {
  test(`${JSON.stringify(value)} in any place is survived`, () => {
    for (const key of ['spec', 'status', 'operation']) readApplication({ ...application(), [key]: value });
    for (const key of ['source', 'sources', 'sourceHydrator', 'destination', 'syncPolicy', 'project']) {
      read(application({ spec: { [key]: value } }));
      read(application({ spec: { sources: [{ helm: value, kustomize: value, directory: value, path: value }] } }));
      read(application({ spec: { source: { helm: { valueFiles: value, parameters: value, [key]: value } } } }));
    }
    for (const key of [
      'sync',
      'history',
      'operationState',
      'resources',
      'conditions',
      'sourceTypes',
      'sourceHydrator',
    ]) {
      read(application({ status: { [key]: value } }));
      read(
        application({
          status: { operationState: operationState({ syncResult: value, operation: value, phase: value }) },
        }),
      );
    }
    read(application({ metadata: { annotations: value, deletionTimestamp: value } }));
  });
}

test('a wrong type is named by its place and never by its value', () => {
  const value = application({
    spec: { source: { repoURL: { secret: 'hunter2' }, path: 'a' } },
    status: { history: 'hunter2' },
  });
  assert.deepEqual(problemsOf(value), [
    'spec.source.repoURL: field-malformed',
    'status.history: field-malformed',
    'spec.source: repository-missing',
  ]);
  assert.doesNotMatch(JSON.stringify(read(value)), /hunter2/);
});

test('huge lists are bounded, and that is said', () => {
  const resources = Array.from({ length: 60_000 }, (_, index) => ({
    kind: 'Secret',
    namespace: 'shop',
    name: `s-${index}`,
  }));
  const { resources: managed, problems } = read(application({ status: { resources } }));
  assert.equal(managed.byKey.size, 50_000);
  assert.equal(managed.extent, 'cut');
  assert.deepEqual(problems, [{ at: 'status.resources', reason: 'list-too-long' }]);
});

test('many sources take linear time', { timeout: 10_000 }, () => {
  const sources = Array.from({ length: 50_000 }, () => ({ path: 'a', repoURL: 'https://git.example.com/a', ref: 'v' }));
  const status = { sync: { comparedTo: { sources } }, sourceTypes: sources.map(() => 'Helm'), history: [{ sources }] };
  const { sources: found } = read(application({ spec: { sources }, status }));
  assert.equal(found.filter(({ renderer }) => renderer === 'helm').length, 50_000);
});

test('problems are bounded, and that is said', () => {
  const { problems } = read(application({ status: { resources: Array.from({ length: 10_000 }, () => 7) } }));
  assert.equal(problems.length, 100);
  assert.deepEqual(problems.at(-1), { at: '', reason: 'more-problems' });
});
