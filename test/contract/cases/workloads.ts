// Workloads, pods, leases and events: defaults, generation, status, validation.
import { type Case, del, get, patch, post, put, scenario } from '../case.ts';
import { container, deployment, lease, pod, podTemplate, serviceAccount, workload } from './objects.ts';

const web = post('deployments', deployment('web'));
const merge = (body: unknown) => patch('merge', 'deployments/web', body);
const bad = (spec: Record<string, unknown>) => post('deployments', deployment('web', spec));
const badPod = (spec: Record<string, unknown>) => bad({ template: podTemplate('web', spec) });
const everything = podTemplate('web', {
  volumes: [
    { name: 's', secret: { secretName: 'x' } },
    { name: 'c', configMap: { name: 'x', items: [{ key: 'a', path: 'b' }] } },
    { name: 'e' },
    {
      name: 'p',
      projected: {
        sources: [
          { secret: { name: 'x' } },
          { configMap: { name: 'y' } },
          { serviceAccountToken: { path: 't' } },
          { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
  ],
  initContainers: [{ name: 'i', image: 'busybox', command: ['true'] }],
  containers: [
    {
      name: 'c',
      image: 'registry.example:5000/app@sha256:0000000000000000000000000000000000000000000000000000000000000000',
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      ],
      envFrom: [{ secretRef: { name: 'x' } }, { prefix: 'P_', configMapRef: { name: 'y', optional: true } }],
      ports: [{ containerPort: 80, name: 'http' }],
      readinessProbe: { httpGet: { port: 'http' } },
      livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 5 },
      resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: '0.5' } },
      volumeMounts: [
        { name: 's', mountPath: '/s', readOnly: true },
        { name: 'c', mountPath: '/c', subPath: 'b' },
      ],
    },
  ],
  serviceAccountName: 'sa',
  imagePullSecrets: [{ name: 'pull' }],
});

