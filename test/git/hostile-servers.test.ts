// Hostile servers: each row says how one answers, and what comes of it before the deadline. No other address is ever asked.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LockstepError } from '../../server/core/errors.ts';
import { createTreeWorld } from '../git-server/tree-world.ts';

const canary = 'CANARY-s3cr3t';
const id = '1'.repeat(40);

interface Scene {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Another server, which nobody may ask. */
  readonly elsewhere: string;
}

type Answer = (scene: Scene) => void;

const pkt = (text: string): string => `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`;
const refsType = { 'content-type': 'application/x-git-upload-pack-advertisement' };
const packType = { 'content-type': 'application/x-git-upload-pack-result' };
const oldRefs = (...lines: string[]): string =>
  `${pkt('# service=git-upload-pack\n')}0000${lines.map((line, at) => pkt(at === 0 ? `${line}\0agent=x\n` : `${line}\n`)).join('')}0000`;
const v2 = (...capabilities: string[]): string =>
  `${pkt('# service=git-upload-pack\n')}0000${['version 2', 'ls-refs', 'fetch=shallow filter', ...capabilities].map((line) => pkt(`${line}\n`)).join('')}0000`;
const isPost = ({ request }: Scene): boolean => request.method === 'POST';

const redirect =
  (status: number, to: (elsewhere: string) => string): Answer =>
  ({ response, elsewhere }) =>
    void response.writeHead(status, { location: to(elsewhere) }).end();

