// `lockstep diff` against an API server in memory: live objects that were really written, declared ones as a rendering would give
// them; exit codes, flags, what may not be read, and that no value is printed and nothing written.
// Long because the worlds are written out.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Diff } from '../server/core/diff-row.ts';
import { LockstepError } from '../server/core/errors.ts';
import type { Preview } from '../server/core/preview-row.ts';
import { runDiff } from '../server/diff-command.ts';
import { createCanary, findLeaks } from './e2e/canary.ts';
import { application, applied, config, deployment, feature, startRig, type World } from './diff-world.ts';

const fromApp = { envFrom: [{ configMapRef: { name: 'app' } }] };
const fromDb = { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }] };

test('one row for each config object: answer, keys, writer, users; no value, nothing written, exit code 1', async (context) => {
  const canaries = [createCanary(), createCanary(), createCanary()] as const;
  const [live, declared, other] = canaries;
  const world: World = {
    revisions: {
      [applied]: {
        'Secret/db': { password: declared },
        'ConfigMap/app': { level: 'info' },
        'ConfigMap/gone': { a: other },
      },
    },
  };
  const rig = await startRig(
    context,
    [
      config('Secret', 'db', { password: live }),
      config('ConfigMap', 'app', { level: 'info' }),
      config('ConfigMap', 'mine', { a: other }, { labels: {} }),
      config('ConfigMap', 'kube-root-ca.crt', { 'ca.crt': 'x' }, { labels: {} }),
      deployment('web', fromDb),
    ],
    world,
  );
  const { code, out, err } = await rig.run('-n', 'shop', '-o', 'json');
  const { summary, rows } = JSON.parse(out) as Diff;
  assert.deepEqual([code, err], [1, '']);
  assert.deepEqual(summary, { different: 1, missing: 1, 'not-comparable': 0, 'not-declared': 1, equal: 1 });
  assert.deepEqual(
    rows.map(({ config: { name }, answer, because }) => [name, answer, because]),
    [
      ['app', 'equal', 'label'],
      ['gone', 'missing', 'declared'],
      ['mine', 'not-declared', 'not-owned'],
      ['db', 'different', 'label'],
    ],
  );
  const [row] = rows.filter(({ answer }) => answer === 'different');
  assert.deepEqual(row?.owner, { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'shop' });
  assert.deepEqual(row?.workloads, [{ kind: 'Deployment', namespace: 'shop', name: 'web' }]);
  assert.deepEqual(
    row?.keys.map(({ name, answer }) => [name, answer]),
    [['password', 'different']],
  );
  assert.deepEqual([row?.file, row?.sources[0]?.revision], ['apps/shop/db.yaml', applied]);
  const texts = [out, (await rig.run('-n', 'shop')).out, (await rig.run('-n', 'shop', '-o', 'markdown')).out];
  assert.deepEqual(findLeaks(texts.join('\n'), [...canaries]), []);
  assert.equal(rig.server.changes.length, 0);
});

const same: World = { revisions: { [applied]: { 'ConfigMap/app': { level: 'info' } } } };
const app = config('ConfigMap', 'app', { level: 'info' });

test('exit code 0 when nothing differs, and nothing on stderr', async (context) => {
  const rig = await startRig(context, [app], same);
  const { code, out, err } = await rig.run('-n', 'shop');
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^Diff of namespace shop with Git as applied: 1 equal\n/);
});