export const workloadCases: readonly Case[] = [
  scenario('a deployment gets its defaults', web, get('deployments/web')),
  scenario('a pod template gets its defaults', bad({ template: everything })),
  scenario(
    'a statefulset gets its defaults',
    post('statefulsets', workload('StatefulSet', 'db', { serviceName: 'db' })),
  ),
  scenario('a daemonset gets its defaults', post('daemonsets', workload('DaemonSet', 'agent'))),
  scenario('a replicaset gets its defaults', post('replicasets', workload('ReplicaSet', 'rs'))),
  scenario(
    'other strategies are kept',
    bad({ strategy: { type: 'Recreate' } }),
    post('statefulsets', workload('StatefulSet', 'db', { updateStrategy: { type: 'OnDelete' } })),
    post('daemonsets', workload('DaemonSet', 'agent', { updateStrategy: { type: 'OnDelete' } })),
  ),
  scenario(
    'a partitioned statefulset is kept',
    post(
      'statefulsets',
      workload('StatefulSet', 'db', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }),
    ),
  ),
  scenario(
    'generation counts spec and annotations of a deployment',
    web,
    merge({ spec: { replicas: 2 } }),
    merge({ metadata: { annotations: { a: 'b' } } }),
    merge({ metadata: { labels: { a: 'b' } } }),
    merge({ spec: { template: { metadata: { annotations: { x: '1' } } } } }),
  ),
  scenario(
    'generation counts the spec of a statefulset',
    post('statefulsets', workload('StatefulSet', 'db')),
    patch('merge', 'statefulsets/db', { metadata: { annotations: { a: 'b' } } }),
    patch('merge', 'statefulsets/db', { spec: { replicas: 3 } }),
  ),
  scenario(
    'generation counts the spec of a daemonset',
    post('daemonsets', workload('DaemonSet', 'agent')),
    patch('merge', 'daemonsets/agent', { metadata: { annotations: { a: 'b' } } }),
    patch('merge', 'daemonsets/agent', { spec: { minReadySeconds: 3 } }),
    patch('merge', 'daemonsets/agent', { spec: { template: { metadata: { annotations: { x: '1' } } } } }),
  ),
  scenario(
    'generation of a replicaset',
    post('replicasets', workload('ReplicaSet', 'rs')),
    patch('merge', 'replicasets/rs', { spec: { replicas: 0 } }),
    patch('merge', 'replicasets/rs', { metadata: { annotations: { a: 'b' } } }),
  ),
  scenario('a status of a create is dropped', post('deployments', { ...deployment('web'), status: { replicas: 7 } })),
  scenario('the main endpoint leaves the status alone', web, merge({ status: { replicas: 7 } })),
  scenario(
    'the status endpoint changes the status alone',
    web,
    patch('merge', 'deployments/web/status', {
      status: { replicas: 2, conditions: [{ type: 'Available', status: 'True' }] },
      spec: { replicas: 9 },
      metadata: { labels: { l: 'x' }, annotations: { a: 'x' } },
    }),
    get('deployments/web/status'),
  ),
  scenario(
    'the status of the other kinds',
    post('statefulsets', workload('StatefulSet', 'db')),
    patch('merge', 'statefulsets/db/status', { status: { replicas: 2, currentRevision: 'x' } }),
    post('daemonsets', workload('DaemonSet', 'agent')),
    patch('merge', 'daemonsets/agent/status', { status: { desiredNumberScheduled: 1 } }),
    post('replicasets', workload('ReplicaSet', 'rs')),
    patch('merge', 'replicasets/rs/status', { status: { replicas: 1 } }),
  ),
  scenario(
    'zero and false are omitted or kept as their types say',
    bad({ replicas: 0, paused: false, minReadySeconds: 0, revisionHistoryLimit: 0 }),
  ),
  scenario('a paused deployment', bad({ paused: true })),
  scenario(
    'a selector cannot change',
    web,
    merge({ spec: { selector: { matchLabels: { app: 'other' } } } }),
    put('deployments/web', deployment('web', { selector: { matchLabels: { app: 'x' } }, template: podTemplate('x') })),
  ),
  scenario(
    'selectors of the other kinds cannot change',
    post('daemonsets', workload('DaemonSet', 'agent')),
    patch('merge', 'daemonsets/agent', {
      spec: { selector: { matchLabels: { x: 'y' } }, template: { metadata: { labels: { x: 'y' } } } },
    }),
    post('statefulsets', workload('StatefulSet', 'db')),
    patch('merge', 'statefulsets/db', { spec: { serviceName: 'other' } }),
  ),
  scenario(
    'a selector must match the template',
    bad({ template: podTemplate('other') }),
    post('statefulsets', workload('StatefulSet', 'db', { template: podTemplate('x') })),
    post('daemonsets', workload('DaemonSet', 'ds', { template: podTemplate('x') })),
  ),
  scenario(
    'a spec that is missing',
    post('deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } }),
  ),
  scenario('an empty selector', bad({ selector: {} })),
  scenario(
    'a put of a deployment without what was defaulted',
    web,
    put('deployments/web', deployment('web', { replicas: 2 })),
    put('deployments/web', deployment('web', { template: podTemplate('web', {}, { annotations: { a: 'b' } }) })),
  ),
  scenario(
    'a status put',
    web,
    put('deployments/web/status', { ...deployment('web'), status: { replicas: 1, observedGeneration: 1 } }),
    put('deployments/web/status', {
      ...deployment('web'),
      status: { replicas: 2 },
      metadata: { name: 'web', resourceVersion: '1' },
    }),
  ),
  scenario(
    'a status of a missing deployment',
    patch('merge', 'deployments/none/status', { status: { replicas: 1 } }),
    get('deployments/none/status'),
  ),
  scenario('a subresource that does not exist', get('configmaps/c/status'), get('deployments/web/nothing')),
  scenario(
    'environment that is wrong',
    badPod({
      containers: [
        {
          ...container,
          env: [
            { name: '' },
            { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'B', valueFrom: {} },
          ],
        },
      ],
    }),
  ),
  scenario('a port without a number', badPod({ containers: [{ ...container, ports: [{ name: 'x' }] }] })),
  scenario(
    'a mount without a path',
    badPod({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '' }] }],
    }),
  ),
  scenario(
    'two mounts of one path',
    badPod({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          ...container,
          volumeMounts: [
            { name: 'v', mountPath: '/a' },
            { name: 'v', mountPath: '/a', subPath: 'x' },
          ],
        },
      ],
    }),
  ),
  scenario(
    'an annotation of a template that is no string',
    badPod({}),
    bad({ template: { ...podTemplate('web'), metadata: { labels: { app: 'web' }, annotations: { a: 1 } } } }),
  ),
  scenario('a strategy that does not exist', bad({ strategy: { type: 'Magic' } })),
  scenario('recreate with a rolling update', bad({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } })),
  scenario(
    'quantities are written in their shortest form',
    badPod({
      containers: [
        {
          ...container,
          resources: {
            limits: { cpu: '2000m', memory: '2048Mi', 'ephemeral-storage': '1e3' },
            requests: { cpu: '0.1', memory: '100000k' },
          },
        },
      ],
    }),
    badPod({ containers: [{ ...container, resources: { limits: { cpu: 'lots' } } }] }),
  ),
  scenario('containers are required', badPod({ containers: [] })),
  scenario('a container needs a name and an image', badPod({ containers: [{}] })),
  scenario('a bad container name', badPod({ containers: [{ name: 'Bad', image: 'x' }] })),
  scenario('two containers of one name', badPod({ containers: [container, container] })),
  scenario(
    'two volumes of one name',
    badPod({
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    }),
  ),
  scenario(
    'a mount of a missing volume',
    badPod({ containers: [{ ...container, volumeMounts: [{ name: 'none', mountPath: '/x' }] }] }),
  ),
  scenario('a secret volume needs a name', badPod({ volumes: [{ name: 'v', secret: {} }] })),
  scenario('negative replicas', bad({ replicas: -1 })),
  scenario(
    'a wrong type deep down',
    bad({ replicas: 'two' }),
    badPod({ containers: [{ name: 'c', image: 7 }] }),
    badPod({ containers: 'c' }),
    bad({ paused: 'yes' }),
  ),
  scenario('a restart policy that deployments do not have', badPod({ restartPolicy: 'Never' })),
  scenario('deletion of a deployment', web, del('deployments/web')),
  scenario(
    'foreground deletion waits for a finalizer',
    web,
    del('deployments/web', { propagationPolicy: 'Foreground' }),
    get('deployments/web'),
  ),
  scenario(
    'orphaning waits for a finalizer',
    web,
    del('deployments/web?propagationPolicy=Orphan'),
    get('deployments/web'),
  ),
  scenario('a pod gets its defaults', post('serviceaccounts', serviceAccount), post('pods', pod('p'))),
  scenario(
    'a pod’s requests follow its limits',
    post('serviceaccounts', serviceAccount),
    post('pods', pod('p', { containers: [{ ...container, resources: { limits: { cpu: '1', memory: '1Gi' } } }] })),
    post('pods', pod('q', { containers: [{ ...container, resources: { limits: { cpu: '1' } } }] })),
  ),
  scenario(
    'a pod’s status',
    post('serviceaccounts', serviceAccount),
    post('pods', pod('p')),
    patch('merge', 'pods/p/status', {
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }],
      },
    }),
  ),
  scenario(
    'a pod without a node is deleted at once',
    post('serviceaccounts', serviceAccount),
    post('pods', pod('p')),
    del('pods/p'),
    get('pods/p'),
  ),
  scenario(
    'a pod on a node is given time',
    post('serviceaccounts', serviceAccount),
    post('pods', pod('p', { nodeName: 'n' })),
    del('pods/p'),
    get('pods/p'),
    del('pods/p', { gracePeriodSeconds: 0 }),
    get('pods/p'),
  ),
  scenario(
    'a pod’s metadata changes without its generation',
    post('serviceaccounts', serviceAccount),
    post('pods', pod('p')),
    patch('merge', 'pods/p', { metadata: { annotations: { a: 'b' } } }),
  ),
  scenario(
    'a job gets its defaults and a selector',
    post('jobs', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j' },
      spec: { template: podTemplate('j', { restartPolicy: 'Never' }) },
    }),
  ),
  scenario(
    'a cronjob gets its defaults',
    post('cronjobs', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'j' },
      spec: {
        schedule: '* * * * *',
        jobTemplate: { spec: { template: podTemplate('j', { restartPolicy: 'Never' }) } },
      },
    }),
  ),
  scenario(
    'a controllerrevision',
    post('controllerrevisions', {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: 'r' },
      data: { spec: { template: { $patch: 'replace', spec: { a: [1, 2] } } } },
      revision: 1,
    }),
    patch('merge', 'controllerrevisions/r', { revision: 2 }),
    patch('merge', 'controllerrevisions/r', { data: { x: 1 } }),
  ),
];

