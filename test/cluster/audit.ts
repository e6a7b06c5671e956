// The judge: what the API server's own audit log says was written and asked. It knows nothing of Lockstep's code.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';

/** One answered request. Times are milliseconds since the epoch, with microseconds behind the point. */
export interface AuditEvent {
  readonly auditId: string;
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  /** The request's `fieldManager`, or what the API server takes without one: the user agent up to its first slash. */
  readonly fieldManager: string;
  /** A dry run changes nothing, whatever it answers. */
  readonly isDryRun: boolean;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: number;
  readonly receivedAt: number;
  readonly answeredAt: number;
  /** Only for writes to Deployments, StatefulSets and DaemonSets. */
  readonly answer: unknown;
}

export interface TemplateChange {
  readonly workload: { kind: string; namespace: string; name: string; uid: string };
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  readonly fieldManager: string;
  /** When the API server received the write. */
  readonly at: number;
  readonly resourceVersion: string;
  /** The pod template's annotations. */
  readonly annotationsBefore: Annotations;
  readonly annotationsAfter: Annotations;
}

export type Annotations = Readonly<Record<string, string>>;

export interface RequestFilter {
  user?: string;
  /** The beginning of the user agent. */
  userAgent?: string;
  /** Requests received at this time or later. */
  since?: number;
}

/** Every answered request in the order of the log; a watch counts once, when it began. A line still being written is left out. */
export async function readAudit(auditLog: string): Promise<AuditEvent[]> {
  const events = new Map<string, AuditEvent>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    const event = parseEvent(line);
    if (event !== undefined && !events.has(event.auditId)) events.set(event.auditId, event);
  }
  return [...events.values()];
}

/**
 * Every change of spec.template of a Deployment, StatefulSet or DaemonSet: successive answers of successful writes to one
 * object, in the order of their resource versions. Creating an object is no change.
 */
export async function templateChanges(
  auditLog: string,
  filter: { namespace?: string; since?: number } = {},
): Promise<TemplateChange[]> {
  const writes = (await readAudit(auditLog)).map(parseWrite).filter((write) => write !== undefined);
  writes.sort((a, b) => Number(BigInt(a.resourceVersion) - BigInt(b.resourceVersion)));
  const templates = new Map<string, Template>();
  const changes: TemplateChange[] = [];
  for (const write of writes) {
    const before = templates.get(write.workload.uid);
    templates.set(write.workload.uid, write.template);
    if (before !== undefined && !isDeepStrictEqual(before, write.template)) changes.push(describeChange(write, before));
  }
  return changes.filter(
    ({ workload, at }) =>
      (filter.namespace === undefined || workload.namespace === filter.namespace) && at >= (filter.since ?? 0),
  );
}

/** How many requests there were, by verb, refused ones included. */
export async function requestsByVerb(auditLog: string, filter: RequestFilter = {}): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const event of await readAudit(auditLog)) {
    if (!matches(event, filter)) continue;
    counts[event.verb] = (counts[event.verb] ?? 0) + 1;
  }
  return counts;
}

function matches(event: AuditEvent, { user, userAgent, since }: RequestFilter): boolean {
  return (
    (user === undefined || event.user === user) &&
    (userAgent === undefined || event.userAgent.startsWith(userAgent)) &&
    event.receivedAt >= (since ?? 0)
  );
}

/** The lines' format is audit.k8s.io/v1 Event. */
interface Line {
  auditID: string;
  verb: string;
  user?: { username?: string };
  userAgent?: string;
  requestURI?: string;
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  responseObject?: unknown;
}

function parseEvent(line: string): AuditEvent | undefined {
  const parsed = parseJson(line);
  if (parsed === undefined) return undefined;
  const { objectRef = {}, userAgent = '' } = parsed;
  const query = new URLSearchParams(parsed.requestURI?.split('?')[1]);
  return {
    auditId: parsed.auditID,
    verb: parsed.verb,
    user: parsed.user?.username ?? '',
    userAgent,
    fieldManager: query.get('fieldManager') || userAgent.split('/')[0] || '',
    isDryRun: query.has('dryRun'),
    resource: objectRef.resource ?? '',
    subresource: objectRef.subresource ?? '',
    namespace: objectRef.namespace ?? '',
    name: objectRef.name ?? '',
    status: parsed.responseStatus?.code ?? 0,
    receivedAt: parseTime(parsed.requestReceivedTimestamp),
    answeredAt: parseTime(parsed.stageTimestamp),
    answer: parsed.responseObject,
  };
}

function parseJson(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined; // the last line, half written
  }
}

/** `2026-11-22T14:55:01.123456Z`; Date alone would drop the microseconds. */
function parseTime(text: string): number {
  const [, second = '', fraction = '0'] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return Date.parse(`${second}Z`) + Number(`0.${fraction}`) * 1000;
}

type Template = { metadata?: { annotations?: Annotations } };

interface Write {
  readonly event: AuditEvent;
  readonly workload: TemplateChange['workload'];
  readonly resourceVersion: string;
  readonly template: Template;
}

/** A successful write of a whole workload; undefined for every other request. */
function parseWrite(event: AuditEvent): Write | undefined {
  if (!['create', 'update', 'patch'].includes(event.verb) || event.isDryRun) return undefined;
  if (event.status < 200 || event.status > 299 || event.answer === undefined) return undefined;
  const { kind, metadata, spec } = event.answer as {
    kind: string;
    metadata?: { namespace?: string; name?: string; uid?: string; resourceVersion?: string };
    spec?: { template?: Template };
  };
  const { namespace, name, uid, resourceVersion } = metadata ?? {};
  if (namespace === undefined || name === undefined || uid === undefined || resourceVersion === undefined)
    return undefined;
  if (spec?.template === undefined) return undefined;
  return { event, workload: { kind, namespace, name, uid }, resourceVersion, template: spec.template };
}

function describeChange({ event, workload, resourceVersion, template }: Write, before: Template): TemplateChange {
  const { verb, user, userAgent, fieldManager, receivedAt } = event;
  return {
    workload,
    verb,
    user,
    userAgent,
    fieldManager,
    at: receivedAt,
    resourceVersion,
    annotationsBefore: before.metadata?.annotations ?? {},
    annotationsAfter: template.metadata?.annotations ?? {},
  };
}
