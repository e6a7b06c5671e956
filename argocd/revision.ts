// Which revision of each source is applied. `status.sync.revision` is only what was compared; what was applied stands in the last entry
// of the history, or in an operation that ended well after it (argo-cd controller/sync.go; partial syncs leave no history).
import type { Gap } from './gap.ts';
import { readAttempt, type Attempt, type Operation } from './operation.ts';
import { hasSameOptions } from './same-options.ts';
import type { Section } from './section.ts';
import { specSource, type Shape, type SourcePlace, type SpecSource } from './spec-source.ts';

export type AppliedRevision =
  | { readonly kind: 'applied'; readonly revision: string; readonly by: 'history' | 'operation' | 'hydrator' }
  | {
      readonly kind: 'unknown';
      readonly reason: Extract<Gap, 'never-synced' | 'revision-missing' | 'source-changed' | 'dry-revision-unknown'>;
    };

/** Resources that are at other revisions than the rest, because of an operation that is or was not the whole one. */
export interface PartlyApplied {
  readonly why: 'running' | 'failed' | 'selective';
  readonly revisions: readonly string[];
}

export interface AppliedRevisions {
  readonly of: (source: SpecSource, index: number) => AppliedRevision;
  readonly partly: PartlyApplied | undefined;
}

export function readApplied(status: Section | undefined, operation: Operation, shape: Shape): AppliedRevisions {
  const entry = status?.sections('history').at(-1);
  const history = entry === undefined ? undefined : { attempt: readAttempt(entry), at: entry.time('deployedAt') ?? 0 };
  const isWhole = operation.phase === 'Succeeded' && !operation.selective && !operation.dryRun;
  const isNewer = (operation.finishedAt ?? 0) > (history?.at ?? -1);
  const byOperation = isWhole && isNewer && operation.attempt !== undefined;
  const whole = byOperation ? operation.attempt : history?.attempt;
  const by = byOperation ? 'operation' : 'history';
  return {
    of: (source, index) =>
      shape === 'hydrated' ? readDry(source, status, whole) : judgeApplied({ source, index, whole, by }),
    partly: isWhole ? undefined : findPartly(operation, whole),
  };
}

interface Question {
  readonly source: SpecSource;
  readonly index: number;
  readonly whole: Attempt | undefined;
  readonly by: 'history' | 'operation';
}

function judgeApplied({ source, index, whole, by }: Question): AppliedRevision {
  if (whole === undefined) return { kind: 'unknown', reason: 'never-synced' };
  const revision = whole.revisions[index];
  if (revision === undefined || revision === '') return { kind: 'unknown', reason: 'revision-missing' };
  if (!isStill(source, whole.sources[index])) return { kind: 'unknown', reason: 'source-changed' };
  return { kind: 'applied', revision, by };
}

/** What a hydrator applies is a commit that it made itself; its status knows from which dry one for the last of them only. */
function readDry(source: SpecSource, status: Section | undefined, whole: Attempt | undefined): AppliedRevision {
  if (whole === undefined) return { kind: 'unknown', reason: 'never-synced' };
  const last = status?.section('sourceHydrator')?.section('lastSuccessfulOperation');
  const dry = last?.text('drySHA');
  const hydrated = last?.text('hydratedSHA');
  if (dry === undefined || hydrated === undefined || hydrated !== whole.revisions[0]) {
    return { kind: 'unknown', reason: 'dry-revision-unknown' };
  }
  const then = last?.section('sourceHydrator')?.section('drySource');
  return isStill(source, then && specSource(then))
    ? { kind: 'applied', revision: dry, by: 'hydrator' }
    : { kind: 'unknown', reason: 'source-changed' };
}

/** What was applied is rendered as the spec says now; an entry that keeps no source says nothing against it. */
function isStill({ place, section }: SpecSource, then: SpecSource | undefined): boolean {
  return then === undefined || (isSamePlace(place, then.place) && hasSameOptions(section, then.section));
}

export function isSamePlace(a: SourcePlace, b: SourcePlace): boolean {
  return a.repository === b.repository && a.path === b.path && a.chart === b.chart;
}

function findPartly(operation: Operation, whole: Attempt | undefined): PartlyApplied | undefined {
  const revisions = operation.attempt?.revisions ?? [];
  if (operation.dryRun || revisions.length === 0 || isSameText(revisions, whole?.revisions ?? [])) return undefined;
  if (operation.phase === 'Succeeded') return operation.selective ? { why: 'selective', revisions } : undefined;
  const isRunning = operation.phase === 'Running' || operation.phase === 'Terminating';
  return { why: isRunning && !operation.retrying ? 'running' : 'failed', revisions };
}

export function isSameText(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
