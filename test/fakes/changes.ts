// The change record: every write that was asked for and what came of it. The demo's and the tests' audit log.
import { type JsonObject, at, isEqual, text } from './json.ts';
import { qualifiedResource } from './kinds.ts';
import type { ResourceRequest, Verb } from './requests.ts';

export interface ChangeRecord {
  readonly verb: Verb;
  /** `secrets`, `deployments.apps`. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly userAgent: string;
  readonly fieldManager: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly code: number;
  readonly isDryRun: boolean;
  /** resourceVersions; undefined where there was or is no object. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The pod template differs: this write is a rollout. False for a create. */
  readonly isTemplateChanged: boolean;
}

export interface Outcome {
  readonly code: number;
  readonly before?: JsonObject | undefined;
  readonly after?: JsonObject | undefined;
}

export function recordChange(request: ResourceRequest, outcome: Outcome, at_: number): ChangeRecord {
  const { before, after } = outcome;
  return {
    verb: request.verb,
    resource: qualifiedResource(request.kind),
    subresource: request.subresource,
    namespace: request.namespace,
    name: request.name === '' ? text(after, 'metadata', 'name') : request.name,
    userAgent: request.userAgent,
    fieldManager: request.query.get('fieldManager') ?? '',
    at: at_,
    code: outcome.code,
    isDryRun: request.query.get('dryRun') === 'All',
    before: before === undefined ? undefined : text(before, 'metadata', 'resourceVersion'),
    after: after === undefined ? undefined : text(after, 'metadata', 'resourceVersion'),
    isTemplateChanged:
      before !== undefined &&
      after !== undefined &&
      !isEqual(at(before, 'spec', 'template'), at(after, 'spec', 'template')),
  };
}
