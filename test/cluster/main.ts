// `npm run cluster`: a control plane to look at, until Ctrl-C.
import { once } from 'node:events';
import { findControlPlane } from './binaries.ts';
import { startCluster } from './cluster.ts';

const help = `Usage: npm run cluster

Starts a Kubernetes control plane with one fake node on loopback, prints a kubeconfig, and runs until Ctrl-C.
$KUBEBUILDER_ASSETS may name a directory with etcd, kube-apiserver, kube-controller-manager and kubectl.

  --help    show this text
`;

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--help' && arg !== '-h');
  if (unknown !== undefined) {
    process.stderr.write(`unknown argument ${unknown}; --help lists what there is\n`);
    return 2;
  }
  if (args.length > 0) {
    process.stdout.write(help);
    return 0;
  }
  return serve();
}

async function serve(): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  const found = await findControlPlane();
  const startedAt = performance.now();
  try {
    await using cluster = await startCluster({ signal: interrupted.signal });
    const tookS = ((performance.now() - startedAt) / 1000).toFixed(1);
    const version = found.available ? `${found.version} (${found.origin})` : '';
    process.stdout.write(`Kubernetes ${version} at ${cluster.url}, started in ${tookS} s

  export KUBECONFIG=${cluster.kubeconfig}

kubectl    ${cluster.kubectl}
audit log  ${cluster.auditLog}
Ctrl-C stops it and removes ${cluster.directory}
`);
    if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort');
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  process.stdout.write('stopped\n');
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