/** Goes on until the client has left. */
function pour({ response }: Scene, chunk: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

const rows: readonly [rule: string, code: string, answer: Answer][] = [
  [
    'redirects to another host',
    'git-unreachable',
    redirect(301, (to) => `${to}/x.git/info/refs?service=git-upload-pack`),
  ],
  ['redirects for now', 'git-unreachable', redirect(307, (to) => to)],
  ['redirects to a file', 'git-unreachable', redirect(302, () => 'file:///etc/passwd')],
  ['redirects to a remote helper', 'git-unreachable', redirect(302, () => 'ext::sh -c touch% pwned')],
  ['redirects to the address of cloud metadata', 'git-unreachable', redirect(302, () => 'http://169.254.169.254/')],
  ['redirects to itself', 'git-unreachable', redirect(302, () => '/x.git/info/refs')],
  [
    'redirects only what is posted',
    'git-unreachable',
    (scene) => {
      if (isPost(scene)) redirect(307, (to) => to)(scene);
      else scene.response.writeHead(200, refsType).end(v2());
    },
  ],
  [
    'asks for a user again and again',
    'git-unauthorized',
    ({ response }) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="$(touch pwned)"' }).end(),
  ],
  ['forbids', 'git-unauthorized', ({ response }) => void response.writeHead(403).end()],
  ['has nothing', 'git-not-found', ({ response }) => void response.writeHead(404).end('x'.repeat(100_000))],
  ['asks for too little', 'git-unreachable', ({ response }) => void response.writeHead(429).end()],
  ['fails', 'git-unreachable', ({ response }) => void response.writeHead(500).end()],
  [
    'answers with a web page',
    'git-unreachable',
    ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
  ],
  ['answers with nothing', 'git-unreachable', ({ response }) => void response.writeHead(200, refsType).end()],
  ['answers 204', 'git-unreachable', ({ response }) => void response.writeHead(204).end()],
  ['accepts and is silent', 'git-unreachable', () => {}],
  [
    'is silent after its headers',
    'git-unreachable',
    ({ response }) => response.writeHead(200, refsType).flushHeaders(),
  ],
  [
    'is silent after half a line',
    'git-unreachable',
    ({ response }) => void response.writeHead(200, refsType).write('00'),
  ],
  [
    'drips',
    'git-unreachable',
    ({ response }) => {
      response.writeHead(200, refsType);
      const timer = setInterval(() => response.write('0'), 50);
      response.on('close', () => clearInterval(timer));
    },
  ],
  [
    'cuts the connection in the middle',
    'git-unreachable',
    ({ response }) => {
      response.writeHead(200, { ...refsType, 'content-length': '1000' }).write('001e# service');
      response.destroy();
    },
  ],
  [
    'announces a length that is none',
    'git-unreachable',
    ({ response }) => void response.writeHead(200, refsType).end('zzzz# service=git-upload-pack\n'),
  ],
  [
    'announces a commit that is none',
    'git-unreachable',
    ({ response }) => void response.writeHead(200, refsType).end(oldRefs(`${'z'.repeat(40)} refs/heads/main`)),
  ],
  [
    'sends refs without end',
    'git-too-large',
    (scene) => {
      scene.response
        .writeHead(200, refsType)
        .write(`${pkt('# service=git-upload-pack\n')}0000${pkt(`${id} refs/heads/main\0agent=x\n`)}`);
      let at = 0;
      const more = (): void => {
        while (
          !scene.response.destroyed &&
          scene.response.write(Array.from({ length: 2_000 }, () => pkt(`${id} refs/heads/b${at++}\n`)).join(''))
        );
      };
      if (isPost(scene)) return;
      more();
      scene.response.on('drain', () => {
        if (at < 600_000) more();
        else scene.response.end('0000');
      });
    },
  ],
  [
    'sends zeros without end',
    'git-unreachable',
    (scene) => {
      scene.response.writeHead(200, refsType);
      pour(scene, Buffer.alloc(65_536));
    },
  ],
  [
    'sends progress without end',
    'git-unreachable',
    (scene) => {
      if (!isPost(scene)) return void scene.response.writeHead(200, refsType).end(v2());
      scene.response.writeHead(200, packType);
      pour(scene, Buffer.from(pkt(`\u0002${'x'.repeat(60_000)}`)));
    },
  ],
  [
    'sends a bomb of gzip',
    'git-unreachable',
    ({ response }) => {
      response
        .writeHead(200, { ...refsType, 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
    },
  ],
  [
    'sends headers without end',
    'git-unreachable',
    ({ response }) => {
      response.socket?.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => response.socket?.write(`x-a: ${'y'.repeat(60_000)}\r\n`), 5);
      response.socket?.on('close', () => clearInterval(timer));
    },
  ],
  [
    'names only refs with hostile names',
    'git-revision-not-found',
    ({ response }) =>
      void response
        .writeHead(200, refsType)
        .end(
          oldRefs(
            `${id} refs/heads/../../config`,
            `${id} refs/heads/--upload-pack=x`,
            `${id} refs/heads/$(touch pwned)`,
          ),
        ),
  ],
  [
    'wants another protocol',
    'git-unreachable',
    ({ response }) =>
      void response.writeHead(200, refsType).end(`${pkt('# service=git-upload-pack\n')}0000${pkt('version 9\n')}0000`),
  ],
  [
    'offers packs at another host',
    'git-unreachable',
    (scene) => {
      if (!isPost(scene)) return void scene.response.writeHead(200, refsType).end(v2('bundle-uri', 'packfile-uris'));
      scene.response
        .writeHead(200, packType)
        .end(`${pkt('packfile-uris\n')}${pkt(`${id} ${scene.elsewhere}/pack\n`)}0001`);
    },
  ],
];

for (const [rule, code, answer] of rows) {
  test(`a server that ${rule}: ${code}`, async () => {
    const asked: string[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    const hostile = createServer((request, response) => answer({ request, response, elsewhere: addressOf(elsewhere) }));
    await Promise.all(
      [elsewhere, hostile].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
    );
    const credentials = { kind: 'password', username: 'lockstep', password: canary } as const;
    await using place = await createTreeWorld({
      trees: {
        deadlineMs: code === 'git-too-large' ? 30_000 : 3_000,
        credentialsFor: () => ({ credentials, ca: undefined }),
      },
    });
    try {
      const repository = `${addressOf(hostile)}/x.git`;
      const started = performance.now();
      const error: unknown = await place.trees.resolve(repository, 'main', place.signal).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof LockstepError, String(error));
      assert.equal(error.code, code, error.message);
      assert.ok(!`${error.message}${String(error.stack)}`.includes(canary));
      const opened = await place.trees.open({ repository, revision: id }, place.signal).then(
        () => 'opened',
        () => 'refused',
      );
      assert.equal(opened, 'refused');
      assert.ok(performance.now() - started < 60_000, 'past its deadline');
      assert.deepEqual(asked, []);
      const left = readdirSync(place.stateDirectory, { recursive: true }).map(String);
      assert.deepEqual(
        left.filter((path) => /tmp_|\.lock$|pwned/.test(path)),
        [],
      );
    } finally {
      for (const server of [elsewhere, hostile]) {
        server.closeAllConnections();
        server.close();
      }
    }
    assert.ok(!readdirSync(join('.')).includes('pwned'));
  });
}

function addressOf(server: ReturnType<typeof createServer>): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
