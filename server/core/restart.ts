// The restart key: the one annotation on a pod template that makes a controller replace pods, and the acks in it.
// RESTART-PROTOCOL.md "Where things are written", rules 1, 3 and 4.
import { createHash } from 'node:crypto';
import { keyIdOf, type Projection } from './digest.ts';
import type { PauseFields } from './pause-period.ts';
import { annotation } from './reload.ts';

/** What a workload was restarted for, or was seen fresh against: one for each config object that it uses. */
export interface Ack {
  /** `<key id>:<digest>` of the used keys. */
  readonly digest: string;
  /** Which keys the digest covers; another projection is another ack, not another content. */
  readonly projection: string;
  /** The config object's uid and resourceVersion as read. */
  readonly uid: string;
  readonly resourceVersion: string;
}

/** No content has this digest: 256 bits take 43 letters. */
const deletedDigest = 'deleted';

/** The ack of a deletion. It keeps uid and version of what was deleted, so that a cache that still shows that object is known to lag. */
export function ackDeletion(before: Ack, projection: string): Ack {
  return { ...before, digest: `${keyIdOf(before.digest)}:${deletedDigest}`, projection };
}

export function saysDeleted({ digest }: Ack): boolean {
  return digest.endsWith(`:${deletedDigest}`);
}

/** Acks by `Secret/<name>` or `ConfigMap/<name>`; all of the workload's own namespace. */
export type Acks = Readonly<Record<string, Ack>>;

/** The value of the restart key: `n` rises with each restart, so no earlier template is ever written again. */
export interface RestartKey {
  readonly n: number;
  readonly acks: Acks;
}

/** The text of a projection in an ack: `*`, or the sorted keys (data keys have no comma). */
export function projectionText(keys: Projection): string {
  return keys === 'all' ? '*' : keys.join(',');
}

/** JSON with sorted names and no time: `{"n":2,"for":{"Secret/db":["<digest>","<projection>","<uid>","<resourceVersion>"]}}`. */
export function formatRestartKey(key: RestartKey): string {
  const names = Object.keys(key.acks).sort();
  const acks = names.map((name) => [name, tuple(key.acks[name])] as const);
  return JSON.stringify({ n: key.n, for: Object.fromEntries(acks) });
}

/** Undefined when the text is not a restart key: somebody wrote it by hand, which counts as lost. */
export function parseRestartKey(text: string | undefined): RestartKey | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value['n'] !== 'number' || !Number.isSafeInteger(value['n'])) return undefined;
  const acks = parseAcks(value['for']);
  return acks === undefined ? undefined : { n: value['n'], acks };
}

/** Acks from their JSON form; undefined when malformed. Also used by the ledger's records. */
export function parseAcks(value: unknown): Acks | undefined {
  if (!isRecord(value)) return undefined;
  const acks: [string, Ack][] = [];
  for (const [name, fields] of Object.entries(value)) {
    if (!Array.isArray(fields) || fields.length !== 4 || !fields.every((field) => typeof field === 'string'))
      return undefined;
    const [digest, projection, uid, resourceVersion] = fields as [string, string, string, string];
    acks.push([name, { digest, projection, uid, resourceVersion }]);
  }
  return Object.fromEntries(acks);
}

export function tuple(ack: Ack | undefined): readonly string[] {
  return ack === undefined ? [] : [ack.digest, ack.projection, ack.uid, ack.resourceVersion];
}

const unpaused: PauseFields = { metadata: {}, spec: {} };

/** A JSON merge patch that writes the restart key and a pause, and nothing else, if the workload is still at `resourceVersion`. */
export function restartPatch(key: RestartKey, resourceVersion: string, pause: PauseFields = unpaused): object {
  return {
    metadata: { resourceVersion, ...pause.metadata },
    spec: {
      ...pause.spec,
      template: { metadata: { annotations: { [annotation.restartedFor]: formatRestartKey(key) } } },
    },
  };
}

/**
 * For an Argo Rollout: its controller replaces, without a new revision, the pods that began before `restartAt`, as soon as that has
 * come. The key stays on the Rollout itself. `at` in milliseconds since the epoch.
 */
export function restartAtPatch(key: RestartKey, resourceVersion: string, at: number): object {
  const annotations = { [annotation.restartedFor]: formatRestartKey(key) };
  return { metadata: { resourceVersion, annotations }, spec: { restartAt: restartTime(at) } };
}

/** RFC 3339 in whole seconds, rounded up: a pod that began within this second must not be spared. */
export function restartTime(at: number): string {
  return new Date(Math.ceil(at / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

/** Tells contents apart that Reloader's hash does not: for a pod template, the same for the same content. */
export function contentMark(key: RestartKey): string {
  const names = Object.keys(key.acks).sort();
  const text = JSON.stringify(names.map((name) => [name, ...tuple(key.acks[name])]));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Of the Job that a CronJob's restart creates: the same for the same content. Job names end at 63 characters, names of CronJobs at 52. */
export function runName(cronJob: string, { uid, key }: { readonly uid: string; readonly key: RestartKey }): string {
  const names = Object.keys(key.acks).sort();
  const text = JSON.stringify([uid, names.map((name) => [name, ...tuple(key.acks[name])])]);
  return `${cronJob}-${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
