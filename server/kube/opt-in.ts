// What a workload's annotations ask for, and its pod template's where they count.
import type { Annotations } from '../core/annotations.ts';
import { objectKey, type WorkloadKind } from '../core/object.ts';
import { compileReload, type CompiledReload } from '../core/reload-compile.ts';
import type { ReloadRules } from '../core/reloader-keys.ts';
import type { Metadata } from './ingest.ts';
import type { ApiObject } from './reflector.ts';
import { templateOf } from './workload-body.ts';

/**
 * A run of a CronJob carries the CronJob's pod template: what is asked there is asked of the CronJob, which gets a new run. Only what is
 * written on the run itself is asked of it.
 */
export function compileOptIn(kind: WorkloadKind, object: ApiObject, rules: ReloadRules): CompiledReload {
  const { annotations = {} } = object.metadata as { annotations?: Annotations };
  if (kind === 'Job' && cronJobOf(object) !== undefined) {
    return compileReload({ kind, annotations, templateAnnotations: {} }, { ...rules, runsAllJobs: false });
  }
  const templateAnnotations = templateOf(kind, object).metadata?.annotations ?? {};
  return compileReload({ kind, annotations, templateAnnotations }, rules);
}

/** The CronJob that controls it, as text. */
export function cronJobOf(object: ApiObject): string | undefined {
  const { namespace = '', ownerReferences = [] } = object.metadata as Metadata;
  const owner = ownerReferences.find(({ kind, controller }) => kind === 'CronJob' && controller === true);
  return owner?.name === undefined ? undefined : objectKey({ kind: 'CronJob', namespace, name: owner.name });
}
