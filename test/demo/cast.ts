// Who acts in the story: cert-manager, an engine, Lockstep; each a program or a client of its own, all stopped with the stage.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { request } from 'undici';
import { waitFor } from '../cluster/wait.ts';
import { sendFluxEvent, type FluxReceiver } from '../engines/flux-event.ts';
import { openCheckout } from '../engines/git.ts';
import { startSmallEngine, type Reconciliation, type SmallEngine } from '../engines/small-engine.ts';
import { startSmallFlux } from '../engines/small-flux.ts';
import { issueCertificate } from './cert-manager.ts';
import { startLockstep, type Lockstep } from './lockstep.ts';
import { isRolledOut } from './observer.ts';
import { branch, folder, namespace, secret, stateNamespace, workload, type Stage } from './stage.ts';

const pollMs = 200;
/** What is usual: whatever is shown is shown because somebody asked, or Git changed. */
const intervalMs = 600_000;

/** Everybody who acts, once all of them run. */
export interface Cast {
  readonly engine: SmallEngine;
  readonly lockstep: Lockstep;
  readonly renew: () => Promise<unknown>;
}

/** The shop runs from Git, with a certificate that is not in Git, and Lockstep watches. */
export async function setUp(stage: Stage): Promise<Cast> {
  const { screen, world, observer } = stage;
  const certManager = await stage.open('cert-manager-certificates-issuing/v1.19.1');
  const renew = async () => {
    const { resourceVersion = '0' } = (await issueCertificate(certManager, namespace)).metadata;
    const isSeen = async () => (observer.dataChange(secret)?.version ?? 0n) >= BigInt(resourceVersion);
    // Even when Lockstep ends at this moment: the judge must know what the content is.
    await waitFor(isSeen, { what: 'the observer to see the Secret', deadlineMs: 10_000, signal: stage.signal });
  };
  await renew();
  screen.step(
    'cert-manager',
    `issues a certificate: ${secret.replace('/', ' ')} in namespace ${namespace}, not in Git`,
  );
  const files = world.git('ls-tree', '-r', '--name-only', branch, '--', folder).split('\n');
  screen.step(
    'Git',
    `bare repository with ${files.length} manifests in ${folder}, ${branch} at ${shortCommit(world.git('rev-parse', branch))}`,
  );
  const events: { receiver: FluxReceiver | undefined } = { receiver: undefined };
  const engine = await startEngine(stage, events);
  await stage.until('the engine to apply everything', async () => engine.last);
  await stage.until('the first rollout', async () => isRolledOut(observer.deployment(workload)));
  screen.step('Kubernetes', `Deployment ${workload} is rolled out, ${observer.pods().length} pods`);
  const { lockstep, receiver } = await startReadyLockstep(stage);
  events.receiver = receiver;
  screen.step('Lockstep', `is ready: pid ${lockstep.pid}, watches namespace ${namespace}`);
  return { engine, lockstep, renew };
}

/** Reports as Flux does: a new revision, and whatever had to be written. */
async function startEngine(stage: Stage, events: { receiver: FluxReceiver | undefined }): Promise<SmallEngine> {
  const { screen, world, signal, stack } = stage;
  const repository = world.bare;
  const checkout = openCheckout({ repository, branch, path: folder, directory: join(world.root, 'engine'), signal });
  let told = '';
  const tell = (error: unknown): void => {
    if (told !== String(error)) screen.step('engine', `tries again: ${String(error)}`);
    told = String(error);
  };
  const hear = (reconciliation: Reconciliation): void => {
    const { revision, written, cause } = reconciliation;
    if (cause !== 'revision' && written.length === 0) return;
    const names = written.map((line) => line.replace(`/${namespace}/`, '/'));
    screen.step(
      'engine',
      `applied ${shortCommit(revision)}: ${names.length === 0 ? 'nothing to write' : names.join(', ')}`,
    );
    if (events.receiver !== undefined) sendFluxEvent(events.receiver, reconciliation, signal).catch(tell);
  };
  const api = await stage.open('kustomize-controller/v1.7.0');
  const options = { api, checkout, pollMs, intervalMs, onReconciled: hear, onFailure: tell };
  const resources = { namespace, name: 'shop', repository: stage.remote, branch, path: folder };
  const engine = stage.cluster.hasFlux ? await startSmallFlux({ ...options, ...resources }) : startSmallEngine(options);
  stack.defer(() => engine.stop());
  return engine;
}

async function startReadyLockstep(stage: Stage): Promise<{ lockstep: Lockstep; receiver: FluxReceiver }> {
  const { cluster, world, stack, until, signal } = stage;
  const token = randomBytes(24).toString('hex');
  const lockstep = await startLockstep({
    kubeconfig: cluster.kubeconfig,
    namespace,
    stateNamespace,
    repository: `file://${world.bare}`,
    directory: world.root,
    fluxToken: token,
  });
  stack.defer(() => lockstep.stop());
  stage.failWith(lockstep.failed);
  const started = await until('the start of Lockstep', async () => lockstep.log.find(({ msg }) => msg === 'started'));
  await until('Lockstep to be ready', async () => {
    const reply = await request(`${String(started['metricsUrl'])}/readyz`, { signal });
    await reply.body.dump();
    return reply.statusCode === 200;
  });
  const url = `${String(started['url'])}/hooks/flux/demo`;
  return { lockstep, receiver: { url, token, namespace, branch } };
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}
