import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Forge, PullRequest } from '../../server/core/forge.ts';
import { hasCode } from '../../server/core/errors.ts';
import { branchOf } from '../../server/core/pull-request.ts';
import type { Proposal } from '../../server/core/record.ts';
import type { Repository } from '../../server/core/repository.ts';
import { createLocalForge } from '../../server/forge/local.ts';
import type { SourceOutcome } from '../../server/reconcile/source.ts';
import { createSourceReconciler } from '../../server/reconcile/source.ts';
import type { World } from '../git-server/world.ts';
import { createWorld } from '../git-server/world.ts';

const path = 'apps/shop/web.yaml';
const source = { repository: 'shop', branch: 'main', path: 'apps/shop', namespace: 'shop' };
const branch = branchOf(source);
const signal = AbortSignal.timeout(240_000);
const deployment = (name: string): string =>
  `# The shop\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name} # the front\nspec: {}\n`;
const start = {
  [path]: deployment('web'),
  'apps/shop/api.yaml': deployment('api'),
  'other/web.yaml': deployment('web'),
};

function propose(name: string, value: string, restarted = true): Proposal {
  const config = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;
  return {
    workload: { kind: 'Deployment', namespace: 'shop', name },
    checksums: [{ config, value, restarted, writer: 'cert-manager' }],
  };
}

interface Actor {
  readonly forge: Forge;
  readonly repository: Repository;
  proposals: Proposal[];
  run(): Promise<SourceOutcome>;
  reason(): Promise<string>;
  pulls(): Promise<readonly PullRequest[]>;
}

/** One Lockstep process; `wrap` stands between it and the repository. */
function createActor(
  world: World,
  wrap: (repository: Repository) => Repository = (same) => same,
  mode: 'enforce' | 'observe' = 'enforce',
): Actor {
  let now = Date.now(); // A person’s commits carry the real time too.
  const clock = { now: () => (now += 1000) };
  const repository = wrap(world.open());
  const forge = createLocalForge({ repository, clock });
  const actor: Actor = {
    forge,
    repository,
    proposals: [propose('web', 'k1:one')],
    run: () =>
      createSourceReconciler({
        source,
        repository,
        forge,
        proposals: () => actor.proposals,
        clock,
        email: 'lockstep@lockstep.dev',
        mode,
      }).reconcile(signal),
    reason: async () => (await actor.run()).decision.reason,
    pulls: () => forge.list({}, signal),
  };
  return actor;
}

test('a checksum goes from proposal to base by one pull request, and then nothing is written', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  const first = await actor.run();
  assert.equal(first.decision.action, 'open');
  assert.equal(first.pull?.number, 1);
  const refs = world.refs();
  assert.equal(await actor.reason(), 'already-open-and-current');
  assert.equal(await createActor(world).reason(), 'already-open-and-current');
  assert.equal(world.refs(), refs);
  assert.equal(world.git('diff', '--numstat', 'main', branch), `2\t0\t${path}`);
  assert.equal(await actor.forge.merge(1, signal), 'merged');
  const edited = deployment('web').replace(
    'metadata:\n',
    'metadata:\n  annotations:\n    checksum.lockstep.dev/secret.db: "k1:one"\n',
  );
  assert.equal(world.show('main', path), edited);
  assert.equal(world.show('main', 'other/web.yaml'), deployment('web'));
  const merged = world.refs();
  assert.equal(await actor.reason(), 'nothing-to-record');
  assert.equal(world.refs(), merged);
});

test('a quiet install proposes nothing, and what is recorded is kept current', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  actor.proposals = [propose('web', 'k1:one', false)];
  assert.equal(await actor.reason(), 'nothing-to-record');
  world.person('main', {
    [path]: deployment('web').replace(
      'metadata:\n',
      'metadata:\n  annotations: {checksum.lockstep.dev/secret.db: "k1:zero"}\n',
    ),
  });
  const outcome = await actor.run();
  assert.equal(outcome.decision.action, 'open');
  assert.equal(world.git('diff', '--numstat', 'main', branch), `1\t1\t${path}`);
});

