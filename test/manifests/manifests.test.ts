import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { readConfigFile } from '../../server/config-file.ts';
import { hookFlags } from '../../server/hook-command.ts';
import { loadConfig, serveFlags } from '../../server/config.ts';
import { probePaths } from '../../server/http/health.ts';

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
  readonly resourceNames?: string[];
}
interface Container {
  readonly args: string[];
  readonly ports: { name: string; containerPort: number }[];
  readonly livenessProbe: { httpGet: { path: string; port: string } };
  readonly readinessProbe: { httpGet: { path: string; port: string } };
  readonly securityContext: Record<string, unknown>;
  readonly resources: { requests: Record<string, string>; limits: Record<string, string> };
  readonly volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  readonly rules?: Rule[];
  readonly data?: Record<string, string>;
  readonly spec?: {
    ports?: { port: number; targetPort: string; name: string }[];
    ingress?: { ports: { port: string }[] }[];
    podSelector?: { matchLabels?: Record<string, string> };
    selector?: Record<string, unknown>;
    template?: {
      metadata: { labels: Record<string, string> };
      spec: { securityContext: Record<string, unknown>; containers: Container[]; volumes: { name: string }[] };
    };
  };
}

const documents = parseAllDocuments(readFileSync('manifests/lockstep.yaml', 'utf8'), { uniqueKeys: true });
const manifests = documents.map((document) => {
  assert.deepEqual(document.errors, []);
  return document.toJS() as Manifest;
});

function find(kind: string, name = 'lockstep'): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  assert.ok(found, `${kind}/${name}`);
  return found;
}

const pod = find('Deployment').spec?.template;
assert.ok(pod);
const [container] = pod.spec.containers;
assert.ok(container);
const surroundings = {
  env: {},
  hostname: 'pod',
  tempDir: '/tmp',
  isTerminal: false,
  readFile: () => find('ConfigMap', 'lockstep-config').data?.['lockstep.yaml'] ?? '',
};
const config = loadConfig({ ...surroundings, argv: container.args });
const rights = (manifest: Manifest): string[] =>
  (manifest.rules ?? []).flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => [verb, `${resource}${group === '' ? '' : `.${group}`}`, ...resourceNames].join(' ')),
      ),
    ),
  );

test('manifests: everything but the cluster-wide is in lockstep-system', () => {
  const clusterWide = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding']);
  for (const { kind, metadata } of manifests) {
    assert.equal(metadata.namespace, clusterWide.has(kind) ? undefined : 'lockstep-system', `${kind}/${metadata.name}`);
  }
});

test('rights: no wildcard anywhere', () => {
  for (const manifest of manifests) assert.ok(rights(manifest).every((right) => !right.includes('*')));
});

test('rights: outside of its namespace Lockstep writes nothing but workloads and Events', () => {
  const writes = rights(find('ClusterRole')).filter((right) => !/^(get|list|watch) /.test(right));
  assert.deepEqual(writes, [
    'patch deployments.apps',
    'patch statefulsets.apps',
    'patch daemonsets.apps',
    'create events',
  ]);
});

test('rights: for the kinds that a cluster may not have, only what restarts them', () => {
  const writes = rights(find('ClusterRole', 'lockstep-kinds')).filter((right) => !/^(get|list|watch) /.test(right));
  assert.deepEqual(writes, [
    'create jobs.batch',
    'delete jobs.batch',
    'patch rollouts.argoproj.io',
    'patch deploymentconfigs.apps.openshift.io',
  ]);
});

test('rights: in its namespace only the digest key, the ledger and the Lease', () => {
  assert.deepEqual(rights(find('Role')), [
    'create secrets',
    'get secrets lockstep-digest-key',
    'list configmaps',
    'create configmaps',
    'update configmaps',
    'get configmaps reloader-meta-info',
    'create leases.coordination.k8s.io',
    'get leases.coordination.k8s.io lockstep stakater-reloader-lock',
    'update leases.coordination.k8s.io lockstep stakater-reloader-lock',
  ]);
});

