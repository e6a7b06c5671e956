import type { V1Pod } from '@kubernetes/client-node';
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decidePod } from './pod-life.ts';

const now = new Date('2026-01-02T03:04:05.678Z');
const containers = [{ name: 'main', image: 'example.com/app:1' }];
const bound = { nodeName: 'fake-node', containers };
const ready = [{ type: 'Ready', status: 'True' }];
const byJob = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u' }];
const gone = new Date(now);

suite('what the fake node does next with a pod', () => {
  const table: { rule: string; pod: V1Pod; action: string }[] = [
    { rule: 'new', pod: { spec: { containers } }, action: 'bind' },
    { rule: 'held back by a gate', pod: { spec: { containers, schedulingGates: [{ name: 'g' }] } }, action: 'none' },
    { rule: 'for another scheduler', pod: { spec: { containers, schedulerName: 'own' } }, action: 'none' },
    { rule: 'selects another node', pod: { spec: { containers, nodeSelector: { disk: 'ssd' } } }, action: 'none' },
    {
      rule: 'selects this node',
      pod: { spec: { containers, nodeSelector: { 'kubernetes.io/os': 'linux' } } },
      action: 'bind',
    },
    { rule: 'on another node', pod: { spec: { containers, nodeName: 'other' } }, action: 'none' },
    { rule: 'bound', pod: { spec: bound }, action: 'report Running Ready=True' },
    {
      rule: 'running and ready',
      pod: { spec: bound, status: { phase: 'Running', conditions: ready } },
      action: 'none',
    },
    {
      rule: 'with a closed readiness gate',
      pod: { spec: { ...bound, readinessGates: [{ conditionType: 'w' }] } },
      action: 'report Running Ready=False',
    },
    {
      rule: 'of a Job',
      pod: { metadata: { ownerReferences: byJob }, spec: bound },
      action: 'report Succeeded Ready=False',
    },
    {
      rule: 'of a Job, done',
      pod: { metadata: { ownerReferences: byJob }, spec: bound, status: { phase: 'Succeeded' } },
      action: 'none',
    },
    {
      rule: 'terminating',
      pod: { metadata: { deletionTimestamp: gone, deletionGracePeriodSeconds: 30 }, spec: bound },
      action: 'remove',
    },
    {
      rule: 'removed, held by a finalizer',
      pod: { metadata: { deletionTimestamp: gone, deletionGracePeriodSeconds: 0 }, spec: bound },
      action: 'none',
    },
  ];
  for (const { rule, pod, action } of table) {
    test(rule, () => assert.equal(describe(pod), action));
  }

  test('init containers are done, sidecars run, times have whole seconds, a known address stays', () => {
    const initContainers = [{ name: 'once' }, { name: 'sidecar', restartPolicy: 'Always' }];
    const pod: V1Pod = { spec: { ...bound, initContainers }, status: { podIP: '10.1.2.3' } };
    const action = decidePod(pod, now);
    assert.ok(action.kind === 'report');
    const { podIP, startTime, initContainerStatuses } = action.status;
    assert.deepEqual([podIP, startTime], ['10.1.2.3', '2026-01-02T03:04:05Z']);
    assert.ok(Array.isArray(initContainerStatuses));
    assert.deepEqual(
      initContainerStatuses.map(({ name, state }) => [name, ...Object.keys(state)]),
      [
        ['once', 'terminated'],
        ['sidecar', 'running'],
      ],
    );
  });
});

function describe(pod: V1Pod): string {
  const action = decidePod(pod, now);
  if (action.kind !== 'report') return action.kind;
  const { phase, conditions } = action.status;
  const readiness = Array.isArray(conditions) && conditions.find(({ type }) => type === 'Ready');
  return `report ${String(phase)} Ready=${readiness.status}`;
}