test('new content updates the one pull request', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  await actor.run();
  actor.proposals = [propose('web', 'k1:two'), propose('api', 'k1:two')];
  const outcome = await actor.run();
  assert.equal(outcome.decision.reason, 'checksums-changed');
  const pulls = await actor.pulls();
  assert.deepEqual(
    pulls.map(({ number, state, title }) => [number, state, title]),
    [[1, 'open', 'Record 2 checksums on 2 workloads']],
  );
  assert.equal(world.git('rev-list', '--count', `main..${branch}`), '1');
});

test('a base that moved elsewhere changes nothing; on the same file the branch follows', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  await actor.run();
  world.person('main', { 'other/x.txt': 'x' });
  assert.equal(await actor.reason(), 'already-open-and-current');
  world.person('main', { [path]: `${deployment('web')}# more\n` });
  assert.equal(await actor.reason(), 'base-changed');
  assert.equal(world.git('merge-base', 'main', branch), world.git('rev-parse', 'main'));
  assert.equal(await actor.reason(), 'already-open-and-current');
});

test('a person who commits on the branch has it', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  await actor.run();
  const commit = world.person(branch, { 'apps/shop/extra.txt': 'mine\n' });
  actor.proposals = [propose('web', 'k1:two')];
  const outcome = await actor.run();
  assert.deepEqual(outcome.decision, { action: 'yield', reason: 'person-committed' });
  assert.equal(world.git('rev-parse', branch), commit);
  assert.equal(await actor.forge.merge(1, signal), 'merged');
  assert.equal(await actor.reason(), 'checksums-missing');
  assert.deepEqual(
    (await actor.pulls()).map(({ number, state }) => [number, state]),
    [
      [2, 'open'],
      [1, 'merged'],
    ],
  );
});

test('what a person closed is not proposed again until the content changes', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  await actor.run();
  await actor.forge.close(1, 'person', signal);
  const refs = world.refs();
  assert.equal(await actor.reason(), 'refused-by-person');
  assert.equal(world.refs(), refs);
  actor.proposals = [propose('web', 'k1:one'), propose('api', 'k1:one')];
  const outcome = await actor.run();
  assert.deepEqual(outcome.pull?.proposed, {
    'Deployment/shop/api secret.db': outcome.pull?.proposed['Deployment/shop/api secret.db'],
  });
  assert.equal(outcome.declined.length, 1);
  actor.proposals = [propose('web', 'k1:two'), propose('api', 'k1:one')];
  assert.equal(await actor.reason(), 'checksums-changed');
});

test('deleting the branch closes, plain git merge merges', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  await actor.run();
  world.git('branch', '-D', branch);
  assert.equal(await actor.reason(), 'refused-by-person');
  actor.proposals = [propose('web', 'k1:two')];
  assert.equal((await actor.run()).pull?.number, 2);
  world.person('main', { 'other/x.txt': 'x' });
  world.clone('fetch', '-q', 'origin');
  world.clone('merge', '-q', '--no-ff', '-m', 'By hand', `origin/${branch}`);
  world.clone('push', '-q', 'origin', 'main');
  assert.equal(await actor.reason(), 'nothing-to-record');
  assert.deepEqual(
    (await actor.pulls()).map(({ state }) => state),
    ['merged', 'closed'],
  );
});

test('a pull request whose content is in the base already is closed', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  await actor.run();
  world.person('main', { [path]: world.show(branch, path), 'other/x.txt': 'squashed' });
  assert.deepEqual((await actor.run()).decision.reason, 'obsolete');
  const pulls = await actor.pulls();
  assert.deepEqual(
    pulls.map(({ state, endedBy }) => [state, endedBy]),
    [['closed', 'lockstep']],
  );
  assert.equal(await actor.reason(), 'nothing-to-record');
});

