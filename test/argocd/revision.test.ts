// Which revision of each source is applied, one row a rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, first, operationState, read, running, second, source } from './examples.ts';

type Json = Record<string, unknown>;
const moved = { ...source, path: 'elsewhere' };
const result = (revision: string, more: Json = {}): Json => ({
  syncResult: { revision, source, resources: [], ...more },
});
const later = { finishedAt: '2026-11-22T12:00:09Z' };
const selective = {
  operation: { sync: { revision: second, resources: [{ group: 'apps', kind: 'Deployment', name: 'web' }] } },
};
const dryRun = { operation: { sync: { revision: second, dryRun: true } } };

const rows: [rule: string, status: Json, applied: string | undefined, why: string | undefined, partly?: string][] = [
  [
    'the last entry of the history',
    { operationState: undefined, history: [{ revision: first }, { revision: second }] },
    second,
    undefined,
  ],
  [
    'a whole operation that ended later',
    { operationState: operationState({ ...result(second), ...later }) },
    second,
    undefined,
  ],
  ['one that ended earlier does not count', { operationState: operationState(result(second)) }, first, undefined],
  [
    'no history kept',
    { history: [], operationState: operationState({ ...result(second), ...later }) },
    second,
    undefined,
  ],
  ['not what was compared', { sync: { status: 'Synced', revision: second } }, first, undefined],
  [
    'a selective one leaves the rest',
    { operationState: operationState({ ...result(second), ...later, ...selective }) },
    first,
    undefined,
    'selective',
  ],
  [
    'a selective one at the same revision',
    { operationState: operationState({ ...result(first), ...later, ...selective }) },
    first,
    undefined,
  ],
  [
    'a dry run applies nothing',
    { operationState: operationState({ ...result(second), ...later, ...dryRun }) },
    first,
    undefined,
  ],
  ['one that runs', { operationState: running() }, first, undefined, 'running'],
  [
    'one that runs without a result yet',
    { operationState: running({ syncResult: undefined }) },
    first,
    undefined,
    'running',
  ],
  [
    'one that failed',
    { operationState: operationState({ ...result(second), ...later, phase: 'Failed' }) },
    first,
    undefined,
    'failed',
  ],
  ['one that awaits its next try', { operationState: running(later) }, first, undefined, 'failed'],
  ['never synced', { history: undefined, operationState: undefined }, undefined, 'never-synced'],
  [
    'no status',
    { history: undefined, operationState: undefined, sync: undefined, sourceType: undefined },
    undefined,
    'never-synced',
  ],
  ['an entry without a revision', { operationState: undefined, history: [{ source }] }, undefined, 'revision-missing'],
  [
    'an entry of another path',
    { operationState: undefined, history: [{ revision: first, source: moved }] },
    undefined,
    'source-changed',
  ],
  ['a malformed history', { operationState: undefined, history: 'x' }, undefined, 'never-synced'],
  ['a malformed revision', { operationState: undefined, history: [{ revision: 7 }] }, undefined, 'revision-missing'],
];
for (const [rule, status, applied, why, partly] of rows) {
  test(`applied: ${rule}`, () => {
    const { sources, partly: part } = read(application({ status }));
    assert.deepEqual([sources[0]?.revision, sources[0]?.reason, part?.why], [applied, why, partly]);
    if (part !== undefined) assert.deepEqual(part.revisions, [second]);
  });
}

const options: [rule: string, then: Json, now: Json, isSame: boolean][] = [
  ['the same', { helm: { values: 'a: 1' } }, { helm: { values: 'a: 1' } }, true],
  ['other values', { helm: { values: 'a: 1' } }, { helm: { values: 'a: 2' } }, false],
  ['another value in an object', { helm: { valuesObject: { a: [1] } } }, { helm: { valuesObject: { a: [2] } } }, false],
  ['an empty value in an object', { helm: { valuesObject: {} } }, { helm: { valuesObject: { a: null } } }, false],
  ['one parameter more', {}, { helm: { parameters: [{ name: 'a', value: 'b' }] } }, false],
  ['another image', { kustomize: { images: ['a:v1'] } }, { kustomize: { images: ['a:v2'] } }, false],
  ['another tool', { directory: { recurse: true } }, { kustomize: { namePrefix: 'a-' } }, false],
  [
    'what is empty is left out by Go',
    {},
    { kustomize: { images: [], namePrefix: '', forceCommonLabels: false } },
    true,
  ],
  ['the order of keys', { helm: { a: 1, b: 2 } }, { helm: { b: 2, a: 1 } }, true],
  ['what is followed is no option', { targetRevision: 'a' }, { targetRevision: 'b' }, true],
];
for (const [rule, then, now, isSame] of options) {
  test(`options since then: ${rule}`, () => {
    const history = [{ revision: first, source: { ...source, ...then } }];
    const spec = { source: { ...source, ...now } };
    const { sources } = read(application({ spec, status: { history, operationState: undefined } }));
    assert.equal(sources[0]?.reason, isSame ? undefined : 'source-changed');
  });
}

test('a hydrator that has another dry source since', () => {
  const drySource = { ...source, path: 'dry' };
  const reasonOf = (then: Json): string | undefined => {
    const sourceHydrator = { lastSuccessfulOperation: { drySHA: second, hydratedSHA: first, sourceHydrator: then } };
    const spec = { sourceHydrator: { drySource } };
    return read(application({ spec, status: { sourceHydrator } })).sources[0]?.reason;
  };
  assert.equal(reasonOf({ drySource }), undefined);
  assert.equal(reasonOf({ drySource: { ...drySource, path: 'other' } }), 'source-changed');
  assert.equal(reasonOf({ drySource: { ...drySource, helm: { values: 'a: 1' } } }), 'source-changed');
});

test('what is compared is said beside it', () => {
  const { compared } = read(application({ status: { sync: { status: 'OutOfSync', revisions: [second, '1.2.3'] } } }));
  assert.deepEqual(compared, { status: 'OutOfSync', revisions: [second, '1.2.3'] });
});
