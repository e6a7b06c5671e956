// Plays the Secrets Store CSI driver on the real API server: its two resources, and a status object for each pod and class.
import assert from 'node:assert/strict';
import { waitFor } from '../cluster/wait.ts';
import { deployment, type KubeObject } from './objects.ts';
import { deadlineMs, type Place, type Rig } from './rig.ts';

export interface Driver {
  createClass(name: string, annotations?: Readonly<Record<string, string>>): Promise<void>;
  /** A pod starts with this version of the class's only object. */
  mount(pod: string, providerClass: string, version: string): Promise<void>;
  /** The pod gets another version while it runs. */
  rotate(pod: string, providerClass: string, version: string): Promise<void>;
  /** The pod ends. */
  unmount(pod: string, providerClass: string): Promise<void>;
}

const group = 'secrets-store.csi.x-k8s.io';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const kinds = {
  secretproviderclasses: 'SecretProviderClass',
  secretproviderclasspodstatuses: 'SecretProviderClassPodStatus',
};

/** Other tests may have installed it, and use it: it stays. */
export async function installDriver({ api }: Pick<Rig, 'api'>): Promise<void> {
  for (const [plural, kind] of Object.entries(kinds)) {
    const name = `${plural}.${group}`;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const { status } = await api.call('POST', definitions, {
      body: {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      },
    });
    assert.ok([201, 409].includes(status), `${name}: ${status}`);
    const isServed = async (): Promise<boolean> =>
      (await api.call('GET', `/apis/${group}/v1/${plural}`)).status === 200;
    await waitFor(isServed, { what: `${name} to be served`, deadlineMs });
  }
}

export function openDriver({ api }: Pick<Rig, 'api'>, { namespace }: Place): Driver {
  const base = `/apis/${group}/v1/namespaces/${namespace}`;
  const expect = async (
    ...[method, path, body]: ['GET' | 'POST' | 'PUT' | 'DELETE', string, object?]
  ): Promise<unknown> => {
    const reply = await api.call(method, `${base}/${path}`, body === undefined ? {} : { body });
    assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const nameOf = (pod: string, providerClass: string): string => `${pod}-${namespace}-${providerClass}`;
  const statusOf = (pod: string, providerClass: string, version: string): object => ({
    mounted: true,
    podName: pod,
    secretProviderClassName: providerClass,
    objects: [{ id: `secret/${providerClass}`, version }],
  });
  const apiVersion = `${group}/v1`;
  return {
    async createClass(name, annotations = {}) {
      const body = { apiVersion, kind: kinds.secretproviderclasses, metadata: { name, annotations }, spec: {} };
      await expect('POST', 'secretproviderclasses', body);
    },
    async mount(pod, providerClass, version) {
      const metadata = { name: nameOf(pod, providerClass) };
      const body = { apiVersion, kind: kinds.secretproviderclasspodstatuses, metadata };
      await expect('POST', 'secretproviderclasspodstatuses', {
        ...body,
        status: statusOf(pod, providerClass, version),
      });
    },
    async rotate(pod, providerClass, version) {
      const path = `secretproviderclasspodstatuses/${nameOf(pod, providerClass)}`;
      const before = (await expect('GET', path)) as object;
      await expect('PUT', path, { ...before, status: statusOf(pod, providerClass, version) });
    },
    async unmount(pod, providerClass) {
      await expect('DELETE', `secretproviderclasspodstatuses/${nameOf(pod, providerClass)}`);
    },
  };
}

/** A Deployment that mounts these classes. */
export function mounting(name: string, ...classes: readonly string[]): KubeObject {
  const volumes = classes.map((providerClass) => ({
    name: `of-${providerClass}`,
    csi: { driver: group, readOnly: true, volumeAttributes: { secretProviderClass: providerClass } },
  }));
  const volumeMounts = classes.map((providerClass) => ({
    name: `of-${providerClass}`,
    mountPath: `/mnt/${providerClass}`,
  }));
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'example.com/app:1', volumeMounts }];
  return deployment(name, { spec: { template: { metadata: { labels }, spec: { containers, volumes } } } });
}
