// Proposals and a source's files -> the edited files, and what cannot be recorded with the reason.
import type { NotRecordable } from '../core/decide-source.ts';
import { separateDeclined } from '../core/decide-source.ts';
import type { PullRequest } from '../core/forge.ts';
import type { Change, Proposal } from '../core/record.ts';
import { wantedChanges } from '../core/record.ts';
import { setAnnotation } from './edit.ts';
import type { LocateRefusal, SurveyedFile } from './locate.ts';
import { locateWorkload } from './locate.ts';

export interface PlanInput {
  readonly survey: readonly SurveyedFile[];
  readonly proposals: readonly Proposal[];
  /** The namespace meant where a manifest names none. */
  readonly namespace: string;
  readonly pulls: readonly PullRequest[];
}

export interface Plan {
  readonly changes: readonly Change[];
  readonly declined: readonly Change[];
  readonly notRecordable: readonly NotRecordable[];
  /** Path -> the file's whole new text, changed files only. */
  readonly files: ReadonlyMap<string, string>;
}

export function planEdits(input: PlanInput): Plan {
  const texts = new Map(input.survey.map((file) => [file.path, file.text]));
  const files = new Map<string, string>();
  const plan = { changes: [] as Change[], declined: [] as Change[], notRecordable: [] as NotRecordable[], files };
  for (const proposal of input.proposals) {
    const location = locateWorkload(input.survey, proposal.workload, input.namespace);
    if (location.kind === 'refused') {
      if (wantedChanges({}, proposal).length === 0) continue; // Nothing was to be written anyway.
      plan.notRecordable.push({
        workload: proposal.workload,
        code: codeOf(location.refusal),
        reason: location.refusal,
        detail: location.detail,
      });
      continue;
    }
    const { wanted, declined } = separateDeclined(wantedChanges(location.annotations, proposal), input.pulls);
    plan.declined.push(...declined);
    for (const change of wanted) {
      const text = files.get(location.path) ?? texts.get(location.path) ?? '';
      const edit = setAnnotation(text, location.place, { key: change.key, value: change.checksum.value });
      if (edit.kind === 'edited') {
        files.set(location.path, edit.text);
        plan.changes.push(change);
      }
      if (edit.kind === 'refused') {
        plan.notRecordable.push({
          workload: proposal.workload,
          code: 'manifest-not-editable',
          reason: edit.refusal,
          detail: `${location.path} cannot be edited safely`,
        });
      }
    }
  }
  return plan;
}

function codeOf(refusal: LocateRefusal): NotRecordable['code'] {
  switch (refusal) {
    case 'not-found':
      return 'manifest-not-found';
    case 'unreadable':
      return 'manifest-unreadable';
    case 'ambiguous':
    case 'signed':
    case 'rendered-by-helm':
    case 'rendered-by-kustomize':
      return 'manifest-not-editable';
  }
}
