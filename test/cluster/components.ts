// The programs of one control plane and the flags they get. Everything a plane writes is below its own directory.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startGuarded, type Guarded } from './processes.ts';

/** Where one plane's programs find each other. */
export interface Plane {
  directory: string;
  /** Directory of the binaries. */
  binaries: string;
  port: number;
}

// etcd insists on `host:port` and takes it as the socket's file name, in the working directory: no port to choose, no TLS
// needed, and only the owner of the directory gets in. The API server runs in the same directory.
const etcdUrl = 'unix://etcd:1';
const etcdPeerUrl = 'unix://etcd:2';

export const auditFile = (directory: string): string => join(directory, 'audit.log');
export const kubeconfigFile = (directory: string, who: string): string => join(directory, `${who}.kubeconfig`);

export function startEtcd(plane: Plane): Guarded {
  return start(plane, 'etcd', [
    `--data-dir=${join(plane.directory, 'etcd-data')}`,
    '--name=default',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=default=${etcdPeerUrl}`,
    '--unsafe-no-fsync', // the data need not survive a power failure
    '--log-level=warn',
  ]);
}

export async function startApiServer(plane: Plane): Promise<Guarded> {
  const file = (name: string) => join(plane.directory, name);
  await writeFile(file('audit-policy.json'), JSON.stringify(auditPolicy));
  return start(plane, 'kube-apiserver', [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${plane.port}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${file('service-account.key')}`,
    `--service-account-key-file=${file('service-account.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--endpoint-reconciler-type=none', // an address of loopback may not be an endpoint
    `--audit-policy-file=${file('audit-policy.json')}`,
    `--audit-log-path=${auditFile(plane.directory)}`,
    '--audit-log-mode=blocking',
    '--audit-log-maxsize=100000', // MB: never rotate, judges read one file
    '--profiling=false',
  ]);
}

export function startControllerManager(plane: Plane): Guarded {
  return start(plane, 'kube-controller-manager', [
    `--kubeconfig=${kubeconfigFile(plane.directory, 'controller-manager')}`,
    '--use-service-account-credentials',
    `--service-account-private-key-file=${join(plane.directory, 'service-account.key')}`,
    `--root-ca-file=${join(plane.directory, 'ca.crt')}`,
    `--controllers=${['*', ...controllersOff.map((name) => `-${name}`)].join(',')}`,
    '--kube-api-qps=1000', // with the default of 20, 500 Deployments take minutes
    '--kube-api-burst=2000',
    '--leader-elect=false',
    '--secure-port=0',
    '--profiling=false',
  ]);
}

/** What a single fake node cannot use: its health is not judged, it has no volumes, addresses or certificates of its own. */
const controllersOff = [
  'node-lifecycle-controller',
  'taint-eviction-controller',
  'node-ipam-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-binder-controller',
  'persistentvolume-expander-controller',
  'ephemeral-volume-controller',
  'certificatesigningrequest-signing-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
];

/** Whole objects for writes to workloads, whose templates the judge compares; who did what for everything else. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*'] },
    {
      level: 'RequestResponse',
      omitManagedFields: true,
      verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
      resources: [{ group: 'apps', resources: ['deployments', 'statefulsets', 'daemonsets'] }],
    },
    { level: 'Metadata' },
  ],
};

function start(plane: Plane, name: string, flags: readonly string[]): Guarded {
  return startGuarded({
    name,
    argv: [join(plane.binaries, name), ...flags],
    directory: plane.directory,
    logFile: join(plane.directory, `${name}.log`),
  });
}
