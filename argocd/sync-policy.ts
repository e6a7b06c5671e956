// When Argo CD syncs by itself, and those sync options that decide what becomes of a live change.
import type { Section } from './section.ts';

export interface SyncPolicy {
  /** It syncs by itself when it is out of sync. */
  readonly automated: boolean;
  /** It also takes back live changes at a revision that it has applied. */
  readonly selfHeal: boolean;
  readonly options: ReadonlySet<SyncOption>;
  /** `argocd.argoproj.io/skip-reconcile`: the Application is not looked at. */
  readonly skipsReconcile: boolean;
}

const syncOptions = [
  'Replace',
  'Force',
  'ServerSideApply',
  'RespectIgnoreDifferences',
  'ApplyOutOfSyncOnly',
  'ClientSideApplyMigration',
] as const;
export type SyncOption = (typeof syncOptions)[number];

/** On unless it is turned off. */
const onByDefault: ReadonlySet<SyncOption> = new Set(['ClientSideApplyMigration']);

export function readSyncPolicy(spec: Section, annotations: ReadonlyMap<string, string>): SyncPolicy {
  const policy = spec.section('syncPolicy');
  const automated = policy?.section('automated');
  const isAutomated = automated !== undefined && automated.value('enabled') !== false;
  return {
    automated: isAutomated,
    selfHeal: isAutomated && automated.flag('selfHeal'),
    options: readSyncOptions(policy?.texts('syncOptions') ?? []),
    skipsReconcile: annotations.get('argocd.argoproj.io/skip-reconcile') === 'true',
  };
}

/** Of one object: the annotation on it, live or declared. */
export function readObjectOptions(annotations: ReadonlyMap<string, string>): ReadonlySet<SyncOption> {
  return readSyncOptions((annotations.get('argocd.argoproj.io/sync-options') ?? '').split(','));
}

/** Of the Application. The last one of a name counts; what is no `name=value`, or has another name, is no matter of ours. */
export function readSyncOptions(texts: readonly string[]): ReadonlySet<SyncOption> {
  const options = new Set(onByDefault);
  for (const text of texts) {
    const [name, value] = text.split('=').map((part) => part.trim());
    const option = syncOptions.find((known) => known === name);
    if (option === undefined) continue;
    if (value === 'true') options.add(option);
    else options.delete(option);
  }
  return options;
}
