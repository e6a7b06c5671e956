import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAnswer, parseAnswer, parseRequest, requestPath } from '../../hooks/resource-hook.ts';
import type { OwedWorkload } from '../../server/core/hook.ts';
import { hasCode } from '../../server/core/errors.ts';

test('a request survives its path', () => {
  const request = { phase: 'postsync', namespace: 'shop', application: 'shop.prod' } as const;
  const url = new URL(requestPath(request), 'http://h');
  assert.equal(url.pathname, '/v1/namespaces/shop/owed');
  assert.deepEqual(parseRequest('shop', Object.fromEntries(url.searchParams)), request);
});

test('phase and application may be left out', () => {
  assert.deepEqual(parseRequest('shop', {}), { phase: 'postsync', namespace: 'shop', application: undefined });
});

for (const [rule, namespace, query] of [
  ['a namespace that is none', '../x', {}],
  ['no namespace', undefined, {}],
  ['an unknown phase', 'shop', { phase: 'presync' }],
  ['an application twice', 'shop', { application: ['a', 'b'] }],
  ['an application that is none', 'shop', { application: 'a b' }],
] as const) {
  test(`a request is refused: ${rule}`, () => {
    assert.throws(
      () => parseRequest(namespace, query),
      (error) => hasCode(error, 'request-invalid'),
    );
  });
}

const owed: OwedWorkload = {
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  state: 'rolling',
  reason: 'changed',
};

test('an answer survives JSON', () => {
  assert.deepEqual(parseAnswer(JSON.parse(JSON.stringify(formatAnswer([owed])))), { done: false, owed: [owed] });
  assert.deepEqual(parseAnswer(JSON.parse(JSON.stringify(formatAnswer([])))), { done: true, owed: [] });
});

for (const [rule, answer] of [
  ['nothing', undefined],
  ['text', 'ok'],
  ['no list', { done: true }],
  ['an unknown state', { done: false, owed: [{ ...owed, state: 'lost' }] }],
  ['an unknown kind', { done: false, owed: [{ ...owed, workload: { ...owed.workload, kind: 'Pod' } }] }],
] as const) {
  test(`an answer is refused: ${rule}`, () => {
    assert.throws(
      () => parseAnswer(answer),
      (error) => hasCode(error, 'hook-answer-invalid'),
    );
  });
}
