// The defaults that the API server fills in, per Go type (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go), plus those that
// the types declare themselves (schema.json).
import { type Json, type JsonObject, at, child, ensure, isEmpty, isObject, list, objects, text } from './json.ts';
import { type Type, fieldsOf } from './schema.ts';

type Default = (object: JsonObject) => void;

/** `object` with defaults, in place; `type` is a Go type such as `apps.Deployment`. */
export function setDefaults(object: JsonObject, type: string): void {
  for (const [key, field] of fieldsOf(type)) {
    const value = object[key];
    if (isEmpty(value) && field.preset !== undefined && (value === undefined || value === null || value === '')) {
      if (field.preset !== '') object[key] = field.preset;
    } else if (value !== undefined && value !== null) descend(value, field.type);
  }
  defaults[type]?.(object);
}

function descend(value: Json, type: Type): void {
  if (type.form === 'struct' && isObject(value)) setDefaults(value, type.name);
  else if (type.form === 'list' && Array.isArray(value)) for (const item of value) descend(item, type.element);
  else if (type.form === 'map' && isObject(value)) for (const item of Object.values(value)) descend(item, type.element);
}

function preset(object: JsonObject, values: JsonObject): void {
  for (const [key, value] of Object.entries(values)) {
    const found = object[key];
    if (found === undefined || found === null || found === '') object[key] = value;
  }
}

const container: Default = (object) =>
  preset(object, {
    imagePullPolicy: tagOf(text(object, 'image')) === 'latest' ? 'Always' : 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });

function tagOf(image: string): string {
  if (image.includes('@')) return '';
  return /:([^:/]+)$/.exec(image)?.[1] ?? 'latest';
}

const defaultMode: Default = (object) => preset(object, { defaultMode: 420 });
const rollingUpdate =
  (key: string, values: JsonObject): Default =>
  (object) => {
    const strategy = ensure(object, 'spec', key);
    preset(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') preset(ensure(strategy, 'rollingUpdate'), values);
  };

const defaults: Readonly<Record<string, Default>> = {
  'core.Secret': (object) => preset(object, { type: 'Opaque' }),
  'core.Container': container,
  'core.EphemeralContainer': container,
  'core.PodSpec': (spec) => {
    preset(spec, {
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      schedulerName: 'default-scheduler',
    });
    mirrorServiceAccount(spec);
  },
  'core.Pod': (pod) => {
    preset(ensure(pod, 'spec'), { enableServiceLinks: true });
    for (const item of [...objects(pod, 'spec', 'containers'), ...objects(pod, 'spec', 'initContainers')]) {
      const limits = at(item, 'resources', 'limits');
      if (isObject(limits)) preset(ensure(item, 'resources', 'requests'), limits);
    }
  },
  'core.Probe': (probe) => {
    const values = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
    for (const [key, value] of Object.entries(values))
      probe[key] = typeof probe[key] === 'number' && probe[key] !== 0 ? probe[key] : value;
  },
  'core.HTTPGetAction': (action) => preset(action, { path: '/', scheme: 'HTTP' }),
  'core.ObjectFieldSelector': (selector) => preset(selector, { apiVersion: 'v1' }),
  'core.SecretVolumeSource': defaultMode,
  'core.ConfigMapVolumeSource': defaultMode,
  'core.DownwardAPIVolumeSource': defaultMode,
  'core.ProjectedVolumeSource': defaultMode,
  'core.ServiceAccountTokenProjection': (projection) => preset(projection, { expirationSeconds: 3600 }),
  'core.Volume': (volume) => {
    if (Object.keys(volume).every((key) => key === 'name')) volume['emptyDir'] = {};
  },
  'core.Namespace': (namespace) => {
    const name = text(namespace, 'metadata', 'name');
    if (name !== '') ensure(namespace, 'metadata', 'labels')['kubernetes.io/metadata.name'] = name;
  },
  'apps.Deployment': (deployment) => {
    rollingUpdate('strategy', { maxUnavailable: '25%', maxSurge: '25%' })(deployment);
    preset(ensure(deployment, 'spec'), { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  },
  'apps.DaemonSet': (daemonSet) => {
    rollingUpdate('updateStrategy', { maxUnavailable: 1, maxSurge: 0 })(daemonSet);
    preset(ensure(daemonSet, 'spec'), { revisionHistoryLimit: 10 });
  },
  'apps.StatefulSet': (statefulSet) => {
    const spec = ensure(statefulSet, 'spec');
    const strategy = ensure(spec, 'updateStrategy');
    if (text(strategy, 'type') === '') {
      strategy['type'] = 'RollingUpdate';
      ensure(strategy, 'rollingUpdate');
    }
    if (strategy['type'] === 'RollingUpdate' && isObject(strategy['rollingUpdate'])) {
      preset(strategy['rollingUpdate'], { partition: 0 });
    }
    preset(spec, { podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 });
    preset(ensure(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
  },
  'apps.ReplicaSet': (replicaSet) => preset(ensure(replicaSet, 'spec'), { replicas: 1 }),
  'core.PersistentVolumeClaim': (claim) => {
    preset(ensure(claim, 'status'), { phase: 'Pending' });
    preset(ensure(claim, 'spec'), { volumeMode: 'Filesystem' });
  },
  'batch.Job': (job) => {
    const spec = ensure(job, 'spec');
    if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
    preset(spec, {
      parallelism: 1,
      backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : 2147483647,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
      manualSelector: false,
    });
    const labels = child(spec, 'template', 'metadata', 'labels');
    if (isEmpty(at(job, 'metadata', 'labels')) && !isEmpty(labels)) ensure(job, 'metadata')['labels'] = { ...labels };
  },
  'batch.CronJob': (cronJob) =>
    preset(ensure(cronJob, 'spec'), {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    }),
};

/** serviceAccount is the old name of serviceAccountName; both are written. */
function mirrorServiceAccount(spec: JsonObject): void {
  const name = text(spec, 'serviceAccountName') || text(spec, 'serviceAccount');
  if (name === '') return;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

/** What admission plugins add to a new pod (ServiceAccount, DefaultTolerationSeconds, Priority). */
export function admitPod(pod: JsonObject): void {
  const spec = ensure(pod, 'spec');
  preset(spec, { serviceAccountName: 'default', priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  mirrorServiceAccount(spec);
  const tolerations = list(spec, 'tolerations');
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    if (
      tolerations.some(
        (item) => text(item, 'key') === key || (text(item, 'key') === '' && text(item, 'operator') === 'Exists'),
      )
    )
      continue;
    tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec['tolerations'] = tolerations;
}
