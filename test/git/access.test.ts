// Reaching a repository: tokens of a GitHub App, bearer tokens, private roots, ssh with a key, and credentials that stay where they belong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import { Hidden } from '../../server/core/hidden.ts';
import type { RepositoryAccess } from '../../server/git/access.ts';
import type { TreeWorld } from '../git-server/tree-world.ts';
import { createTreeWorld, readTexts } from '../git-server/tree-world.ts';

const canary = 'CANARY-t0k3n';
const files = { 'a.yaml': 'x: 1\n' };
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));

interface FakeGitHub {
  readonly url: string;
  /** Claims of the tokens that were asked for with a good signature. */
  readonly claims: Record<string, unknown>[];
  status: number;
  /** Milliseconds since the epoch. */
  endsAt: number;
  stop(): void;
}

async function startGitHub(): Promise<FakeGitHub> {
  const claims: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const [head = '', body = '', signature = ''] = (request.headers.authorization ?? '')
      .replace('Bearer ', '')
      .split('.');
    const isSigned = verify(
      'RSA-SHA256',
      Buffer.from(`${head}.${body}`),
      createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      Buffer.from(signature, 'base64url'),
    );
    const isRight =
      request.method === 'POST' && request.url === '/api/v3/app/installations/77/access_tokens' && isSigned;
    if (isRight) claims.push(JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>);
    response
      .writeHead(isRight ? fake.status : 401)
      .end(JSON.stringify({ token: canary, expires_at: new Date(fake.endsAt).toISOString() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const fake: FakeGitHub = {
    url: `http://127.0.0.1:${address.port}/api/v3`,
    claims,
    status: 201,
    endsAt: 0,
    stop: () => void server.close(),
  };
  return fake;
}

function useAccess(access: RepositoryAccess | undefined) {
  return { credentialsFor: () => access };
}

async function readAll(place: TreeWorld, url = place.url): Promise<string[]> {
  const revision = await place.trees.resolve(url, 'main', place.signal);
  const tree = await place.trees.open({ repository: url, revision }, place.signal);
  return readTexts(tree, ['a.yaml'], place.signal);
}

/** No file below the state directory holds the text. */
function assertNowhere(place: TreeWorld, text: string): void {
  for (const entry of readdirSync(place.stateDirectory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) assert.ok(!readFileSync(path).includes(text), path);
  }
}

test('a GitHub App: one short-lived token for all requests, renewed before it ends', async () => {
  const github = await startGitHub();
  const app = {
    kind: 'github-app',
    appId: 'Iv1.abc',
    installationId: '77',
    privateKey: new Hidden(pem),
    apiUrl: github.url,
  } as const;
  await using place = await createTreeWorld({
    files,
    server: { username: 'x-access-token', password: canary },
    trees: useAccess({ credentials: app, ca: undefined }),
  });
  try {
    github.endsAt = place.clock.now + 3_600_000;
    assert.deepEqual(await readAll(place), ['x: 1\n']);
    const seconds = place.clock.now / 1000;
    assert.deepEqual(github.claims, [{ iat: seconds - 60, exp: seconds + 480, iss: 'Iv1.abc' }]);
    place.clock.now += 45 * 60_000;
    await place.trees.resolve(place.url, 'main', place.signal);
    assert.equal(github.claims.length, 1);
    place.clock.now += 10 * 60_000;
    github.endsAt += 3_600_000;
    await Promise.all(Array.from({ length: 5 }, () => place.trees.resolve(place.url, 'main', place.signal)));
    assert.equal(github.claims.length, 2);
    assertNowhere(place, canary);
  } finally {
    github.stop();
  }
});

test('a GitHub App: whoever names its ids without its key gets no token that another got', async () => {
  const github = await startGitHub();
  const app = { kind: 'github-app', appId: '1', installationId: '77', apiUrl: github.url } as const;
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const keys = { own: pem, other: String(stranger.export({ type: 'pkcs8', format: 'pem' })), none: 'no key' };
  await using place = await createTreeWorld({
    files,
    server: { username: 'x-access-token', password: canary },
    trees: {
      credentialsFor: (repository) => {
        const key = repository.endsWith('other.git')
          ? keys.other
          : repository.endsWith('none.git')
            ? keys.none
            : keys.own;
        return { credentials: { ...app, privateKey: new Hidden(key) }, ca: undefined };
      },
    },
  });
  try {
    github.endsAt = place.clock.now + 3_600_000;
    await place.trees.resolve(place.url, 'main', place.signal);
    place.posts();
    for (const name of ['other', 'none']) {
      const refusal = place.trees.resolve(`${place.server.url}/${name}.git`, 'main', place.signal);
      await assert.rejects(refusal, (error) => hasCode(error, 'git-unauthorized'));
    }
    assert.deepEqual(place.server.requests, []);
  } finally {
    github.stop();
  }
});

const appRefusals: readonly [
  rule: string,
  code: 'git-unauthorized' | 'git-unreachable',
  change: (app: FakeGitHub) => Partial<Record<'apiUrl' | 'key' | 'id', string>>,
][] = [
  ['GitHub refuses', 'git-unauthorized', (fake) => ((fake.status = 403), {})],
  ['GitHub fails', 'git-unreachable', (fake) => ((fake.status = 502), {})],
  ['GitHub redirects', 'git-unauthorized', (fake) => ((fake.status = 302), {})],
  ['nobody answers', 'git-unreachable', () => ({ apiUrl: 'http://127.0.0.1:1' })],
  ['the API is plain http elsewhere', 'git-unauthorized', () => ({ apiUrl: 'http://ghe.example.com/api/v3' })],
  ['the installation is a path', 'git-unauthorized', () => ({ id: '77/../1' })],
  ['the key is no key', 'git-unauthorized', () => ({ key: canary })],
  ['the answer is no token', 'git-unauthorized', (fake) => ((fake.endsAt = Number.MAX_SAFE_INTEGER / 2), {})],
];

for (const [rule, code, change] of appRefusals) {
  test(`a GitHub App is refused in words: ${rule}`, async () => {
    const github = await startGitHub();
    const changed = change(github);
    if (rule === 'the answer is no token') github.endsAt = 8_640_000_000_000_000;
    const credentials = {
      kind: 'github-app',
      appId: '1',
      installationId: changed.id ?? '77',
      privateKey: new Hidden(changed.key ?? pem),
      apiUrl: changed.apiUrl ?? github.url,
    } as const;
    await using place = await createTreeWorld({ files, trees: useAccess({ credentials, ca: undefined }) });
    try {
      if (rule === 'the answer is no token') github.status = 200;
      await assert.rejects(readAll(place), (error) => hasCode(error, code) && !error.message.includes(canary));
      assert.deepEqual(place.server.requests, []);
    } finally {
      github.stop();
    }
  });
}

test('a bearer token goes into a header, and into no file', async () => {
  await using place = await createTreeWorld({
    files,
    server: { authorization: `Bearer ${canary}` },
    trees: useAccess({ credentials: { kind: 'bearer', token: canary }, ca: undefined }),
  });
  assert.deepEqual(await readAll(place), ['x: 1\n']);
  assertNowhere(place, canary);
});

test('credentials of another protocol are refused before anything is asked', async () => {
  const ssh = { kind: 'ssh-key', identityFile: '/a', knownHostsFile: '/b' } as const;
  await using place = await createTreeWorld({ files, trees: useAccess({ credentials: ssh, ca: undefined }) });
  await assert.rejects(readAll(place), (error) => hasCode(error, 'git-unauthorized'));
  assert.deepEqual(place.server.requests, []);
});

test('an ssh repository without a configured key is refused: no agent and no key of the process is used', async () => {
  await using place = await createTreeWorld();
  const refusal = place.trees.resolve('ssh://git@127.0.0.1:1/x.git', 'main', place.signal);
  await assert.rejects(refusal, (error) => hasCode(error, 'git-unauthorized') && /no SSH key/.test(error.message));
});

test('a private root is trusted where it is configured, as file or as text, and nowhere else', async () => {
  await using place = await createTreeWorld({ files });
  const { key, cert } = makeCertificate(place.world.root);
  const tls = { key, cert };
  for (const ca of [{ file: join(place.world.root, 'cert.pem') }, { pem: cert }, undefined]) {
    await using secure = await createTreeWorld({
      files,
      server: { tls },
      trees: useAccess({ credentials: undefined, ca }),
    });
    if (ca !== undefined) assert.deepEqual(await readAll(secure), ['x: 1\n']);
    else await assert.rejects(readAll(secure), (error) => hasCode(error, 'git-unreachable'));
    if (ca !== undefined) {
      await using locked = await createTreeWorld({
        server: { tls, username: 'u', password: 'p' },
        trees: useAccess({ credentials: undefined, ca }),
      });
      await assert.rejects(readAll(locked), (error) => hasCode(error, 'git-unauthorized'));
    }
  }
});

function makeCertificate(directory: string): { key: string; cert: string } {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
