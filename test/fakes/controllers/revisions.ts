// ControllerRevisions: the remembered templates of StatefulSets and DaemonSets.
import { type JsonObject, child, clone, integer, isEqual, text } from '../json.ts';
import { type World, ownerReference, templateHash } from './world.ts';

export const revisionLabel = 'controller-revision-hash';

/** The revision of the owner's present template, made or brought to the front when needed. */
export function currentRevision(world: World, owner: JsonObject): JsonObject | undefined {
  const uid = text(owner, 'metadata', 'uid');
  const all = world.ownedBy(uid, 'controllerrevisions.apps').map(({ object }) => object);
  const data = { spec: { template: { ...clone(child(owner, 'spec', 'template')), $patch: 'replace' } } };
  const newest = Math.max(0, ...all.map((revision) => integer(revision, 'revision') ?? 0));
  const found = all.find((revision) => isEqual(revision['data'], data));
  if (found === undefined) {
    world.create(newRevision(owner, data, newest + 1));
    return undefined;
  }
  if ((integer(found, 'revision') ?? 0) < newest) {
    world.update(found, { ...found, revision: newest + 1 }, '');
    return undefined;
  }
  return found;
}

function newRevision(owner: JsonObject, data: JsonObject, revision: number): JsonObject {
  const hash = templateHash(child(owner, 'spec', 'template'));
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${text(owner, 'metadata', 'name')}-${hash}`,
      namespace: text(owner, 'metadata', 'namespace'),
      labels: { ...child(owner, 'spec', 'template', 'metadata', 'labels'), [revisionLabel]: hash },
      ownerReferences: [ownerReference(owner)],
    },
    data,
    revision,
  };
}

export function hashOf(revision: JsonObject): string {
  return text(revision, 'metadata', 'labels', revisionLabel);
}
