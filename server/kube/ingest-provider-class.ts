// Reduces SecretProviderClasses and the CSI driver's status objects to facts (secrets-store.csi.x-k8s.io/v1).
import type { Annotations } from '../core/annotations.ts';
import { digestValues, type ValueInput } from '../core/digest.ts';
import { objectKey, type ConfigRef } from '../core/object.ts';
import type { SeenProviderClass, SeenStatus } from '../core/provider-class.ts';
import { isIgnored } from '../core/reload.ts';
import type { MountedObjects } from '../core/reloader-hash.ts';
import { judgedMarks, newestTime, ownersOf, writersOf } from './ingest-config.ts';
import type { Metadata, Parsed, Reading } from './ingest.ts';
import type { ApiObject } from './reflector.ts';

interface StatusBody {
  readonly metadata: Metadata;
  readonly status?: {
    readonly secretProviderClassName?: string;
    readonly objects?: readonly { readonly id?: string; readonly version?: string }[] | null;
  };
}

export function parseStatus(object: ApiObject, { keys }: Pick<Reading, 'keys'>): Parsed<SeenStatus> {
  const { metadata } = object as unknown as StatusBody;
  const key = `${metadata.namespace ?? ''}/${metadata.name}`;
  const mounted = readMounted(object);
  const namespace = metadata.namespace ?? '';
  const providerClass: ConfigRef = { kind: 'SecretProviderClass', namespace, name: mounted.className };
  const inputs = toInputs(mounted);
  const owners = ownersOf(metadata, ['f:status']);
  const value: SeenStatus = {
    key,
    providerClass,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    contents: keys.map((digestKey) => digestValues(providerClass, inputs, digestKey)),
    writtenAt: newestTime(owners),
    writers: writersOf(owners),
    rotated: isRotated(object),
  };
  return { key, value };
}

/** Its spec counts since its creation only: the resource has no subresource for its status. */
export function isRotated(object: ApiObject): boolean {
  return ((object as unknown as StatusBody).metadata.generation ?? 0) > 1;
}

export function readMounted(object: ApiObject): MountedObjects {
  const { status = {} } = object as unknown as StatusBody;
  const objects = (status.objects ?? []).map(({ id = '', version = '' }) => ({ id, version }));
  return { className: status.secretProviderClassName ?? '', objects };
}

/** Only its metadata is asked for. */
export function parseProviderClass(object: ApiObject, { rules }: Pick<Reading, 'rules'>): Parsed<SeenProviderClass> {
  const { metadata } = object as unknown as { metadata: Metadata };
  const annotations: Annotations = metadata.annotations ?? {};
  const ref: ConfigRef = { kind: 'SecretProviderClass', namespace: metadata.namespace ?? '', name: metadata.name };
  const value = {
    ref,
    uid: metadata.uid,
    annotations: judgedMarks(annotations, rules),
    ignored: isIgnored(annotations, rules),
  };
  return { key: objectKey(ref), value };
}

/** An id may be mounted in several versions. Providers do not say that they keep an order. */
function toInputs({ objects }: MountedObjects): ValueInput[] {
  return [...Map.groupBy(objects, ({ id }) => id)].map(([id, members]) => {
    const versions = members.map(({ version }) => version).sort();
    return { dataKey: id, field: 'data', value: Buffer.from(JSON.stringify(versions), 'utf8') };
  });
}
