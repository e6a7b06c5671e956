// Asking owners what they declare: in their order, what fails told apart from what is refused, and where a revision is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError, type ErrorCode } from '../server/core/errors.ts';
import type { OwnerPlan } from '../server/core/engine.ts';
import type { Declared } from '../server/declaring.ts';
import { declareOwners, resolveRevision, type PlannedOwner } from '../server/diff-owners.ts';

const signal = new AbortController().signal;
const run = { revisions: new Map<string, string>(), onDone: () => undefined, signal };
const error = (code: ErrorCode): LockstepError => new LockstepError(code, { message: code });

function planned(name: string, plan: PlannedOwner['plan']): PlannedOwner {
  return { owner: { engine: 'argocd', kind: 'Application', namespace: 'argocd', name }, plan };
}

const inRepository = (repository: string): OwnerPlan => ({
  sources: [{ repository, revision: 'a'.repeat(40), path: '', renderer: 'plain' }],
  overrides: [],
  finish: () => ({ namespace: 'shop', parts: [] }),
});
const declaration = { configs: new Map(), workloads: new Map(), problems: [] };
const none = { resolve: () => Promise.reject(new Error('not asked')) };

async function declareOne(found: Declared | 'vanished' | ErrorCode) {
  const plan = async (): Promise<OwnerPlan | undefined> => {
    if (typeof found === 'string' && found !== 'vanished') throw error(found);
    return found === 'vanished' ? undefined : inRepository('r');
  };
  const declare = () => Promise.resolve(found as Declared);
  const { owners, failures } = await declareOwners({ ...none, declare }, [planned('shop', plan)], run);
  const declared = owners[0]?.declared;
  return [declared?.kind === 'unknown' ? declared.reason : declared?.kind, failures.length];
}

const rows: Readonly<Record<string, [found: Parameters<typeof declareOne>[0], reason: string, failures: number]>> = {
  'it is declared': [{ kind: 'declared', declaration, sources: [] }, 'declared', 0],
  'it is refused': [{ kind: 'not-rendered', reason: 'not-rendered', detail: 'no helm' }, 'not-rendered', 0],
  'its repository does not answer': [{ kind: 'failed', error: error('git-unreachable') }, 'source-unreadable', 1],
  'its repository is of a kind that is not read': [
    { kind: 'failed', error: error('git-url-refused') },
    'source-unreadable',
    0,
  ],
  'its branch cannot be found': ['git-not-found', 'source-unreadable', 1],
  'it vanished in between': ['vanished', 'owner-unreadable', 0],
};
for (const [rule, [found, reason, failures]] of Object.entries(rows)) {
  test(`an owner: ${rule}`, async () => assert.deepEqual(await declareOne(found), [reason, failures]));
}

test('owners keep their order, whoever is done first; a few are asked at once', async () => {
  const names = Array.from({ length: 10 }, (_, at) => `app-${at}`);
  let running = 0;
  let most = 0;
  const declare = async (): Promise<Declared> => {
    most = Math.max(most, ++running);
    for (let turns = running; turns > 0; turns--) await Promise.resolve();
    running--;
    return { kind: 'declared', declaration, sources: [] };
  };
  const all = names.map((name) => planned(name, async () => inRepository(name)));
  const { owners } = await declareOwners({ ...none, declare }, all, run);
  assert.deepEqual(
    owners.map(({ owner }) => owner.name),
    names,
  );
  assert.equal(most, 4);
});

test('a revision: where it is; where it is not is said, and what is applied counts', async () => {
  const declare = () => Promise.reject(new Error('not asked'));
  const resolve = (repository: string): Promise<string> =>
    repository === 'b' ? Promise.reject(error('git-not-found')) : Promise.resolve(`${repository}1`);
  const all = ['a', 'b', 'a'].map((repository) => planned(repository, async () => inRepository(repository)));
  const found = await resolveRevision({ declare, resolve }, all, { revision: 'feature', signal });
  assert.deepEqual([...found.revisions], [['a', 'a1']]);
  assert.deepEqual(found.gaps, [{ about: 'b', says: 'feature was not found there (git-not-found): as applied' }]);
});
