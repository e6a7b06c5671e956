// Reads what Reloader left on a pod template, and whether it was Reloader that wrote it.
import { lastReloadedFrom, listMarks, type TemplateMark } from '../core/reloader-marks.ts';
import { reloaderFieldManager } from '../core/reloader-patch.ts';
import type { ReloaderPodSpec } from '../core/reloader-references.ts';
import type { SeenMark } from '../core/seen.ts';
import type { Metadata } from './ingest.ts';
import type { PodTemplateBody } from './workload-body.ts';

export function parseMarks({ metadata = {}, spec }: PodTemplateBody, owner: Metadata): SeenMark[] {
  const marks = listMarks({ annotations: metadata.annotations ?? {}, spec: spec as ReloaderPodSpec });
  if (marks.length === 0) return [];
  const owned = (owner.managedFields ?? [])
    .filter(({ manager }) => manager === reloaderFieldManager)
    .map(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}))
    .join();
  return marks.map((mark) => ({ ...mark, byReloader: owned.includes(fieldOf(mark)) }));
}

/** How managedFields name it: `k:{"name":"STAKATER_DB_SECRET"}` of a list, `f:<key>` of a map. */
function fieldOf(mark: TemplateMark): string {
  return mark.by === 'annotations' ? `"f:${lastReloadedFrom}"` : `\\"${mark.variable}\\"`;
}
