// Does what a request asks of the stored objects, and reports every write.
import type { Outcome } from './changes.ts';
import { deleteCollection, deleteObject, readDeleteOptions } from './deletes.ts';
import { present } from './events-form.ts';
import { type JsonObject, text } from './json.ts';
import { checkWriteOptions } from './options.ts';
import { patchObject } from './patches.ts';
import { getObject, listObjects } from './reads.ts';
import type { ResourceRequest } from './requests.ts';
import { StatusError, unsupportedMediaType } from './status-errors.ts';
import { type WriteContext, type Written, createObject, decodeBody, parseBody, updateObject } from './writes.ts';

export type Recorder = (request: ResourceRequest, outcome: Outcome) => void;

export function perform(
  context: WriteContext,
  request: ResourceRequest,
  record: Recorder,
): { code: number; body: JsonObject } {
  if (request.verb === 'get') return { code: 200, body: getObject(context.storage, request) };
  if (request.verb === 'list') return { code: 200, body: listObjects(context.storage, request) };
  try {
    return write(context, request, record);
  } catch (error) {
    if (error instanceof StatusError) record(request, { code: error.code });
    throw error;
  }
}

function write(context: WriteContext, request: ResourceRequest, record: Recorder): { code: number; body: JsonObject } {
  const isDelete = request.verb === 'delete' || request.verb === 'deletecollection';
  const options = isDelete ? readDeleteOptions(request) : {};
  checkWriteOptions(request, options);
  if (request.verb === 'delete') {
    const { code, answer, before, after } = deleteObject(context, request, options);
    record(request, { code, before, after });
    return { code, body: answer };
  }
  if (request.verb === 'deletecollection') {
    const { answer, deleted } = deleteCollection(context, request, options);
    for (const { before, after, code } of deleted) {
      const name = text(before, 'metadata', 'name');
      record({ ...request, name, namespace: text(before, 'metadata', 'namespace') }, { code, before, after });
    }
    return { code: 200, body: answer };
  }
  const written = put(context, request);
  record(request, { code: written.code, before: written.before, after: written.object });
  return { code: written.code, body: present(written.object, request.kind) };
}

function put(context: WriteContext, request: ResourceRequest): Written {
  if (request.verb === 'patch') return patchObject(context, request);
  if (request.contentType !== 'application/json' && request.contentType !== '') throw unsupportedBody();
  const body = decodeBody(parseBody(request.body, request.kind.kind), request, context);
  return request.verb === 'create' ? createObject(context, request, body) : updateObject(context, request, body);
}

function unsupportedBody(): StatusError {
  return unsupportedMediaType(
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}
