// Cases as the objects that an API server would hold, for tests that start from objects rather than from plain values.
import type { Content, ReloaderCase, Workload } from './types.ts';

/** A Kubernetes object, as JSON. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const versions: Readonly<Record<Workload['kind'], string>> = {
  Deployment: 'apps/v1',
  DaemonSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
  Rollout: 'argoproj.io/v1alpha1',
};

export function toWorkloadObject(workload: Workload): Manifest {
  const { kind, name, namespace, annotations, templateAnnotations, podSpec } = workload;
  const labels = { app: name };
  const template = { metadata: { labels, annotations: templateAnnotations }, spec: podSpec };
  const metadata = { name, namespace, annotations };
  const apiVersion = versions[kind];
  switch (kind) {
    case 'CronJob':
      return { apiVersion, kind, metadata, spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template } } } };
    case 'Job':
      return { apiVersion, kind, metadata, spec: { template } };
    case 'Deployment':
    case 'DaemonSet':
    case 'StatefulSet':
    case 'Rollout':
      return { apiVersion, kind, metadata, spec: { selector: { matchLabels: labels }, template } };
  }
}

/**
 * The config object with this content. For a SecretProviderClass there are two: the class, which has the annotations, and the
 * status object, whose content changes.
 */
export function toConfigObjects({ config }: Pick<ReloaderCase, 'config'>, content: Content): readonly Manifest[] {
  const { name, namespace, annotations } = config;
  const metadata = { name, namespace, annotations };
  switch (content.kind) {
    case 'ConfigMap':
      return [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: content.data, binaryData: content.binaryData }];
    case 'Secret':
      return [{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data: content.data }];
    case 'SecretProviderClass': {
      const apiVersion = 'secrets-store.csi.x-k8s.io/v1';
      const status = { secretProviderClassName: content.className, objects: content.objects, mounted: true };
      const pod = `web-0-${namespace}-${name}`;
      return [
        { apiVersion, kind: 'SecretProviderClass', metadata, spec: { provider: 'vault' } },
        { apiVersion, kind: 'SecretProviderClassPodStatus', metadata: { name: pod, namespace }, status },
      ];
    }
  }
}