test('exit code 2, and says so, when what an owner declares cannot be read; the rest is told', async (context) => {
  const rig = await startRig(context, [app, config('ConfigMap', 'mine', { a: 'x' }, { labels: {} })], {
    revisions: { [applied]: 'failed' },
  });
  const { code, out, err } = await rig.run('-n', 'shop');
  assert.equal(code, 2);
  assert.match(err, /^warning: argocd Application argocd\/shop: https:\/\/git\.example\/shop\.git has no a+\n$/);
  assert.match(out, /: 1 not comparable, 1 not declared\n/);
  assert.match(out, /ConfigMap\/app: source-unreadable: its Git repository, or the revision, could not be read \(/);
});

test('--revision compares with another revision; one that is nowhere is an error', async (context) => {
  const revisions = { ...same.revisions, [feature]: { 'ConfigMap/app': { level: 'debug' } } };
  const rig = await startRig(context, [app], { revisions });
  const { code, out } = await rig.run('-n', 'shop', '--revision', 'feature');
  assert.equal(code, 1);
  assert.match(out, /^Diff of namespace shop with Git at feature: 1 different\n/);
  assert.match(out, /^ConfigMap\/app +different +argocd Application argocd\/shop +ffffffff /m);
  await assert.rejects(rig.run('-n', 'shop', '--revision', 'nowhere'), (error) => {
    assert.ok(error instanceof LockstepError && error.code === 'git-not-found');
    assert.match(error.message, /^there is no revision nowhere: looked in https:\/\/git\.example\/shop\.git$/);
    return true;
  });
});

test('--restarts: which workloads would restart, and because of what', async (context) => {
  const before = { 'ConfigMap/app': { level: 'info' }, 'Secret/db': { password: '1', token: '1' } };
  const revisions = {
    [applied]: before,
    [feature]: { 'ConfigMap/app': { level: 'debug' }, 'Secret/db': { password: '1', token: '2' } },
  };
  const templates = { [applied]: { api: 'a', web: 'a' }, [feature]: { api: 'b', web: 'a' } };
  const objects = [
    app,
    config('Secret', 'db', { password: '1', token: '1' }),
    deployment('web', fromApp),
    deployment('api', fromApp),
    deployment('batch', fromDb),
  ];
  const rig = await startRig(context, objects, { revisions, templates });
  const { code, out } = await rig.run('-n', 'shop', '--restarts', '--revision', 'feature', '-o', 'json');
  const preview = JSON.parse(out) as Preview;
  assert.equal(code, 1);
  assert.deepEqual(
    preview.changes.map(({ config: { name }, what, keys }) => [name, what, keys]),
    [
      ['app', 'changed', ['level']],
      ['db', 'changed', ['token']],
    ],
  );
  assert.deepEqual(
    preview.workloads.map(({ workload: { name }, action }) => [name, action]),
    [
      ['api', 'rollout'],
      ['web', 'restart'],
    ],
  );
  const nothing = await startRig(context, objects, { revisions: { [applied]: before, [feature]: before } });
  const quiet = await nothing.run('-n', 'shop', '--restarts', '--revision', 'feature');
  assert.deepEqual([quiet.code, quiet.out], [0, 'Preview of feature in namespace shop: no workload would restart\n']);
});

test('which namespace: -n, else the context’s, else default; -A is all', async (context) => {
  const here = config('ConfigMap', 'here', { a: 'x' }, { namespace: 'default', labels: {} });
  const rig = await startRig(context, [app, here], same);
  const read = async (...argv: string[]) => {
    const { namespace, rows } = JSON.parse((await rig.run('-o', 'json', ...argv)).out) as Diff;
    return [namespace, rows.map(({ config: { name } }) => name)];
  };
  assert.deepEqual(await read('-n', 'shop'), ['shop', ['app']]);
  assert.deepEqual(await read(), ['default', ['here']]);
  assert.deepEqual(await read('-A'), [undefined, ['here', 'app']]);
  writeFileSync(rig.kubeconfig, readFileSync(rig.kubeconfig, 'utf8').replace('namespace: default', 'namespace: shop'));
  assert.deepEqual(await read(), ['shop', ['app']]);
});

test('--engine keeps the rows of one engine', async (context) => {
  const rig = await startRig(context, [app, config('ConfigMap', 'mine', { a: 'x' }, { labels: {} })], same);
  const read = async (engine: string) => {
    const { rows } = JSON.parse((await rig.run('-n', 'shop', '-o', 'json', '--engine', engine)).out) as Diff;
    return rows.map(({ config: { name } }) => name);
  };
  assert.deepEqual([await read('argocd'), await read('flux'), await read('none')], [['app'], [], ['mine']]);
});

const forbidden = { kind: 'status', code: 403, message: 'User cannot list it' } as const;

test('what may not be listed is a gap, and is not missing; when it is everything, an error', async (context) => {
  const revisions = { [applied]: { ...(same.revisions[applied] as object), 'Secret/db': { a: 'x' } } };
  const rig = await startRig(context, [app], { revisions });
  rig.server.setFaults(({ resource }) => (resource === 'secrets' ? forbidden : undefined));
  const { code, out } = await rig.run('-n', 'shop', '-o', 'json');
  const { gaps, rows } = JSON.parse(out) as Diff;
  assert.deepEqual([code, rows.map(({ config: { name } }) => name)], [0, ['app']]);
  assert.deepEqual(gaps[0], { about: 'secrets', says: 'listing them is not granted' });
  rig.server.setFaults(() => forbidden);
  await assert.rejects(
    rig.run('-n', 'shop'),
    (error) => error instanceof LockstepError && error.code === 'api-forbidden',
  );
});

test('owners of another cluster are one line, however many there are', async (context) => {
  const elsewhere = ['a', 'b', 'c'].map((name) => ({ ...application, name }));
  const rig = await startRig(context, [app], { ...same, elsewhere });
  const { code, out } = await rig.run('-n', 'shop', '-o', 'json');
  const gaps = (JSON.parse(out) as Diff).gaps.filter(({ about }) => about === 'Applications');
  const advice = 'if it is this one, give --engine-cluster-name the name or server that they say';
  assert.deepEqual([code, gaps.map(({ says }) => says)], [0, [`3 of another cluster are left out; ${advice}`]]);
});

test('recorded: asked of the running Lockstep, through the API server or by its URL; unknown without one, and said', async (context) => {
  const answer = { recorded: [{ config: { kind: 'ConfigMap', namespace: 'shop', name: 'app' }, answer: 'outdated' }] };
  const rig = await startRig(context, [app], same);
  const read = async (...argv: string[]) =>
    JSON.parse((await rig.run('-n', 'shop', '-o', 'json', ...argv)).out) as Diff;
  const alone = await read();
  assert.equal(alone.rows[0]?.recorded, 'unknown');
  assert.deepEqual(
    alone.gaps.map(({ about }) => about),
    ['recorded checksums'],
  );
  const { createServer } = await import('node:http');
  const asked: string[] = [];
  const running = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
  context.after(() => void running.close());
  const { port } = running.address() as { port: number };
  const found = await read('--lockstep-url', `http://127.0.0.1:${port}`);
  assert.deepEqual([found.rows[0]?.recorded, found.gaps, asked], ['outdated', [], ['/v1/recorded?namespace=shop']]);
});

const refused: Readonly<Record<string, readonly [argv: readonly string[], message: RegExp]>> = {
  'an unknown flag': [['--namspace=x'], /^unknown flag --namspace; did you mean --namespace\?/],
  'a word': [['prod'], /^unexpected word prod$/],
  'a path as namespace': [['-n', '../x'], /^--namespace "\.\.\/x": no name of a namespace$/],
  'an engine that there is not': [['--engine=fleet'], /^--engine/],
  'a preview of nothing': [['--restarts'], /^--restarts: say with --revision what would be applied$/],
  'an option as revision': [
    ['--revision=--upload-pack=x'],
    /^--revision "--upload-pack=x": want a branch, tag or commit$/,
  ],
  'an URL that is none': [['--lockstep-url=x'], /^--lockstep-url: want a URL/],
};
for (const [what, [argv, message]] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => {
    const silent = {
      stdout: () => undefined,
      stderr: () => undefined,
      isWatched: false,
      after: () => () => undefined,
      fetch,
      now: Date.now,
    };
    const openPorts = () => Promise.reject(new Error('nothing may be opened'));
    const deps = { ...silent, openPorts, randomBytes, signal: AbortSignal.timeout(5_000) };
    await assert.rejects(runDiff(argv, deps), (error) => {
      assert.ok(error instanceof LockstepError && error.code === 'config-invalid');
      assert.match(error.message, message);
      return true;
    });
  });
}
