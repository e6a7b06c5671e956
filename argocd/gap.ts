// Why something about an Application cannot be said: a closed list. The word is the same in every answer, log and test name.

export type Gap =
  // the object
  | 'not-an-application'
  | 'name-missing'
  | 'field-malformed'
  | 'list-too-long'
  | 'more-problems'
  // a source
  | 'source-missing'
  | 'repository-missing'
  /** It was removed: Lockstep uses its own credentials, and an address is written into logs. */
  | 'credentials-in-url'
  | 'path-missing'
  /** Absolute, or above the repository's root. */
  | 'path-outside'
  /** More than one tool is configured; Argo CD refuses it too. */
  | 'tool-ambiguous'
  /** A config management plugin renders it, which only Argo CD's repo-server can run. */
  | 'plugin'
  | 'ref-twice'
  /** A value file names a `ref` that no source has. */
  | 'ref-unknown'
  /** A value file names a chart as if it were a repository. */
  | 'ref-to-chart'
  | 'value-file-outside'
  // what is applied
  | 'never-synced'
  | 'revision-missing'
  /** What was applied came from another repository, path or chart, or was rendered with other options, than the spec says now. */
  | 'source-changed'
  /** The applied commit is not the one whose dry revision is known. */
  | 'dry-revision-unknown'
  // where
  | 'destination-missing'
  | 'destination-ambiguous'
  // what its AppProject allows
  | 'project-unseen'
  | 'source-not-permitted'
  | 'destination-not-permitted'
  | 'namespace-not-permitted';