test('pod: as the restricted Pod Security Standard wants it, and the namespace enforces it', () => {
  const labels = find('Namespace', 'lockstep-system').metadata.labels;
  assert.equal(labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
  assert.equal(pod.spec.securityContext['runAsNonRoot'], true);
  assert.deepEqual(pod.spec.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) assert.ok(!(key in pod.spec));
});

test('pod: what Lockstep writes to is mounted, since the root is read-only', () => {
  const writable = container.volumeMounts.filter((mount) => mount.readOnly !== true).map((mount) => mount.mountPath);
  assert.deepEqual(writable.sort(), ['/tmp', config.stateDir]);
  const volumes = new Set(pod.spec.volumes.map((volume) => volume.name));
  for (const mount of container.volumeMounts) assert.ok(volumes.has(mount.name), mount.name);
});

test('pod: probes and ports are those of the server', () => {
  const ports = new Map(container.ports.map((port) => [port.name, port.containerPort]));
  assert.equal(ports.get('http'), config.address.port);
  assert.equal(ports.get('metrics'), config.metricsAddress.port);
  assert.deepEqual(container.livenessProbe.httpGet, { path: probePaths.live, port: 'metrics' });
  assert.deepEqual(container.readinessProbe.httpGet, { path: probePaths.ready, port: 'metrics' });
  assert.deepEqual(
    find('Service').spec?.ports?.map((port) => port.targetPort),
    [...ports.keys()],
  );
});

test('pod: memory is requested and bounded', () => {
  assert.deepEqual(Object.keys(container.resources.requests), ['cpu', 'memory']);
  assert.ok(container.resources.limits['memory']);
});

test('pod: its arguments, also those in comments, are flags that exist', () => {
  const text = readFileSync('manifests/lockstep.yaml', 'utf8');
  const named = [...text.matchAll(/^\s*(?:# )?- --([a-z-]+)/gm)].map(([, name = '']) => name);
  assert.ok(named.length >= 4);
  for (const name of named) assert.ok(name in serveFlags, name);
});

test('configuration: the commented example is valid', () => {
  const text = find('ConfigMap', 'lockstep-config').data?.['lockstep.yaml'] ?? '';
  const example = text.replaceAll(/^( *)# /gm, '$1').replaceAll(': []', ':');
  const { file, problems } = readConfigFile(example, 'local-refused');
  assert.deepEqual(problems, []);
  assert.equal(file.sources[0]?.name, 'shop');
  assert.equal(file.tenants[0]?.name, 'prod');
});

test('network: ingress is denied but to the two ports of Lockstep', () => {
  assert.deepEqual(find('NetworkPolicy', 'default-deny-ingress').spec, { podSelector: {}, policyTypes: ['Ingress'] });
  const { spec } = find('NetworkPolicy');
  assert.deepEqual(spec?.podSelector?.matchLabels, pod.metadata.labels);
  assert.deepEqual(
    spec?.ingress?.flatMap((rule) => rule.ports.map((port) => port.port)),
    ['http', 'metrics'],
  );
});

test('service: the default of lockstep hook leads to it', () => {
  const { hostname, port } = new URL(hookFlags.server.default);
  const service = find('Service');
  assert.equal(hostname, `${service.metadata.name}.${service.metadata.namespace}.svc`);
  assert.equal(port === '' ? 80 : Number(port), service.spec?.ports?.[0]?.port);
});

test('image: what the Dockerfile copies is not ignored, and the entry is compiled from main.ts', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const kept = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words = '']) => words.split(' '));
  assert.ok(copied.length > 0);
  for (const path of copied) assert.ok(kept.includes(`!${path}`), path);
  assert.match(dockerfile, /^USER 65532/m);
  assert.match(dockerfile, /"--max-semi-space-size=16", "\/app\/dist\/server\/main\.js"/);
});

test('observe.yaml: the pod of lockstep.yaml without a right to write, in observe mode', () => {
  const observing = parseAllDocuments(readFileSync('manifests/observe.yaml', 'utf8'), { uniqueKeys: true }).map(
    (document) => document.toJS() as Manifest,
  );
  const verbs = observing.flatMap(({ rules = [] }) => rules.flatMap((rule) => rule.verbs));
  assert.deepEqual([...new Set(verbs)].sort(), ['get', 'list', 'watch']);
  const [other] = observing.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec.containers ?? [];
  assert.ok(other);
  assert.equal(loadConfig({ ...surroundings, argv: other.args }).mode, 'observe');
  for (const field of ['ports', 'livenessProbe', 'readinessProbe', 'securityContext'] as const)
    assert.deepEqual(other[field], container[field], field);
});

test('image: it renders with the versions that the tests render with', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const installed = [...dockerfile.matchAll(/go install .* (\S+)@(v\S+)$/gm)].map(([, path = '', version = '']) => ({
    path,
    version,
  }));
  assert.equal(installed.length, 3);
  for (const { path, version } of installed) {
    const tool = readdirSync('test/tools/modules')
      .map((name) => readFileSync(`test/tools/modules/${name}/go.mod`, 'utf8'))
      .find((text) => text.includes(path));
    const module = path.replace(/\/cmd\/\w+$/, '');
    assert.ok(tool?.includes(`${module} ${version}`), `${module} ${version}`);
  }
});
