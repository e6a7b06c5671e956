// Which pods are stale, rule by rule. In a row, Secret db was last written at 1000 s and the pod started at 900 s.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataWrite } from '../../server/core/report-facts.ts';
import type { StaleFinding } from '../../server/core/report-findings.ts';
import { findStale } from '../../server/core/report-stale.ts';
import { ack, config, facts, liveHash, pod, seconds, use, type PodOptions } from './report-facts.ts';

const write = (more: Partial<DataWrite> = {}): DataWrite => ({
  manager: 'm',
  at: seconds(1000),
  keys: ['a', 'b'],
  onlyData: true,
  ...more,
});
const restartKey = (of: 'live' | 'other', projection?: string) => ({
  n: 1,
  acks: { 'Secret/db': ack(of, projection) },
});
const variable = (value: string) => ({
  annotations: {},
  spec: { containers: [{ name: 'main', env: [{ name: 'STAKATER_DB_SECRET', value }] }] },
});

interface Row {
  readonly pod?: PodOptions;
  readonly writes?: readonly DataWrite[];
  readonly createdAt?: number;
  readonly says: Pick<StaleFinding, 'verdict' | 'reason'> | 'fresh';
}
const stale = (reason: StaleFinding['reason']) => ({ verdict: 'stale', reason }) as const;
const maybe = (reason: StaleFinding['reason']) => ({ verdict: 'may-be-stale', reason }) as const;
const live = { verdict: 'live-volume', reason: 'changed-after-start' } as const;

const rows: Readonly<Record<string, Row>> = {
  'all keys by environment, written after the start': { says: stale('changed-after-start') },
  'started in the second of the write': { pod: { startedAt: seconds(1000) }, says: 'fresh' },
  'a single key, whose writer owns others too': {
    pod: { uses: [use({ keys: ['a'] })] },
    says: maybe('written-after-start'),
  },
  'a single key, whose writer owns it alone': {
    pod: { uses: [use({ keys: ['a'] })] },
    writes: [write({ keys: ['a'] })],
    says: stale('changed-after-start'),
  },
  'a single key, and only another was written since': {
    pod: { uses: [use({ keys: ['a'] })] },
    writes: [write({ keys: ['a'], at: seconds(800) }), write({ keys: ['b'] })],
    says: 'fresh',
  },
  'the writer owns metadata too': { writes: [write({ onlyData: false })], says: maybe('written-after-start') },
  'created after the start': { createdAt: seconds(1000), says: maybe('created-after-start') },
  'no time of a write': { writes: [], says: 'fresh' },
  'mounted by subPath': { pod: { uses: [use({ way: 'subPath' })] }, says: stale('changed-after-start') },
  'mounted as a volume': { pod: { uses: [use({ way: 'volume' })] }, says: live },
  'a restart key for the live content': { pod: { restartKey: restartKey('live') }, says: 'fresh' },
  'a restart key for other content': { pod: { restartKey: restartKey('other') }, says: stale('restart-key-differs') },
  'a restart key for other content, without any time': {
    pod: { restartKey: restartKey('other') },
    writes: [],
    says: stale('restart-key-differs'),
  },
  'a restart key for other content, started later': {
    pod: { restartKey: restartKey('other'), startedAt: seconds(1001) },
    says: 'fresh',
  },
  'a restart key for other content of more keys than used': {
    pod: { restartKey: restartKey('other'), uses: [use({ keys: ['a'] })] },
    says: maybe('restart-key-differs'),
  },
  'a restart key for another key says nothing': {
    pod: { restartKey: restartKey('other', 'b'), uses: [use({ keys: ['a'] })] },
    writes: [write({ onlyData: false })],
    says: maybe('written-after-start'),
  },
  'Reloader’s hash of the live content': { pod: { marks: variable(liveHash) }, says: 'fresh' },
  'Reloader’s hash of other content': {
    pod: { marks: variable('0'.repeat(40)) },
    says: stale('reloader-hash-differs'),
  },
  'Reloader’s hash of other content, a single key used': {
    pod: { marks: variable('0'.repeat(40)), uses: [use({ keys: ['a'] })] },
    says: maybe('reloader-hash-differs'),
  },
  'a container that waits': { pod: { uses: [use({ container: 'other' })] }, says: 'fresh' },
};

for (const [rule, { pod: options, writes = [write()], createdAt = 0, says }] of Object.entries(rows)) {
  test(`report, stale: ${rule}`, () => {
    const db = config('Secret', 'db', { writes, createdAt });
    const { stale: found } = findStale(facts({ configs: [db], pods: [pod(options)] }));
    const [finding] = found.map(({ verdict, reason }) => ({ verdict, reason }));
    assert.deepEqual(finding ?? 'fresh', says);
  });
}

test('report, stale: a digest under another digest key proves nothing', () => {
  const key = { n: 1, acks: { 'Secret/db': { ...ack('other'), digest: 'k2:other' } } };
  const { stale: found } = findStale(facts({ pods: [pod({ restartKey: key })] }));
  assert.deepEqual(found[0]?.reason, 'changed-after-start');
});

test('report, stale: pods of one workload are one finding, with the oldest start', () => {
  const uses = [use(), use({ keys: ['a'] })];
  const pods = [pod({ uses, startedAt: seconds(800) }), pod({ startedAt: seconds(700) }), pod({ owner: 'api' })];
  const writes = [write({ onlyData: false })];
  const { stale: found } = findStale(facts({ configs: [config('Secret', 'db', { writes })], pods }));
  assert.deepEqual(
    found.map(({ workload, pods: count, oldestStart, keys }) => [workload.name, count, oldestStart, keys]),
    [
      ['api', 1, '1970-01-01T00:15:00Z', 'all'],
      ['web', 2, '1970-01-01T00:11:40Z', 'all'],
    ],
  );
  assert.deepEqual(found[1]?.changedBy, 'm');
  assert.match(found[1]?.advice ?? '', /^kubectl -n shop rollout restart deployment\/web$/);
});

test('report, stale: what is in use and has no times is named', () => {
  const { undated } = findStale(facts({ configs: [config('Secret', 'db', { writes: [] })], pods: [pod(), pod()] }));
  assert.deepEqual(undated, [{ kind: 'Secret', namespace: 'shop', name: 'db' }]);
});
