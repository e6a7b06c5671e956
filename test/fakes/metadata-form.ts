// PartialObjectMetadata: objects without what they hold, for clients that only want to know what there is.
import { type JsonObject, child, objects } from './json.ts';

export function inMetadataForm(body: JsonObject, accept: string): JsonObject {
  const wanted = /as=(PartialObjectMetadata(?:List)?)\b/.exec(accept.split(',')[0] ?? '')?.[1];
  if (wanted === undefined || body['kind'] === 'Status') return body;
  if (!Array.isArray(body['items'])) return metadataOf(body);
  const items = objects(body, 'items').map((item) => metadataOf(item));
  return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: child(body, 'metadata'), items };
}

function metadataOf(object: JsonObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: child(object, 'metadata') };
}
