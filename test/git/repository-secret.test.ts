// Repository Secrets of Argo CD and Flux: what each form means, and what is refused instead of being read by halves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import { readRepositorySecret } from '../../server/git/repository-secret.ts';

const canary = 'CANARY-v4lue';
const repository = 'https://h/team/app.git';

function read(data: Readonly<Record<string, string>>) {
  return readRepositorySecret(new Hidden(new Map(Object.entries(data))), repository);
}

const password = { kind: 'password', username: 'u', password: canary };
const app = { githubAppID: '1', githubAppInstallationID: '2', githubAppPrivateKey: canary };

const accepted: readonly [rule: string, data: Readonly<Record<string, string>>, credentials: object][] = [
  ['Flux: username and password', { username: 'u', password: canary }, password],
  ['Argo CD: with its url', { type: 'git', url: repository, username: 'u', password: canary }, password],
  ['Argo CD: the url of a folder', { url: 'https://h/team', username: 'u', password: canary }, password],
  ['a final newline', { username: 'u\n', password: `${canary}\n` }, password],
  [
    'keys that change nothing here',
    { username: 'u', password: canary, project: 'p', enableLfs: 'true', insecure: 'false' },
    password,
  ],
  ['a password without a username', { password: canary }, { ...password, username: 'git' }],
  ['a bearer token', { bearerToken: canary }, { kind: 'bearer', token: canary }],
];

for (const [rule, data, credentials] of accepted) {
  test(`accepted: ${rule}`, () => {
    assert.deepEqual(read(data), { kind: 'access', access: { credentials, ca: undefined } });
  });
}

test('accepted: a GitHub App, of github.com or of an enterprise, by both engines’ keys', () => {
  const apis: readonly [Readonly<Record<string, string>>, string][] = [
    [{}, 'https://api.github.com'],
    [{ githubAppEnterpriseBaseUrl: 'https://ghe/api/v3' }, 'https://ghe/api/v3'],
    [{ githubAppBaseURL: 'https://ghe/api/v3' }, 'https://ghe/api/v3'],
  ];
  for (const [more, apiUrl] of apis) {
    const reading = read({ ...app, ...more });
    assert.ok(reading.kind === 'access' && reading.access.credentials?.kind === 'github-app');
    const { privateKey, ...rest } = reading.access.credentials;
    assert.equal(privateKey.reveal(), canary);
    assert.deepEqual(rest, { kind: 'github-app', appId: '1', installationId: '2', apiUrl });
  }
});

test('accepted: roots beside the credentials', () => {
  for (const key of ['ca.crt', 'caFile']) {
    const reading = read({ username: 'u', password: canary, [key]: 'PEM' });
    assert.deepEqual(reading, { kind: 'access', access: { credentials: password, ca: { pem: 'PEM' } } });
  }
});

const refused: readonly [rule: string, data: Readonly<Record<string, string>>, why: RegExp][] = [
  ['nothing', {}, /no credentials/],
  ['an empty password', { username: '', password: '' }, /no credentials/],
  ['a username alone', { username: canary }, /without a password/],
  ['Argo CD’s SSH key', { sshPrivateKey: canary }, /mount it/],
  ['Flux’s SSH key', { identity: canary, known_hosts: 'x' }, /mount it/],
  ['a client certificate of Argo CD', { tlsClientCertData: canary, tlsClientCertKey: canary }, /client certificates/],
  ['a client certificate of Flux', { 'tls.crt': canary, 'tls.key': canary }, /client certificates/],
  ['no check of certificates', { username: 'u', password: canary, insecure: 'true' }, /insecure/],
  [
    'no check of host keys',
    { username: 'u', password: canary, insecureIgnoreHostKey: 'true' },
    /insecureIgnoreHostKey/,
  ],
  ['a proxy', { username: 'u', password: canary, proxy: `http://${canary}@p` }, /environment/],
  ['another cloud’s account', { gcpServiceAccountKey: canary }, /Google/],
  ['a Helm repository', { type: 'helm', username: 'u', password: canary }, /not for a Git/],
  ['another repository', { url: 'https://h/other/app.git', username: 'u', password: canary }, /another repository/],
  ['another host', { url: 'https://evil/team/app.git', username: 'u', password: canary }, /another repository/],
  ['two kinds at once', { bearerToken: canary, password: canary }, /several kinds/],
  [
    'an app without an installation',
    { githubAppID: '1', githubAppPrivateKey: canary },
    /needs githubAppInstallationID/,
  ],
  ['an app by its owner', { ...app, githubAppInstallationOwner: 'o' }, /instead of the owner/],
  ['a header injected into a token', { bearerToken: `x\r\nHost: ${canary}` }, /several lines/],
  ['a line injected into a password', { username: 'u', password: `x\nhost=${canary}` }, /several lines/],
];

for (const [rule, data, why] of refused) {
  test(`refused: ${rule}`, () => {
    const reading = read(data);
    assert.ok(reading.kind === 'refused', JSON.stringify(reading));
    assert.match(reading.detail, why);
    assert.ok(!reading.detail.includes(canary));
  });
}
