// An engine whose resources every API server has, and a view that tells what it is given.
import type { EngineRef, EngineResource } from '../../server/core/engine.ts';
import { createClient, type Client } from '../../server/kube/client.ts';
import { connect } from '../../server/kube/connection.ts';
import type { EngineSubject } from '../../server/kube/engine-resources.ts';

export const settings: EngineResource = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  name: 'engine-cm',
};
export const owners: EngineResource = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' };
export const unknown: EngineResource = { group: 'example.com', version: 'v1', resource: 'things', kind: 'Thing' };

export interface Recorder {
  readonly subject: EngineSubject;
  /** `put Deployment apps/v1 shop/web`, in order. */
  readonly told: string[];
}

export function createRecorder(resources: readonly EngineResource[], namespaces: readonly string[] = []): Recorder {
  const told: string[] = [];
  const ref = (namespace: string, name: string): EngineRef => ({ engine: 'flux', kind: 'Deployment', namespace, name });
  const view: EngineSubject['view'] = {
    put({ kind }, object) {
      const { metadata, apiVersion } = object as { metadata: { namespace: string; name: string }; apiVersion: string };
      told.push(`put ${kind} ${apiVersion} ${metadata.namespace}/${metadata.name}`);
      return [ref(metadata.namespace, metadata.name)];
    },
    remove({ kind }, namespace, name) {
      told.push(`remove ${kind} ${namespace}/${name}`);
      return [ref(namespace, name)];
    },
  };
  return { told, subject: { engine: 'flux', resources, view, namespace: 'engine', namespaces } };
}

export async function openClient(kubeconfig: string): Promise<{ client: Client; close: () => Promise<void> }> {
  const connection = await connect({ kubeconfig, context: undefined }, Date.now);
  return { client: createClient(connection, () => undefined), close: connection.close };
}
