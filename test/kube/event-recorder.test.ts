// Kubernetes Events about workloads and config objects, as the API server gets them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigKind, WorkloadKind } from '../../server/core/object.ts';
import { createEventRecorder } from '../../server/kube/patches.ts';
import { createFakeClient } from './fake-client.ts';

const versions: readonly [kind: WorkloadKind | ConfigKind, apiVersion: string][] = [
  ['Deployment', 'apps/v1'],
  ['CronJob', 'batch/v1'],
  ['Job', 'batch/v1'],
  ['Rollout', 'argoproj.io/v1alpha1'],
  ['DeploymentConfig', 'apps.openshift.io/v1'],
  ['ConfigMap', 'v1'],
  ['SecretProviderClass', 'secrets-store.csi.x-k8s.io/v1'],
];
for (const [kind, apiVersion] of versions) {
  test(`an Event about a ${kind} names its API version`, async () => {
    const { promise: sent, resolve } = Promise.withResolvers<void>();
    const client = createFakeClient([{}], resolve);
    const signal = new AbortController().signal;
    const beside = {
      now: () => 0,
      random: () => 0,
      sleep: async () => undefined,
      onLost: (error: unknown) => assert.fail(String(error)),
    };
    const about = { kind, namespace: 'shop', name: 'web', uid: 'w' };
    createEventRecorder(client, { ...beside, signal }).record({ about, type: 'Normal', reason: 'R', message: 'm' });
    await sent;
    const body = client.requests[0]?.body as { involvedObject: object } | undefined;
    assert.deepEqual(body?.involvedObject, { apiVersion, kind, namespace: 'shop', name: 'web', uid: 'w' });
  });
}
