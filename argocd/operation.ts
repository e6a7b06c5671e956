// The operation of an Application: what is asked for, what runs, and which resources it has handled (status.operationState).
import type { Section } from './section.ts';
import { specSource, type SpecSource } from './spec-source.ts';

const phases = ['Running', 'Terminating', 'Failed', 'Error', 'Succeeded'] as const;

/** Revisions as Argo CD writes them: `revision` for one source, `revisions` for several; likewise the sources they are of. */
export interface Attempt {
  readonly revisions: readonly string[];
  readonly sources: readonly SpecSource[];
}

/** Group and namespace are empty for the core group and for what has no namespace. */
export interface ResourceId {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Operation {
  /** none: there was never one. unknown: a word that this version does not know. */
  readonly phase: (typeof phases)[number] | 'none' | 'unknown';
  /** One is asked for in the Application and may not have begun yet. */
  readonly requested: boolean;
  /** The attempt failed and the next one is awaited: Running, and yet finished. */
  readonly retrying: boolean;
  readonly blockedByWindow: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** The last stage that has begun. */
  readonly stage: 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail' | undefined;
  /** It concerns some resources only, as each self-heal does: no hooks, no history. */
  readonly selective: boolean;
  readonly dryRun: boolean;
  /** Of the result, or of what was asked for while there is no result yet. */
  readonly attempt: Attempt | undefined;
  /** In the result, by `resourceKey`. */
  readonly handled: ReadonlySet<string>;
  /** What a selective one names, by `resourceKey`; without a namespace it is any. */
  readonly selected: ReadonlySet<string>;
}

/** Names of Kubernetes hold no slash. */
export function resourceKey({ group, kind, namespace, name }: ResourceId): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

export function splitResourceKey(key: string): ResourceId {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return { group, kind, namespace, name };
}

/** Undefined when it has no kind or no name, which is a problem. */
export function readResourceId(section: Section): ResourceId | undefined {
  const [kind, name] = [section.text('kind'), section.text('name')];
  if (kind === undefined || name === undefined) return section.problem('field-malformed');
  return { group: section.text('group') ?? '', kind, namespace: section.text('namespace') ?? '', name };
}

export function readOperation(application: Section, status: Section | undefined): Operation {
  const state = status?.section('operationState');
  const sync = state?.section('operation')?.section('sync');
  const result = state?.section('syncResult');
  const resources = result?.sections('resources') ?? [];
  const phase = readPhase(state);
  const chosen = sync?.sections('resources') ?? [];
  return {
    phase,
    requested: application.has('operation'),
    retrying: phase === 'Running' && state?.has('finishedAt') === true,
    // The one sign of it (argo-cd controller/sync.go, SyncAppState).
    blockedByWindow: phase === 'Running' && state?.text('message')?.startsWith(blockedMessage) === true,
    startedAt: state?.time('startedAt'),
    finishedAt: state?.time('finishedAt'),
    stage: readStage(resources),
    selective: chosen.length > 0,
    dryRun: sync?.flag('dryRun') ?? false,
    attempt: readLatest(result, sync),
    handled: keysOf(resources),
    selected: keysOf(chosen),
  };
}

const blockedMessage = 'Sync operation blocked by sync window';

function readPhase(state: Section | undefined): Operation['phase'] {
  if (state === undefined) return 'none';
  const text = state.text('phase');
  return phases.find((phase) => phase === text) ?? state.problem('field-malformed', 'phase') ?? 'unknown';
}

const stages = ['SyncFail', 'PostSync', 'Sync', 'PreSync'] as const;

function readStage(resources: readonly Section[]): Operation['stage'] {
  const seen = new Set(resources.map((resource) => resource.text('syncPhase')));
  return stages.find((stage) => seen.has(stage));
}

/** The result has no revision before its first step. */
function readLatest(result: Section | undefined, sync: Section | undefined): Attempt | undefined {
  const done = result === undefined ? undefined : readAttempt(result);
  if (done !== undefined && done.revisions.length > 0) return done;
  return sync === undefined ? done : readAttempt(sync);
}

function keysOf(sections: readonly Section[]): ReadonlySet<string> {
  return new Set(
    sections.flatMap((section) => {
      const id = readResourceId(section);
      return id === undefined ? [] : [resourceKey(id)];
    }),
  );
}

export function readAttempt(section: Section): Attempt {
  const several = section.alignedTexts('revisions');
  const single = section.text('revision');
  const sources = section.sections('sources');
  const source = section.section('source');
  return {
    revisions: several.length > 0 ? several : single === undefined ? [] : [single],
    sources: (sources.length > 0 ? sources : source === undefined ? [] : [source]).map(specSource),
  };
}
