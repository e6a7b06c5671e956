// The story: a certificate is renewed, its workload restarts once, Git learns of it, and nothing restarts again.
import { shortCommit, type Cast } from './cast.ts';
import { secretName } from './cert-manager.ts';
import type { DriftEvidence, Evidence, TemplateChange } from './judge.ts';
import { runPr } from './lockstep.ts';
import { isRolledOut, type ConfigName } from './observer.ts';
import { branch, namespace, pages, secret, workload, type Stage } from './stage.ts';

/** A pull request of a repository without a forge is a record below. */
const pullRefs = 'refs/lockstep/pulls/';
/** Each look is a process. */
const gitLookMs = 200;
/** Twice Lockstep's settle window: a restart that the merge caused would have been written by then. */
const quietMs = 2_000;

/** How far the story came: what the judge must know even when it ends early. */
export interface Plot {
  /** Template changes that were there before the renewal. */
  changesBefore: number;
  merge: { readonly at: number; readonly commit: string; readonly diffLines: number } | undefined;
  drift: Omit<DriftEvidence, 'events'> | undefined;
}

/** cert-manager renews the certificate, and the one restart follows. */
export async function renewCertificate(stage: Stage, { renew }: Cast, plot: Plot): Promise<void> {
  const { screen, record, until } = stage;
  const changesBefore = (await record.templateChanges(namespace)).length;
  plot.changesBefore = changesBefore;
  await renew();
  screen.step('cert-manager', `writes a new key and certificate into Secret ${secretName}`);
  const change = await until('the restart', async () => (await record.templateChanges(namespace))[changesBefore]);
  const writtenAt = await until('the change on record', () => record.secretWrittenAt(namespace, secretName));
  const ms = Math.round(change.at - writtenAt);
  screen.step('Lockstep', `restarts ${describe(change)}, ${ms} ms after the change (1 s of it to let changes settle)`);
  await awaitRollout(stage, secret);
}

/** Until every pod is newer than the data of this Secret or ConfigMap. */
export async function awaitRollout({ screen, observer, until }: Stage, config: ConfigName): Promise<void> {
  const dataVersion = observer.dataChange(config)?.version ?? 0n;
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
  screen.step('Lockstep', `sees ${shortCommit(commit)}: Git, the cluster and the pods are in step`);
  const looks = [await engine.look()];
  await awaitQuiet(stage);
  looks.push(await engine.look());
  const written = looks.reduce((sum, look) => sum + look.written.length, 0);
  screen.step(
    'engine',
    `is asked twice to compare the cluster with Git: ${written === 0 ? 'nothing' : written} to write`,
  );
}

/** As long as a restart that is still to come would take. */
export async function awaitQuiet({ until }: Stage): Promise<void> {
  const since = performance.now();
  await until('a quiet settle window', async () => performance.now() - since >= quietMs);
}

/** What the API server and Git hold about it all, however far it came. */
export async function collectEvidence(stage: Stage, { changesBefore, merge, drift }: Plot): Promise<Evidence> {
  const { observer, record, cluster } = stage;
  const uses = ([secret, pages] as const).flatMap((config) => {
    const contents = observer.dataChanges(config);
    return observer.usersOf(config).map((user) => ({ workload: user, contents }));
  });
  return {
    cluster: cluster.kind,
    templateChanges: (await record.templateChanges(namespace)).slice(changesBefore),
    changedAt: (await record.secretWrittenAt(namespace, secretName)) ?? 0,
    mergedAt: merge?.at ?? Infinity,
    uses,
    pods: observer.pods(),
    pullRequests: countPulls(stage),
    diffLines: merge?.diffLines ?? 0,
    drift: drift === undefined ? undefined : { ...drift, events: observer.events },
  };
}

function countPulls({ world }: Stage): number {
  return world.git('for-each-ref', '--format=x', pullRefs).split('\n').filter(Boolean).length;
}

function countDiffLines({ world }: Stage, before: string, after: string): number {
  const rows = world.git('diff', '--numstat', before, after).split('\n').filter(Boolean);
  return rows.reduce((sum, row) => sum + Number(row.split('\t')[0]) + Number(row.split('\t')[1]), 0);
}

export function describe({ workload: name }: TemplateChange): string {
  const [kind = '', , word = ''] = name.split('/');
  return `${kind} ${word}`;
}
