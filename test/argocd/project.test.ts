// Globs and denials of AppProjects, as Argo CD judges them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesGlob } from '../../argocd/glob.ts';
import { findForbidden, isDestinationPermitted, isSourcePermitted, readProject } from '../../argocd/project.ts';
import { application, read } from './examples.ts';

const globs: [pattern: string, text: string, separator: string, matches: boolean][] = [
  ['a*c', 'abbc', '', true],
  ['https://git/*', 'https://git/org', '/', true],
  ['https://git/*', 'https://git/org/repo', '/', false],
  ['https://git/**', 'https://git/org/repo', '/', true],
  ['team-?', 'team-a', '', true],
  ['team-?', 'team-ab', '', false],
  ['{dev,prod}-*', 'prod-eu', '', true],
  ['{a,{b,c}}x', 'cx', '', true],
  ['[a-c]x', 'bx', '', true],
  ['[!a-c]x', 'bx', '', false],
  ['\\*', '*', '', true],
  ['\\*', 'a', '', false],
  ['[a', '[a', '', false],
  ['', '', '', true],
  ['*', '', '', true],
];
for (const [pattern, text, separator, matches] of globs) {
  test(`glob ${pattern} on ${text}`, () => assert.equal(matchesGlob(pattern, text, separator), matches));
}

test('glob: many stars take no time', () => {
  assert.equal(matchesGlob('*a'.repeat(100), 'a'.repeat(2_000) + 'b'), false);
  assert.equal(matchesGlob('{a,b}'.repeat(30), 'a'), false);
});

const spec = (fields: object) => {
  const metadata = { name: 'shop', namespace: 'argocd' };
  const project = readProject({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata, spec: fields });
  assert.ok(project);
  return project;
};

const sources: [rule: string, sourceRepos: string[], repository: string, permitted: boolean][] = [
  ['nothing is allowed by default', [], 'https://git/a/b', false],
  ['all', ['*'], 'https://git/a/b', true],
  ['as written otherwise', ['https://GIT/a/b'], 'https://git/a/b.git', true],
  ['git@ and ssh:// are one', ['git@git:a/b'], 'ssh://git@git/a/b.git', true],
  ['ssh and https are two', ['https://git/a/b'], 'ssh://git@git/a/b', false],
  ['a denial outweighs, wherever it stands', ['!https://git/secret/*', '*'], 'https://git/secret/x', false],
  ['a denial of another leaves it', ['*', '!https://git/secret/*'], 'https://git/a/b', true],
  ['a denial alone allows nothing', ['!https://git/secret/*'], 'https://git/a/b', false],
];
for (const [rule, sourceRepos, repository, permitted] of sources) {
  test(`sources: ${rule}`, () => assert.equal(isSourcePermitted(spec({ sourceRepos }), repository), permitted));
}

const here = { server: 'https://kubernetes.default.svc', name: 'in-cluster', namespace: 'shop' };
const destinations: [rule: string, destinations: object[], permitted: boolean][] = [
  ['none', [], false],
  ['by server and namespace', [{ server: here.server, namespace: 'shop' }], true],
  ['by name', [{ name: 'in-*', namespace: '*' }], true],
  ['another namespace', [{ server: '*', namespace: 'bank' }], false],
  [
    'a denied namespace',
    [
      { server: '*', namespace: '*' },
      { server: '*', namespace: '!shop' },
    ],
    false,
  ],
  [
    'a denied server',
    [
      { server: '*', namespace: '*' },
      { server: `!${here.server}`, namespace: '*' },
    ],
    false,
  ],
  ['another denied server', [{ server: '!https://other', namespace: '*' }], true],
];
for (const [rule, entries, permitted] of destinations) {
  test(`destinations: ${rule}`, () =>
    assert.equal(isDestinationPermitted(spec({ destinations: entries }), here), permitted));
}

const all = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
const identity = { holdsApplications: true, names: [], servers: [] };
const namespaces: [rule: string, sourceNamespaces: string[], forbidden: string | undefined][] = [
  ['not allowed', [], 'namespace-not-permitted'],
  ['by a glob', ['team-*'], undefined],
  ['by an expression', ['/^team-(a|b)$/'], undefined],
  ['by none', ['/^team$/', 'x-*'], 'namespace-not-permitted'],
  ['by an expression that is broken', ['/(/'], 'namespace-not-permitted'],
];
for (const [rule, sourceNamespaces, forbidden] of namespaces) {
  test(`Applications elsewhere: ${rule}`, () => {
    const elsewhere = read(application({ metadata: { namespace: 'team-a' } }));
    assert.equal(findForbidden(elsewhere, spec({ ...all, sourceNamespaces }), identity), forbidden);
  });
}

const limits: [rule: string, project: object, forbidden: string | undefined][] = [
  ['all', all, undefined],
  ['no source', { ...all, sourceRepos: [] }, 'source-not-permitted'],
  ['no destination', { ...all, destinations: [] }, 'destination-not-permitted'],
  ['this cluster by its other name', { ...all, destinations: [{ name: 'in-cluster', namespace: 'shop' }] }, undefined],
];
for (const [rule, fields, forbidden] of limits) {
  test(`project: ${rule}`, () => assert.equal(findForbidden(read(application()), spec(fields), identity), forbidden));
}
