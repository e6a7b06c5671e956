// An Application as the API server gives it, in our words. Whatever cannot be said is in `problems`, by place and reason.
import type { EngineRef } from '../server/core/engine.ts';
import type { LeaveRule } from '../server/core/leave-rule.ts';
import { readDestination, type Destination } from './destination.ts';
import { readIgnores } from './ignores.ts';
import { readOperation, readResourceId, resourceKey, type Operation, type ResourceId } from './operation.ts';
import { isSamePlace, readApplied, type PartlyApplied } from './revision.ts';
import { isFields, Problems, Section, type Problem } from './section.ts';
import { checkRefs, readSource, type ApplicationSource, type SourceGiven } from './source.ts';
import { listSpecSources, placeOf, type Shape, type SpecSources } from './spec-source.ts';
import { readSyncPolicy, type SyncPolicy } from './sync-policy.ts';

export interface Application {
  readonly ref: EngineRef & { readonly engine: 'argocd'; readonly kind: 'Application' };
  readonly uid: string;
  readonly project: string;
  /** Namespace of the control plane that keeps the status; undefined: it does not say. */
  readonly controllerNamespace: string | undefined;
  readonly deleting: boolean;
  readonly destination: Destination;
  readonly shape: Shape;
  readonly sources: readonly ApplicationSource[];
  /** What each of them was read from, to be read again with its overrides. */
  readonly given: readonly SourceGiven[];
  readonly partly: PartlyApplied | undefined;
  readonly compared: Compared;
  readonly operation: Operation;
  readonly policy: SyncPolicy;
  /** What of its Secrets and ConfigMaps it does not compare. */
  readonly ignores: readonly LeaveRule[];
  readonly resources: ManagedResources;
  /** Types of conditions that stop a sync, such as ComparisonError. */
  readonly errors: readonly string[];
  readonly problems: readonly Problem[];
}

/** What Argo CD last compared, which need not be what is applied. */
export interface Compared {
  readonly status: 'Synced' | 'OutOfSync' | 'Unknown' | 'never';
  readonly revisions: readonly string[];
}

export interface ManagedResource extends ResourceId {
  /** Git does not declare it any more. */
  readonly requiresPruning: boolean;
  readonly hook: boolean;
}

export interface ManagedResources {
  /** By `resourceKey`. */
  readonly byKey: ReadonlyMap<string, ManagedResource>;
  /** `cut`: there are more than are read. `absent`: the status has none yet. */
  readonly extent: 'all' | 'cut' | 'absent';
}

export type ApplicationReading =
  | { readonly kind: 'application'; readonly application: Application }
  | { readonly kind: 'unreadable'; readonly reason: 'not-an-application' | 'name-missing' };

/** Never throws, whatever it is given. */
export function readApplication(value: unknown): ApplicationReading {
  if (!isFields(value)) return { kind: 'unreadable', reason: 'not-an-application' };
  const problems = new Problems();
  const root = new Section(value, '', problems);
  const isOurs = root.text('kind') === 'Application' && root.text('apiVersion')?.startsWith('argoproj.io/') === true;
  if (!isOurs) return { kind: 'unreadable', reason: 'not-an-application' };
  const metadata = root.section('metadata');
  const [name, namespace] = [metadata?.text('name'), metadata?.text('namespace')];
  if (metadata === undefined || name === undefined || namespace === undefined) {
    return { kind: 'unreadable', reason: 'name-missing' };
  }
  const status = root.section('status');
  const spec = root.section('spec') ?? new Section({}, 'spec', problems);
  const operation = readOperation(root, status);
  const application: Application = {
    ref: { engine: 'argocd', kind: 'Application', namespace, name },
    uid: metadata.text('uid') ?? '',
    project: spec.text('project') ?? 'default',
    controllerNamespace: status?.text('controllerNamespace'),
    deleting: metadata.has('deletionTimestamp'),
    destination: readDestination(spec),
    ...readSources(spec, status, operation),
    compared: readCompared(status),
    operation,
    policy: readSyncPolicy(spec, metadata.textMap('annotations')),
    ignores: readIgnores(spec),
    resources: readResources(status),
    errors: (status?.sections('conditions') ?? [])
      .flatMap((condition) => condition.text('type') ?? [])
      .filter((type) => type.endsWith('Error')),
    problems: problems.list,
  };
  return { kind: 'application', application };
}

/** Names the Application in tracking ids, labels and `.argocd-source-<...>.yaml` (argo-cd types.go, InstanceName). */
export function instanceName({ ref, controllerNamespace }: Application, controlPlane: string): string {
  return ref.namespace === (controllerNamespace ?? controlPlane) ? ref.name : `${ref.namespace}_${ref.name}`;
}

function readSources(
  spec: Section,
  status: Section | undefined,
  operation: Operation,
): Pick<Application, 'shape' | 'sources' | 'given' | 'partly'> {
  const listed = listSpecSources(spec);
  const applied = readApplied(status, operation, listed.shape);
  const tools = detectTools(status, listed);
  const given = listed.sources.map((source, index) => ({
    source,
    applied: applied.of(source, index),
    detected: tools[index],
  }));
  const sources = given.map(({ source, applied: revision, detected }) => readSource(source, revision, detected));
  return { shape: listed.shape, sources: checkRefs(sources, spec), given, partly: applied.partly };
}

/** What it found at the compared source, if that is still this one. Of a hydrator it is the tool of the generated manifests. */
function detectTools(status: Section | undefined, { shape, sources }: SpecSources): readonly (string | undefined)[] {
  if (status === undefined || shape === 'hydrated') return [];
  const compared = status.section('sync')?.section('comparedTo');
  const single = compared?.section('source');
  const then = shape === 'multiple' ? (compared?.sections('sources') ?? []) : single === undefined ? [] : [single];
  const found = shape === 'multiple' ? status.alignedTexts('sourceTypes') : [status.text('sourceType')];
  return sources.map(({ place }, index) => {
    const at = then[index];
    return at === undefined || isSamePlace(placeOf(at), place) ? found[index] : undefined;
  });
}

function readCompared(status: Section | undefined): Compared {
  const sync = status?.section('sync');
  const text = sync?.text('status');
  if (sync === undefined || text === undefined) return { status: 'never', revisions: [] };
  const known = (['Synced', 'OutOfSync', 'Unknown'] as const).find((word) => word === text);
  const several = sync.alignedTexts('revisions');
  const single = sync.text('revision');
  return {
    status: known ?? sync.problem('field-malformed', 'status') ?? 'Unknown',
    revisions: several.length > 0 ? several : single === undefined ? [] : [single],
  };
}

function readResources(status: Section | undefined): ManagedResources {
  if (status === undefined || !status.has('resources')) return { byKey: new Map(), extent: 'absent' };
  const entries = status.sections('resources').flatMap((section): [string, ManagedResource][] => {
    const id = readResourceId(section);
    if (id === undefined) return [];
    const resource = { ...id, requiresPruning: section.flag('requiresPruning'), hook: section.flag('hook') };
    return [[resourceKey(id), resource]];
  });
  return { byKey: new Map(entries), extent: status.isCut('resources') ? 'cut' : 'all' };
}
