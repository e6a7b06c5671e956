import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import type { ApiRequest, Client } from '../../server/kube/client.ts';
import { becomeLeader, type LeaderOptions } from '../../server/kube/leader.ts';

interface Lease {
  metadata: { resourceVersion?: string; annotations?: Record<string, string> };
  spec: { holderIdentity: string; leaseTransitions: number };
}

/** One Lease with a version check, and a clock that moves with each wait. */
function rig() {
  const state = {
    now: 1_700_000_000_000,
    lease: undefined as Lease | undefined,
    version: 0,
    broken: false,
    /** Requests are never answered. */
    silent: false,
    /** How far the wall clock was put forward. */
    jump: 0,
    settledAt: undefined as number | undefined,
  };
  const write = (lease: Lease): Lease =>
    (state.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++state.version) } });
  const send = async ({ verb, body, signal }: ApiRequest): Promise<unknown> => {
    if (state.silent) {
      const { promise, reject } = Promise.withResolvers<never>();
      // The clock stands still while nobody waits by it: time passes when the request is given up.
      signal.addEventListener('abort', () => {
        state.now += 3_000;
        reject(signal.reason as Error);
      });
      return promise;
    }
    if (state.broken) throw new LockstepError('api-unreachable', { message: 'no' });
    if (verb === 'get') {
      if (state.lease === undefined) throw new LockstepError('api-not-found', { message: 'no' });
      return state.lease;
    }
    const wanted = body as Lease;
    if (wanted.metadata.resourceVersion !== state.lease?.metadata.resourceVersion)
      throw new LockstepError('api-conflict', { message: 'changed' });
    return write(wanted);
  };
  const client: Client = { server: '', send, stream: () => Promise.reject(new Error('none')) };
  const onSleep: (() => void)[] = [];
  const options = (identity: string): LeaderOptions => ({
    client,
    namespace: 'ours',
    name: 'lockstep',
    identity,
    now: () => state.now + state.jump,
    elapsed: () => state.now,
    sleep: async (ms) => {
      state.now += ms;
      onSleep.shift()?.();
    },
    settledAt: () => state.settledAt,
    onTrouble: () => undefined,
  });
  return { state, write, onSleep, options };
}

const never = new AbortController().signal;
const held = (holderIdentity: string, settled?: string): Lease => ({
  metadata: settled === undefined ? {} : { annotations: { 'lockstep.dev/settled-at': settled } },
  spec: { holderIdentity, leaseTransitions: 3 },
});

test('no Lease: created and ours', async () => {
  const { state, options } = rig();
  const { settledAt } = await becomeLeader(options('me'), never);
  assert.deepEqual(
    [settledAt, state.lease?.spec.holderIdentity, state.lease?.spec.leaseTransitions],
    [undefined, 'me', 1],
  );
});

test('a Lease that was let go is taken at once, with the mark it carries', async () => {
  const { state, write, options } = rig();
  write(held('', '2026-01-01T00:00:00.000Z'));
  const before = state.now;
  const { settledAt } = await becomeLeader(options('me'), never);
  assert.deepEqual(
    [settledAt, state.now, state.lease?.spec.leaseTransitions],
    [Date.parse('2026-01-01T00:00:00Z'), before, 4],
  );
  assert.equal(state.lease?.metadata.annotations?.['lockstep.dev/settled-at'], '2026-01-01T00:00:00.000Z');
});

test('a holder that is silent for 15 s by our own clock is followed', async () => {
  const { state, write, options } = rig();
  write(held('other'));
  const before = state.now;
  await becomeLeader(options('me'), never);
  assert.equal(state.now - before, 16_000);
});

test('a holder that renews is waited for', async () => {
  const { state, write, options, onSleep } = rig();
  write(held('other'));
  for (let turn = 0; turn < 20; turn++) onSleep.push(() => void write(held('other')));
  const before = state.now;
  await becomeLeader(options('me'), never);
  assert.ok(state.now - before >= 40_000 + 15_000);
});

