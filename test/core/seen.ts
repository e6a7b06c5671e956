// A workload as the watches see it, in step and unremarkable: tests say what is different.
import type { SeenWorkload } from '../../server/core/seen.ts';

type Same =
  | 'problems'
  | 'restartKey'
  | 'marks'
  | 'annotations'
  | 'podSelector'
  | 'currentRevision'
  | 'podsSince'
  | 'restart'
  | 'dormant'
  | 'running'
  | 'paused'
  | 'waitsForDelete'
  | 'rolledOut'
  | 'failed'
  | 'deleting';

export const unremarkable: Pick<SeenWorkload, Same> = {
  problems: [],
  restartKey: undefined,
  marks: [],
  annotations: {},
  podSelector: '',
  currentRevision: '1',
  podsSince: undefined,
  restart: 'template',
  dormant: undefined,
  running: false,
  paused: false,
  waitsForDelete: false,
  rolledOut: true,
  failed: false,
  deleting: false,
};
