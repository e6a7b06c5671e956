// What cannot work is said once, clearly, with what to do; what may work later is tried again.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { findFreePort } from '../cluster/processes.ts';
import { runLockstep, startLockstep } from './lockstep.ts';
import { createRig } from './rig.ts';

suite('a start that cannot work', { concurrency: 2 }, () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lockstep-input-'));
    await writeFile(join(directory, 'garbage'), 'apiVersion: [');
    await writeFile(join(directory, 'empty'), '');
  });
  after(() => rm(directory, { recursive: true }));

  const rows: [rule: string, argv: () => string[], message: RegExp][] = [
    [
      'no kubeconfig there',
      () => [`--kubeconfig=${directory}/none`],
      /kubeconfig .*\/none cannot be used: ENOENT\nkubeconfig-unreadable: /,
    ],
    [
      'a kubeconfig that is none',
      () => [`--kubeconfig=${directory}/garbage`],
      /kubeconfig .*\/garbage cannot be used.*\nkubeconfig-unreadable: /,
    ],
    [
      'an empty kubeconfig',
      () => [`--kubeconfig=${directory}/empty`],
      /kubeconfig .*\/empty .*\nkubeconfig-unreadable: /,
    ],
    ['an unknown flag', () => ['--setle=1s'], /unknown flag --setle; did you mean --settle\?\nconfig-invalid: /],
    [
      'two mistakes at once',
      () => ['--settle=soon', '--mode=maybe'],
      /--settle soon: want a duration.*\n--mode maybe: want one of enforce, observe\n/,
    ],
    ['an unknown command', () => ['sevre'], /unknown command sevre/],
    [
      'a configuration that is not there',
      () => [`--config=${directory}/none.yaml`],
      /--config .*none\.yaml: cannot be read/,
    ],
  ];
  for (const [rule, argv, message] of rows) {
    test(rule, async () => {
      const { code, output } = await runLockstep(argv());
      assert.equal(code, 2, output);
      assert.match(output, message);
      assert.doesNotMatch(output, /^\s+at /m, 'no stack trace');
    });
  }
});

test(
  'an API server that is not there yet is named, and waited for',
  { skip: await whySkipped(), timeout: 60_000 },
  async () => {
    await using rig = await createRig();
    const directory = await mkdtemp(join(tmpdir(), 'lockstep-input-'));
    const port = await findFreePort();
    const kubeconfig = join(directory, 'kubeconfig');
    await writeFile(
      kubeconfig,
      (await readFile(rig.account.kubeconfig, 'utf8')).replaceAll(rig.cluster.url, `https://127.0.0.1:${port}`),
    );
    const door = openDoor(new URL(rig.cluster.url).port);
    try {
      await using lockstep = await startLockstep([
        `--kubeconfig=${kubeconfig}`,
        `--state-namespace=${rig.account.namespace}`,
      ]);
      const line = await lockstep.waitForLog('cannot start yet, trying again');
      assert.match(
        JSON.stringify(line['err']),
        new RegExp(`"api-unreachable".*no answer from the API server at https://127.0.0.1:${port}`),
      );
      assert.match(String(line['advice']), /check the address of the API server/);
      assert.equal((await fetch(`${lockstep.metricsUrl}/readyz`)).status, 503);
      assert.equal((await fetch(`${lockstep.metricsUrl}/livez`)).status, 200, 'a restart would not help');
      assert.doesNotMatch(lockstep.output(), /^\s+at |"stack"/m, 'no stack trace');
      door.server.listen(port, '127.0.0.1');
      await once(door.server, 'listening');
      await lockstep.untilReady();
      const code = await lockstep.stop();
      assert.equal(code, 0, lockstep.output());
    } finally {
      await door.close();
      await rm(directory, { recursive: true });
    }
  },
);

/** Hands every connection on to the API server, as soon as it listens. */
function openDoor(target: string): { server: Server; close: () => Promise<void> } {
  const sockets = new Set<Socket>();
  const server = createServer((inside) => {
    const outside = connect(Number(target), '127.0.0.1');
    for (const socket of [inside, outside]) sockets.add(socket.on('error', () => socket.destroy()));
    inside.pipe(outside).pipe(inside);
  });
  return {
    server,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