test('holding renews the mark, and letting go empties the Lease', async () => {
  const { state, options, onSleep } = rig();
  const letGo = new AbortController();
  const leadership = await becomeLeader(options('me'), never);
  state.settledAt = 1_600_000_000_000;
  onSleep.push(
    () => undefined,
    () => letGo.abort(),
  );
  assert.equal(await leadership.hold(letGo.signal), 'released');
  assert.equal(state.lease?.spec.holderIdentity, '');
  assert.equal(state.lease?.metadata.annotations?.['lockstep.dev/settled-at'], '2020-09-13T12:26:40.000Z');
});

test('a Lease that another took is lost', async () => {
  const { write, options, onSleep } = rig();
  const leadership = await becomeLeader(options('me'), never);
  onSleep.push(() => void write(held('other')));
  assert.equal(await leadership.hold(never), 'lost');
});

test('a Lease that somebody edited is still ours', async () => {
  const { state, write, options, onSleep } = rig();
  const letGo = new AbortController();
  const leadership = await becomeLeader(options('me'), never);
  onSleep.push(
    () => void write(held('me')),
    () => undefined,
    () => letGo.abort(),
  );
  assert.equal(await leadership.hold(letGo.signal), 'released');
  assert.equal(state.lease?.spec.holderIdentity, '');
});

test('a Lease that was deleted is made again, with the mark', async () => {
  const { state, options, onSleep } = rig();
  const letGo = new AbortController();
  const leadership = await becomeLeader(options('me'), never);
  state.settledAt = 1_600_000_000_000;
  const kept: unknown[] = [];
  onSleep.push(
    () => undefined,
    () => {
      state.lease = undefined;
      state.settledAt = undefined;
    },
    () => undefined,
    () => {
      kept.push(state.lease?.spec.holderIdentity, state.lease?.metadata.annotations?.['lockstep.dev/settled-at']);
      letGo.abort();
    },
  );
  assert.equal(await leadership.hold(letGo.signal), 'released');
  assert.deepEqual(kept, ['me', '2020-09-13T12:26:40.000Z']);
});

test('a Lease that was deleted and made by another is lost', async () => {
  const { state, write, options, onSleep } = rig();
  const leadership = await becomeLeader(options('me'), never);
  onSleep.push(
    () => (state.lease = undefined),
    () => void write(held('other')),
  );
  assert.equal(await leadership.hold(never), 'lost');
});

test('the Lease is the named one', async () => {
  const { options } = rig();
  const paths: string[] = [];
  const { client, ...rest } = { ...options('me'), name: 'stakater-reloader-lock' };
  const send = (request: ApiRequest) => {
    paths.push(request.path.split('/').slice(-2).join('/'));
    return client.send(request);
  };
  await becomeLeader({ ...rest, client: { ...client, send } }, never);
  assert.deepEqual(paths, ['leases/stakater-reloader-lock', 'ours/leases']);
});

test('without an API server it is given up before it expires for the others', async () => {
  const { state, options } = rig();
  const leadership = await becomeLeader(options('me'), never);
  state.broken = true;
  const before = state.now;
  assert.equal(await leadership.hold(never), 'lost');
  assert.ok(state.now - before <= 15_000);
});

test('an API server that takes requests and never answers does not hold it longer either', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { state, options } = rig();
  const leadership = await becomeLeader(options('me'), never);
  state.silent = true;
  const before = state.now;
  const ended = leadership.hold(never);
  let outcome: string | undefined;
  void ended.then((how) => (outcome = how));
  while (outcome === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(3_000);
  }
  assert.equal(outcome, 'lost');
  assert.ok(state.now - before <= 11_000 + 3_000, `after ${state.now - before} ms`);
});

test('a wall clock that is put forward takes no Lease early', async () => {
  const { state, write, options, onSleep } = rig();
  write(held('other'));
  onSleep.push(() => (state.jump += 3_600_000));
  const before = state.now;
  await becomeLeader(options('me'), never);
  assert.equal(state.now - before, 16_000);
});
