import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../server/logger.ts';
import { LockstepError } from '../server/core/errors.ts';

function linesOf(format: 'json' | 'text', use: (log: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  use(createLogger({ level: 'info', format, destination: { write: (line) => lines.push(line) } }));
  return lines;
}

test('logger: json has level, time, message and fields, one object a line', () => {
  const [line = ''] = linesOf('json', (log) => log.info({ namespace: 'shop', name: 'web' }, 'restarted'));
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(rest, { level: 'info', namespace: 'shop', name: 'web', msg: 'restarted' });
  assert.ok(line.endsWith('}\n'));
});

test('logger: text is one compact line', () => {
  const [line = ''] = linesOf('text', (log) => log.warn({ name: 'web', waits: 'a b', n: 3 }, 'waiting'));
  assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} warn {2}waiting name=web waits="a b" n=3\n$/);
});

test('logger: an error of the catalogue has its code and no stack in json', () => {
  const cause = new Error('socket hang up');
  const error = new LockstepError('api-failed', { message: 'no answer', cause, details: { namespace: 'shop' } });
  const [line = ''] = linesOf('json', (log) => log.error({ err: error }, 'reconcile failed'));
  const expected = { code: 'api-failed', message: 'no answer', namespace: 'shop', cause: 'socket hang up' };
  assert.deepEqual((JSON.parse(line) as { err: unknown }).err, expected);
});

test('logger: a bug that was translated keeps its stack', () => {
  const error = new LockstepError('internal', { message: 'an event cannot be handled', cause: new TypeError('x') });
  const [line = ''] = linesOf('text', (log) => log.warn({ err: error }, 'watch interrupted'));
  assert.match(line, /error=internal detail="an event cannot be handled"\nTypeError: x\n\s+at /);
});

test('logger: what is below the level is not written', () => {
  assert.deepEqual(
    linesOf('json', (log) => log.debug('nothing')),
    [],
  );
});

test('logger: an error of the catalogue stands without a stack in text, a bug with one', () => {
  const known = new LockstepError('api-failed', { message: 'no answer' });
  const [first = '', second = ''] = linesOf('text', (log) => {
    log.error({ err: known }, 'reconcile failed');
    log.error({ err: new TypeError('x is undefined') }, 'reconcile failed');
  });
  assert.match(first, /reconcile failed error=api-failed detail="no answer"\n$/);
  assert.match(second, /error=TypeError detail="x is undefined"\nTypeError: x is undefined\n\s+at /);
});

for (const format of ['json', 'text'] as const) {
  test(`logger: content and credentials are redacted (${format})`, () => {
    const [line = ''] = linesOf(format, (log) => {
      log.info(
        { token: 'hunter2', object: { data: { password: 'hunter2' } }, req: { headers: { authorization: 'hunter2' } } },
        'planted',
      );
    });
    assert.ok(!line.includes('hunter2'), line);
    assert.ok(line.includes('[redacted]'));
  });
}
