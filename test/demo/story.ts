// The story: a certificate is renewed, its workload restarts once, Git learns of it, and nothing restarts again.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { request } from 'undici';
import { waitFor } from '../cluster/wait.ts';
import { sendFluxEvent, type FluxReceiver } from '../engines/flux-event.ts';
import { openCheckout } from '../engines/git.ts';
import { startSmallEngine, type Reconciliation, type SmallEngine } from '../engines/small-engine.ts';
import { issueCertificate, secretName } from './cert-manager.ts';
import type { Evidence, TemplateChange } from './judge.ts';
import { runPr, startLockstep, type Lockstep } from './lockstep.ts';
import { isRolledOut } from './observer.ts';
import { folder, namespace, stateNamespace, type Stage } from './stage.ts';

const branch = 'main';
const workload = 'web';
/** A pull request of a repository without a forge is a record below. */
const pullRefs = 'refs/lockstep/pulls/';
const pollMs = 200;
const intervalMs = 1_000;
/** Each look is a process. */
const gitLookMs = 200;
/** Twice Lockstep's settle window: a restart that the merge caused would have been written by then. */
const quietMs = 2_000;

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
    const isSeen = async () => (observer.dataChange(secretName)?.version ?? 0n) >= BigInt(resourceVersion);
    // Even when Lockstep ends at this moment: the judge must know what the content is.
    await waitFor(isSeen, { what: 'the observer to see the Secret', deadlineMs: 10_000, signal: stage.signal });
  };
  await renew();
  screen.step('cert-manager', `issues a certificate: Secret ${secretName} in namespace ${namespace}, not in Git`);
  const files = world.git('ls-tree', '-r', '--name-only', branch, '--', folder).split('\n');
  screen.step('Git', `bare repository with ${files.length} manifests in ${folder}, ${branch} at ${headOf(stage)}`);
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
    if (cause === 'interval' && written.length === 0) return;
    const names = written.map((line) => line.replace(`/${namespace}/`, '/'));
    screen.step('engine', `applied ${short(revision)}: ${names.length === 0 ? 'nothing to write' : names.join(', ')}`);
    if (events.receiver !== undefined) sendFluxEvent(events.receiver, reconciliation, signal).catch(tell);
  };
  const api = await stage.open('kustomize-controller/v1.7.0');
  const engine = startSmallEngine({ api, checkout, pollMs, intervalMs, onReconciled: hear, onFailure: tell });
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

/** How far the story came: what the judge must know even when it ends early. */
export interface Plot {
  /** Template changes that were there before the renewal. */
  changesBefore: number;
  merge: { readonly at: number; readonly commit: string; readonly diffLines: number } | undefined;
}

/** cert-manager renews the certificate, and the one restart follows. */
export async function renewCertificate(stage: Stage, { renew }: Cast, plot: Plot): Promise<void> {
  const { screen, observer, record, until } = stage;
  const changesBefore = (await record.templateChanges(namespace)).length;
  plot.changesBefore = changesBefore;
  await renew();
  screen.step('cert-manager', `writes a new key and certificate into Secret ${secretName}`);
  const change = await until('the restart', async () => (await record.templateChanges(namespace))[changesBefore]);
  const writtenAt = await until('the change on record', () => record.secretWrittenAt(namespace, secretName));
  const ms = Math.round(change.at - writtenAt);
  screen.step('Lockstep', `restarts ${describe(change)}, ${ms} ms after the change (1 s of it to let changes settle)`);
  const dataVersion = observer.dataChange(secretName)?.version ?? 0n;
  await until('the rollout', async () => {
    const pods = observer.pods();
    const isNew = pods.length > 0 && pods.every(({ version }) => version > dataVersion);
    return isNew && isRolledOut(observer.deployment(workload));
  });
  screen.step('Kubernetes', `rolled out: ${observer.pods().length} new pods, all born after the change`);
}

/** Lockstep proposes the checksum. */
export async function awaitPullRequest(stage: Stage): Promise<void> {
  const { screen, world, until } = stage;
  await until('the pull request', async () => countPulls(stage) > 0, gitLookMs);
  const title = world.git('for-each-ref', '--format=%(subject)', pullRefs);
  screen.step('Lockstep', title.replace(/^Pull request (#\d+) \(open\)/, 'opens pull request $1'));
  const [head = branch] = world.git('for-each-ref', '--format=%(refname)', 'refs/heads/lockstep/').split('\n');
  const range = `${branch}...${head}`;
  screen.detail(world.git('diff', '--name-only', range));
  const lines = world.git('diff', '--unified=0', '--no-color', range).split('\n');
  for (const line of lines.filter((text) => /^[+-](?![+-])/.test(text))) screen.detail(line);
}

/** A person merges it. */
export async function mergePullRequest(stage: Stage, plot: Plot): Promise<void> {
  const { screen, world, signal } = stage;
  screen.step('a person', 'merges it: lockstep pr merge 1');
  const before = world.git('rev-parse', branch);
  const at = Date.now();
  await runPr(['merge', '1'], world.bare, signal);
  const commit = world.git('rev-parse', branch);
  plot.merge = { at, commit, diffLines: countDiffLines(stage, before, commit) };
}

/** The engine has applied the merge, Lockstep has seen it, and still nothing changes a template. */
export async function waitForQuiet(stage: Stage, { engine, lockstep }: Cast, { merge }: Plot): Promise<void> {
  const { screen, until } = stage;
  const commit = merge?.commit ?? '';
  await until('the engine to apply the merge', async () => engine.last?.revision === commit);
  await until('Lockstep to see the merge', async () =>
    lockstep.log.some(({ msg, revision }) => msg === 'source in step' && revision === commit),
  );
  screen.step('Lockstep', `sees ${short(commit)}: Git, the cluster and the pods are in step`);
  const since = performance.now();
  const count = engine.count;
  await until('a quiet settle window', async () => performance.now() - since >= quietMs && engine.count > count + 1);
  screen.step('engine', `compared the cluster with Git ${engine.count - count} more times, nothing to write`);
}

/** What the API server and Git hold about it all, however far it came. */
export async function collectEvidence(stage: Stage, { changesBefore, merge }: Plot): Promise<Evidence> {
  const { observer, record, cluster } = stage;
  const at = (await record.secretWrittenAt(namespace, secretName)) ?? 0;
  return {
    cluster: cluster.kind,
    templateChanges: (await record.templateChanges(namespace)).slice(changesBefore),
    dataChange: { at, version: observer.dataChange(secretName)?.version ?? 0n },
    mergedAt: merge?.at ?? Infinity,
    workloads: observer.usersOf(secretName),
    pods: observer.pods(),
    pullRequests: countPulls(stage),
    diffLines: merge?.diffLines ?? 0,
  };
}

function countPulls({ world }: Stage): number {
  return world.git('for-each-ref', '--format=x', pullRefs).split('\n').filter(Boolean).length;
}

function countDiffLines({ world }: Stage, before: string, after: string): number {
  const rows = world.git('diff', '--numstat', before, after).split('\n').filter(Boolean);
  return rows.reduce((sum, row) => sum + Number(row.split('\t')[0]) + Number(row.split('\t')[1]), 0);
}

function headOf({ world }: Stage): string {
  return short(world.git('rev-parse', branch));
}

function short(commit: string): string {
  return commit.slice(0, 7);
}

function describe({ workload: name }: TemplateChange): string {
  const [kind = '', , word = ''] = name.split('/');
  return `${kind} ${word}`;
}
