// The environment's proxies: git, the question after a failure and GitHub's API go through them, and their password is no repository's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import { Hidden } from '../../server/core/hidden.ts';
import type { RepositoryAccess } from '../../server/git/access.ts';
import { createTreeWorld, readTexts, type TreeWorldOptions } from '../git-server/tree-world.ts';

interface Proxy {
  readonly address: string;
  /** `GET http://...` and `CONNECT host:port`, with the user when there is one. */
  readonly asked: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Brings everything to `target`, whatever host was asked for. */
async function startProxy(target: () => number, wanted?: string): Promise<Proxy> {
  const asked: string[] = [];
  const isWelcome = (authorization: string | undefined): boolean => {
    const login = Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64').toString();
    if (login !== '') asked.push(`login ${login}`);
    return wanted === undefined || login === wanted;
  };
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (!isWelcome(request.headers['proxy-authorization'])) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const { pathname, search } = new URL(request.url ?? '');
    const options = { port: target(), method: request.method, path: pathname + search, headers: request.headers };
    const onward = ask({ host: '127.0.0.1', ...options }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const onward = connect(target(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [onward, socket]) end.on('error', () => [onward, socket].forEach((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    address: `127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const files = { 'a.yaml': 'x: 1\n' };
const repository = 'http://git.example.test/shop.git';

function worldWith(ambient: Record<string, string>, access?: RepositoryAccess, more?: TreeWorldOptions) {
  const trees = { ambient: { PATH: process.env['PATH'], ...ambient }, credentialsFor: () => access };
  return createTreeWorld({ files, ...more, trees: { ...trees, ...more?.trees } });
}

for (const form of ['http://', '']) {
  test(`a proxy as ${form}host:port is used by git and by the question after a failure`, async () => {
    let port = 0;
    await using proxy = await startProxy(() => port);
    const state: { fault: 404 | undefined } = { fault: undefined };
    const more = { server: { fault: () => state.fault } };
    await using place = await worldWith({ http_proxy: `${form}${proxy.address}` }, undefined, more);
    port = Number(new URL(place.server.url).port);
    const revision = await place.trees.resolve(repository, 'main', place.signal);
    const tree = await place.trees.open({ repository, revision }, place.signal);
    assert.deepEqual(await readTexts(tree, ['a.yaml'], place.signal), ['x: 1\n']);
    assert.ok(proxy.asked.every((line) => line.includes('http://git.example.test/shop.git/')));
    state.fault = 404;
    const refusal = place.trees.resolve(repository, 'other', place.signal);
    await assert.rejects(refusal, (error) => hasCode(error, 'git-not-found'));
  });
}

test('https goes through the proxy by CONNECT, with the private root; no_proxy goes past it', async () => {
  let port = 0;
  await using proxy = await startProxy(() => port);
  await using first = await createTreeWorld();
  const paths = ['key.pem', 'cert.pem'].map((name) => join(first.world.root, name)) as [string, string];
  const names = ['-subj', '/CN=x', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:git.example.test'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', paths[0], '-out', paths[1]];
  execFileSync('openssl', [...made, ...names], { stdio: 'ignore' });
  const [key, cert] = paths.map((path) => readFileSync(path, 'utf8')) as [string, string];
  const access = { credentials: undefined, ca: { pem: cert } };
  const state: { fault: 403 | undefined } = { fault: undefined };
  const more = { server: { tls: { key, cert }, fault: () => state.fault } };
  await using place = await worldWith({ HTTPS_PROXY: `http://${proxy.address}` }, access, more);
  port = Number(new URL(place.server.url).port);
  const secure = 'https://git.example.test/shop.git';
  const revision = await place.trees.resolve(secure, 'main', place.signal);
  const tree = await place.trees.open({ repository: secure, revision }, place.signal);
  assert.deepEqual(await readTexts(tree, ['a.yaml'], place.signal), ['x: 1\n']);
  state.fault = 403;
  const refusal = place.trees.resolve(secure, 'other', place.signal);
  await assert.rejects(refusal, (error) => hasCode(error, 'git-unauthorized'));
  assert.deepEqual([...new Set(proxy.asked)], ['CONNECT git.example.test:443']);
  state.fault = undefined;
  proxy.asked.splice(0);
  const around = { HTTPS_PROXY: `http://${proxy.address}`, NO_PROXY: '127.0.0.1' };
  await using direct = await worldWith(around, access, { server: { tls: { key, cert } } });
  await direct.trees.resolve(direct.url, 'main', direct.signal);
  assert.deepEqual(proxy.asked, []);
});

test('a proxy that wants a password is never given the repository’s', async () => {
  let port = 0;
  await using proxy = await startProxy(() => port, 'ops:hunter2');
  const credentials = { kind: 'password', username: 'lockstep', password: 'CANARY' } as const;
  const access = { credentials, ca: undefined };
  for (const user of ['', 'ops@']) {
    await using place = await worldWith({ http_proxy: `http://${user}${proxy.address}` }, access);
    port = Number(new URL(place.server.url).port);
    await assert.rejects(place.trees.resolve(repository, 'main', place.signal), (error) =>
      hasCode(error, 'git-unreachable'),
    );
  }
  assert.ok(!proxy.asked.join('\n').includes('CANARY'), proxy.asked.join('\n'));
  await using place = await worldWith({ http_proxy: `http://ops:hunter2@${proxy.address}` }, access);
  port = Number(new URL(place.server.url).port);
  await place.trees.resolve(repository, 'main', place.signal);
});

for (const url of ['http://GIT.Example.test:80/shop.git', 'http://git.example.test:8080/shop.git']) {
  test(`the repository's password is for its host however it is spelled: ${url}`, async () => {
    let port = 0;
    await using proxy = await startProxy(() => port);
    const login = { username: 'a@b c', password: 'CANARY' };
    const access = { credentials: { kind: 'password', ...login } as const, ca: undefined };
    await using place = await worldWith({ http_proxy: proxy.address }, access, { server: login });
    port = Number(new URL(place.server.url).port);
    await place.trees.resolve(url, 'main', place.signal);
  });
}

for (const proxy of ['socks5://127.0.0.1:1', 'nonsense://x', 'http://127.0.0.1:1']) {
  test(`GitHub's API behind the proxy ${proxy} that cannot be used is told in words`, async () => {
    const app = {
      appId: '1',
      installationId: '7',
      privateKey: new Hidden(rsaKey()),
      apiUrl: 'https://ghe.example.test',
    };
    const access = { credentials: { kind: 'github-app', ...app } as const, ca: undefined };
    await using place = await worldWith({ https_proxy: proxy }, access);
    await assert.rejects(place.trees.resolve(place.url, 'main', place.signal), (error) =>
      hasCode(error, 'git-unreachable'),
    );
  });
}

function rsaKey(): string {
  return execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
