// The second part of the story: a person edits a ConfigMap that Git declares. It is drift and restarts its workload; `revert` ends it, and
// from then on an edit is taken back before anything restarts.
import type { KubeApi } from '../engines/api.ts';
import { editor } from './judge.ts';
import { runDiff } from './lockstep.ts';
import { namespace, pages, stateNamespace, type Stage } from './stage.ts';
import type { Cast } from './cast.ts';
import { awaitQuiet, awaitRollout, describe, type Plot } from './story.ts';

const configMap = pages.split('/')[1] ?? '';
const key = 'index.html';

export async function driftAndRevert(stage: Stage, { engine }: Cast, plot: Plot): Promise<void> {
  const { screen, until, observer } = stage;
  const person = await stage.open('kubectl/v1.36.3');
  const drift = { editedAt: Date.now(), revertAskedAt: Infinity, editedAgainAt: Infinity };
  plot.drift = drift;
  await edit(person, '<h1>Sale</h1>\n');
  screen.step('a person', `kubectl edit configmap ${configMap}: <h1>Shop</h1> becomes <h1>Sale</h1>`);
  screen.step('Lockstep', `Event DriftFound: ${await awaitEvent(stage, 'DriftFound', drift.editedAt)}`);
  await awaitRestart(stage, drift.editedAt, 'which has to serve what is live');
  await awaitRollout(stage, pages);
  await showDiff(stage);

  plot.drift = { ...drift, revertAskedAt: Date.now() };
  const { revertAskedAt } = plot.drift;
  await person.merge(objectOf({ annotations: { 'lockstep.dev/drift': 'revert' } }), {
    fieldManager: 'kubectl-annotate',
  });
  screen.step('a person', `kubectl annotate configmap ${configMap} lockstep.dev/drift=revert`);
  screen.step('Lockstep', `has asked Flux. Event DriftGone: ${await awaitEvent(stage, 'DriftGone', revertAskedAt)}`);
  await awaitRestart(stage, revertAskedAt, 'whose pods had read the edit');
  await awaitRollout(stage, pages);
  // Pods and edits of one second have no order, and are restarted to be sure.
  await awaitQuiet(stage);

  const editedAgainAt = Date.now();
  plot.drift = { ...plot.drift, editedAgainAt };
  const { count } = engine;
  await edit(person, '<h1>Closed</h1>\n');
  screen.step('a person', 'edits it again: <h1>Closed</h1>');
  const before = observer.dataChange(pages)?.version ?? 0n;
  await until('the engine to take it back', async () => engine.count > count);
  await until('the data to be back', async () => (observer.dataChange(pages)?.version ?? 0n) > before);
  await awaitQuiet(stage);
  screen.step('Lockstep', 'has had it taken back, and restarts nothing for it');
}

/** As kubectl edit sends it. */
async function edit(person: KubeApi, text: string): Promise<void> {
  await person.merge({ ...objectOf({}), data: { [key]: text } }, { fieldManager: editor });
}

function objectOf(metadata: object) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMap, namespace, ...metadata } };
}

async function awaitEvent({ until, observer }: Stage, reason: string, since: number): Promise<string> {
  const find = async () => observer.events.find((event) => event.reason === reason && event.at >= since);
  return (await until(`an Event ${reason}`, find)).message;
}

async function awaitRestart({ screen, record, until }: Stage, since: number, why: string): Promise<void> {
  const find = async () => (await record.templateChanges(namespace)).find(({ at }) => at >= since);
  const change = await until('the restart', find);
  screen.step('Lockstep', `restarts ${describe(change)}, ${why}`);
}

async function showDiff({ screen, cluster, world }: Stage): Promise<void> {
  const { kubeconfig = '' } = cluster;
  const told = await runDiff({ kubeconfig, namespace, stateNamespace, directory: world.root });
  screen.step('a person', `lockstep diff -n ${namespace}`);
  for (const line of told.split('\n').filter((text) => /^Diff|^CONFIG OBJECT +KEY|^ConfigMap.*index/.test(text)))
    screen.detail(line);
}
