// Why an Application is not rendered: one sentence for a person, never with a value.
import type { NotComparable } from '../server/core/drift.ts';
import type { RenderRefusal } from '../server/core/rendering.ts';
import type { Gap } from './gap.ts';

const sentences: Readonly<Record<Gap, string>> = {
  'not-an-application': 'it is no Application',
  'name-missing': 'it has no name',
  'field-malformed': 'a field of the source cannot be read',
  'list-too-long': 'a list is too long',
  'more-problems': 'too much of it cannot be read',
  'source-missing': 'it has no source',
  'repository-missing': 'a source has no repoURL',
  'credentials-in-url': 'a source has credentials in its address',
  'path-missing': 'a source has no path',
  'path-outside': 'the path of a source leaves its repository',
  'tool-ambiguous': 'a source configures more than one tool',
  plugin: 'a config management plugin renders it, which only Argo CD can run',
  'ref-twice': 'two sources have the same ref',
  'ref-unknown': 'a value file names a ref that no source has',
  'ref-to-chart': 'a value file names a chart as if it were a repository',
  'value-file-outside': 'a value file is outside of its repository',
  'never-synced': 'it was never synced',
  'revision-missing': 'the status does not say which revision is applied',
  'source-changed': 'the spec has another source, or other options for it, than what is applied',
  'dry-revision-unknown': 'the dry revision of what is applied is unknown',
  'destination-missing': 'it has no destination',
  'destination-ambiguous': 'its destination has both a server and a name',
  'project-unseen': 'its AppProject is not visible',
  'source-not-permitted': 'its AppProject does not allow one of its sources',
  'destination-not-permitted': 'its AppProject does not allow its destination',
  'namespace-not-permitted': 'its AppProject does not allow Applications in its namespace',
};

const unreadable: ReadonlySet<Gap> = new Set(['field-malformed', 'list-too-long', 'more-problems']);

export function refuseGap(gap: Gap): RenderRefusal {
  return refuse(sentences[gap], unreadable.has(gap) ? 'unreadable' : 'not-rendered');
}

export function refuse(detail: string, reason: NotComparable = 'not-rendered'): RenderRefusal {
  return { kind: 'not-rendered', reason, detail };
}
