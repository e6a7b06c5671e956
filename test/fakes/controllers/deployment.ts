// Deployment -> ReplicaSet: an equal template finds its old ReplicaSet again; the new one comes up before old ones go.
import { type JsonObject, child, clone, ensure, integer, isEqual, objects, text } from '../json.ts';
import { type World, isSameStatus, ownerReference, templateHash } from './world.ts';

const revisionKey = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

export function reconcileDeployment(world: World, deployment: JsonObject): void {
  const uid = text(deployment, 'metadata', 'uid');
  const all = world.ownedBy(uid, 'replicasets.apps').map(({ object }) => object);
  const template = child(deployment, 'spec', 'template');
  const current = all.find((replicaSet) => isEqual(withoutHash(child(replicaSet, 'spec', 'template')), template));
  const isPaused = deployment['spec'] !== undefined && child(deployment, 'spec')['paused'] === true;
  if (current === undefined && !isPaused) {
    world.create(newReplicaSet(deployment, nextRevision(all)));
    return;
  }
  if (current !== undefined) roll(world, deployment, { current, all });
  report(world, deployment, { current, all });
}

function withoutHash(template: JsonObject): JsonObject {
  const copy = clone(template);
  delete child(copy, 'metadata', 'labels')[hashLabel];
  return copy;
}

function revisionOf(replicaSet: JsonObject): number {
  return Number(text(replicaSet, 'metadata', 'annotations', revisionKey) || 0);
}

function nextRevision(all: readonly JsonObject[]): number {
  return Math.max(0, ...all.map(revisionOf)) + 1;
}

function newReplicaSet(deployment: JsonObject, revision: number): JsonObject {
  const template = clone(child(deployment, 'spec', 'template'));
  const hash = templateHash(template);
  ensure(template, 'metadata', 'labels')[hashLabel] = hash;
  const selector = clone(child(deployment, 'spec', 'selector'));
  ensure(selector, 'matchLabels')[hashLabel] = hash;
  const replicas = integer(deployment, 'spec', 'replicas') ?? 1;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${text(deployment, 'metadata', 'name')}-${hash}`,
      namespace: text(deployment, 'metadata', 'namespace'),
      labels: clone(child(template, 'metadata', 'labels')),
      annotations: {
        'deployment.kubernetes.io/desired-replicas': String(replicas),
        'deployment.kubernetes.io/max-replicas': String(replicas + 1),
        [revisionKey]: String(revision),
      },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: { replicas, selector, template },
  };
}

interface Sets {
  readonly current: JsonObject | undefined;
  readonly all: readonly JsonObject[];
}

/** The current ReplicaSet gets the newest revision and all replicas; the others are emptied once it is available. */
function roll(world: World, deployment: JsonObject, sets: Sets & { current: JsonObject }): void {
  const { current } = sets;
  const others = sets.all.filter((replicaSet) => replicaSet !== current);
  const replicas = integer(deployment, 'spec', 'replicas') ?? 1;
  const revision =
    others.length === 0
      ? Math.max(1, revisionOf(current))
      : Math.max(revisionOf(current), Math.max(...others.map(revisionOf)) + 1);
  const isNewest = others.every((other) => revisionOf(other) < revisionOf(current));
  const wantedRevision = isNewest ? revisionOf(current) : revision;
  scale(world, current, replicas, wantedRevision);
  if ((integer(current, 'status', 'availableReplicas') ?? 0) >= replicas)
    for (const other of others) scale(world, other, 0, revisionOf(other));
  const limit = integer(deployment, 'spec', 'revisionHistoryLimit') ?? 10;
  const empty = others
    .filter((other) => (integer(other, 'spec', 'replicas') ?? 0) === 0)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  for (const old of empty.slice(0, Math.max(0, empty.length - limit))) world.remove('replicasets.apps', old);
}

function scale(world: World, replicaSet: JsonObject, replicas: number, revision: number): void {
  const after = clone(replicaSet);
  ensure(after, 'spec')['replicas'] = replicas;
  ensure(after, 'metadata', 'annotations')[revisionKey] = String(revision);
  if (!isEqual(after, replicaSet)) world.update(replicaSet, after, '');
}

function report(world: World, deployment: JsonObject, sets: Sets): void {
  const sum = (replicaSets: readonly (JsonObject | undefined)[], key: string) =>
    replicaSets.reduce((total, replicaSet) => total + (integer(replicaSet, 'status', key) ?? 0), 0);
  const wanted = integer(deployment, 'spec', 'replicas') ?? 1;
  const available = sum(sets.all, 'availableReplicas');
  const updated = sum([sets.current], 'replicas');
  const replicas = sum(sets.all, 'replicas');
  const isComplete = updated === wanted && replicas === wanted && available === wanted;
  const name = text(sets.current, 'metadata', 'name');
  const after = clone(deployment);
  after['status'] = {
    observedGeneration: integer(deployment, 'metadata', 'generation') ?? 1,
    replicas,
    updatedReplicas: updated,
    readyReplicas: sum(sets.all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wanted - available),
    conditions: [
      condition(world, deployment, {
        type: 'Available',
        status: available >= wanted ? 'True' : 'False',
        reason: available >= wanted ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        message:
          available >= wanted
            ? 'Deployment has minimum availability.'
            : 'Deployment does not have minimum availability.',
      }),
      condition(world, deployment, {
        type: 'Progressing',
        status: 'True',
        reason: isComplete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        message: isComplete
          ? `ReplicaSet "${name}" has successfully progressed.`
          : `ReplicaSet "${name}" is progressing.`,
      }),
    ],
  };
  if (sets.current !== undefined)
    ensure(after, 'metadata', 'annotations')[revisionKey] = String(Math.max(1, revisionOf(sets.current)));
  const isUnchanged =
    isSameStatus(child(deployment, 'status'), child(after, 'status')) &&
    isEqual(deployment['metadata'], after['metadata']);
  if (!isUnchanged) world.update(deployment, after, 'status');
}

function condition(
  world: World,
  deployment: JsonObject,
  wanted: { type: string; status: string; reason: string; message: string },
): JsonObject {
  const old = objects(deployment, 'status', 'conditions').find((found) => found['type'] === wanted.type);
  const isSame = old !== undefined && old['status'] === wanted.status;
  const isUnchanged = isSame && old['reason'] === wanted.reason && old['message'] === wanted.message;
  return {
    ...wanted,
    lastUpdateTime: isUnchanged ? (old['lastUpdateTime'] ?? world.now) : world.now,
    lastTransitionTime: isSame ? (old['lastTransitionTime'] ?? world.now) : world.now,
  };
}
