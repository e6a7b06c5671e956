import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { binaryNames, findControlPlane } from './binaries.ts';
import { readPinnedVersions } from './build.ts';
import { downloadBinaries, publishedVersion } from './download.ts';

suite('finding the programs', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lockstep-binaries-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('KUBEBUILDER_ASSETS comes first when it has all four', async () => {
    const assets = join(directory, 'assets');
    await install(assets, binaryNames, 'echo Kubernetes v9.9.9');
    const found = await findControlPlane({ ...process.env, KUBEBUILDER_ASSETS: assets });
    assert.deepEqual(found, { available: true, version: 'v9.9.9', origin: 'KUBEBUILDER_ASSETS' });
  });

  test('without a controller manager it is passed over for the cache', async () => {
    const assets = join(directory, 'envtest');
    await install(assets, ['etcd', 'kube-apiserver', 'kubectl'], 'echo Kubernetes v9.9.9');
    const { kubernetes, etcd } = await readPinnedVersions();
    await install(join(directory, 'lockstep', 'control-plane', `${kubernetes}-etcd-${etcd}`), binaryNames, 'true');
    const env = { ...process.env, KUBEBUILDER_ASSETS: assets, XDG_CACHE_HOME: directory };
    assert.deepEqual(await findControlPlane(env), { available: true, version: kubernetes, origin: 'cache' });
  });

  test('a download is unpacked when its checksums fit, and leaves nothing when they do not', async () => {
    await install(join(directory, 'controller-tools', 'envtest'), ['etcd', 'kube-apiserver', 'kubectl'], 'true');
    const archive = execFileSync('tar', ['-cz', '-C', directory, 'controller-tools']);
    await using publisher = await publish(archive);
    const installation = { say: () => {}, signal: AbortSignal.timeout(10_000) };
    const good = join(directory, 'good');
    await downloadBinaries({ ...installation, directory: good }, publisher.sources);
    assert.deepEqual((await readdir(good)).sort(), [...binaryNames]);
    assert.equal(await readFile(join(good, 'kube-controller-manager'), 'utf8'), managerText);
    publisher.files.set(publisher.archivePath, Buffer.concat([archive, Buffer.from('x')]));
    const bad = downloadBinaries({ ...installation, directory: join(directory, 'bad') }, publisher.sources);
    await assert.rejects(bad, /sha512/);
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('bad')),
      [],
    );
  });
});

const managerText = '#!/bin/sh\n';

async function install(directory: string, names: readonly string[], script: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of names) await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Serves what envtest's and Kubernetes' download sites would, for this platform. */
async function publish(archive: Buffer) {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const content = files.get(request.url ?? '');
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const url = `http://127.0.0.1:${address.port}`;
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `envtest-${publishedVersion}-${process.platform}-${architecture}.tar.gz`;
  const hash = createHash('sha512').update(archive).digest('hex');
  const index = { releases: { [publishedVersion]: { [name]: { hash, selfLink: `${url}/${name}` } } } };
  const manager = `/${publishedVersion}/bin/${process.platform}/${architecture}/kube-controller-manager`;
  files.set('/index', Buffer.from(JSON.stringify(index)));
  files.set(`/${name}`, archive);
  files.set(manager, Buffer.from(managerText));
  files.set(`${manager}.sha256`, Buffer.from(createHash('sha256').update(managerText).digest('hex')));
  return {
    files,
    archivePath: `/${name}`,
    sources: { index: `${url}/index`, kubernetes: url },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