test('a manifest that cannot be edited is named, and the others go on', async () => {
  using world = createWorld({ ...start, [path]: deployment('web').replace('metadata:', 'metadata: &m') });
  const actor = createActor(world);
  actor.proposals = [propose('web', 'k1:one'), propose('api', 'k1:one'), propose('gone', 'k1:one')];
  const outcome = await actor.run();
  assert.equal(outcome.decision.action, 'open');
  assert.deepEqual(
    outcome.notRecordable.map(({ workload, reason }) => [workload.name, reason]),
    [
      ['web', 'anchored'],
      ['gone', 'not-found'],
    ],
  );
  assert.equal(world.git('diff', '--name-only', 'main', branch), 'apps/shop/api.yaml');
});

test('observe mode decides and writes nothing', async () => {
  using world = createWorld(start);
  const refs = world.refs();
  const actor = createActor(world, undefined, 'observe');
  assert.equal((await actor.run()).decision.action, 'open');
  assert.equal(world.refs(), refs);
});

test('a crash between push and record converges to one pull request', async () => {
  for (let crashAt = 1; crashAt <= 2; crashAt++) {
    for (const when of ['before', 'after']) {
      using world = createWorld(start);
      let pushes = 0;
      const actor = createActor(world, (repository) => ({
        ...repository,
        push: async (updates, inner) => {
          const isCrash = ++pushes === crashAt;
          if (isCrash && when === 'before') throw new Error('crash');
          const result = await repository.push(updates, inner);
          if (isCrash) throw new Error('crash');
          return result;
        },
      }));
      await assert.rejects(actor.run(), /crash/);
      const next = createActor(world);
      await next.run();
      assert.equal(await next.reason(), 'already-open-and-current', `${when} push ${crashAt}`);
      assert.deepEqual(
        (await next.pulls()).map(({ number, state }) => [number, state]),
        [[1, 'open']],
      );
      assert.equal(world.git('rev-list', '--count', `main..${branch}`), '1');
    }
  }
});

test('two publishers that race end with one branch and one pull request', async () => {
  using world = createWorld(start);
  const actors = [createActor(world), createActor(world)];
  await Promise.all(actors.map((actor) => actor.run()));
  for (const actor of actors) assert.equal(await actor.reason(), 'already-open-and-current');
  assert.deepEqual(
    (await createActor(world).pulls()).map(({ number, state }) => [number, state]),
    [[1, 'open']],
  );
});

test('a base that moves between reading and pushing does not lose the person’s commit', async () => {
  using world = createWorld(start);
  let isFirst = true;
  const actor = createActor(world, (repository) => ({
    ...repository,
    push: (updates, inner) => {
      if (isFirst) world.person('main', { [path]: `${deployment('web')}# moved\n` });
      isFirst = false;
      return repository.push(updates, inner);
    },
  }));
  await actor.run();
  assert.equal(await actor.reason(), 'base-changed');
  assert.equal(await actor.forge.merge(1, signal), 'merged');
  assert.match(world.show('main', path), /k1:one[^]*# moved\n$/);
});

test('a person who takes the branch between reading and pushing keeps it', async () => {
  using world = createWorld(start);
  let theirs = '';
  const actor = createActor(world, (repository) => ({
    ...repository,
    push: (updates, inner) => {
      if (theirs === '') theirs = world.person(branch, { 'mine.txt': 'x' });
      return repository.push(updates, inner);
    },
  }));
  assert.equal((await actor.run()).decision.action, 'yield');
  assert.equal(world.git('rev-parse', branch), theirs);
});

test('no checksum value is in the pull request’s text', async () => {
  using world = createWorld(start);
  const actor = createActor(world);
  actor.proposals = [propose('web', 'k1:CANARY')];
  await actor.run();
  assert.ok(!world.git('log', '--format=%B', '--all', '--glob=refs/lockstep/*').includes('CANARY'));
});

test('a branch that does not exist is named', async () => {
  using world = createWorld(start);
  const repository = world.open();
  const clock = { now: () => 1 };
  const forge = createLocalForge({ repository, clock });
  const options = {
    source: { ...source, branch: 'none' },
    repository,
    forge,
    proposals: () => [],
    clock,
    email: 'x',
    mode: 'enforce',
  } as const;
  await assert.rejects(createSourceReconciler(options).reconcile(signal), (error) => hasCode(error, 'git-not-found'));
});