const taken = {
  holderIdentity: 'a',
  leaseDurationSeconds: 15,
  acquireTime: '2020-01-01T00:00:00.000000Z',
  renewTime: '2020-01-01T00:00:00.123456Z',
};
const event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e' },
  involvedObject: { kind: 'Secret', namespace: '{ns}', name: 's' },
  reason: 'Restarted',
  message: 'm',
  type: 'Normal',
  source: { component: 'lockstep' },
  firstTimestamp: '2020-01-01T00:00:00Z',
  lastTimestamp: '2020-01-01T00:00:00Z',
  count: 1,
};
const newEvent = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'n' },
  eventTime: '2020-01-01T00:00:00.000000Z',
  regarding: { kind: 'Secret', namespace: '{ns}', name: 's' },
  reason: 'Restarted',
  note: 'm',
  type: 'Normal',
  action: 'Restart',
  reportingController: 'lockstep.dev/controller',
  reportingInstance: 'pod-1',
};
const events = '/apis/events.k8s.io/v1/namespaces/{ns}/events';

export const leaseAndEventCases: readonly Case[] = [
  scenario(
    'a lease is created and renewed',
    post('leases', lease('l', taken)),
    put(
      'leases/l',
      lease(
        'l',
        { ...taken, renewTime: '2020-01-01T00:00:01.500000Z' },
        { resourceVersion: '{{0.metadata.resourceVersion}}' },
      ),
    ),
  ),
  scenario(
    'a lease update needs the current version',
    post('leases', lease('l', taken)),
    put('leases/l', lease('l', taken)),
    put('leases/l', lease('l', { ...taken, holderIdentity: 'b' }, { resourceVersion: '1' })),
  ),
  scenario('a lease may be created by an update', put('leases/l', lease('l', taken)), get('leases/l')),
  scenario(
    'a lease that makes no sense',
    post('leases', lease('l', { leaseDurationSeconds: 0, leaseTransitions: -1 })),
  ),
  scenario('a lease with a time that is none', post('leases', lease('l', { renewTime: 'yesterday' }))),
  scenario(
    'a lease patched with its version',
    post('leases', lease('l', taken)),
    patch('merge', 'leases/l', {
      metadata: { resourceVersion: '{{0.metadata.resourceVersion}}' },
      spec: { holderIdentity: 'b', leaseTransitions: 1 },
    }),
    patch('merge', 'leases/l', {
      metadata: { resourceVersion: '{{0.metadata.resourceVersion}}' },
      spec: { holderIdentity: 'c' },
    }),
  ),
  scenario('an event in both spellings', post('events', event), get(`${events}/e`)),
  scenario('a new event in both spellings', post(events, newEvent), get('events/n')),
  scenario(
    'events are counted by patch',
    post('events', event),
    patch('strategic', 'events/e', { count: 2, lastTimestamp: '2020-01-01T00:00:05Z' }),
  ),
  scenario(
    'events are selected by what they are about',
    post('events', event),
    get('events?fieldSelector=involvedObject.name%3Ds,reason%3DRestarted'),
    get('events?fieldSelector=involvedObject.name%3Dx'),
  ),
];
