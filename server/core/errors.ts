// The catalogue of everything that can go wrong in a way that a user meets, and the one class that carries it.
// Anything else that is thrown is a bug.

/** never: a person must act. after: wait a known time. backoff: may pass. fatal: cannot start (exit 2). client: the caller's fault (4xx). */
export type Retry = 'never' | 'after' | 'backoff' | 'fatal' | 'client';

/** Code -> when it is worth trying again, and what the user should do. The README's table of codes is compared with this one by a test. */
export const catalogue = {
  'config-invalid': { retry: 'fatal', advice: 'correct the named options' },
  'kubeconfig-unreadable': { retry: 'fatal', advice: 'pass --kubeconfig or set KUBECONFIG to a readable kubeconfig' },
  'api-unreachable': { retry: 'backoff', advice: 'check the address of the API server and the network between' },
  'api-unauthorized': {
    retry: 'backoff',
    advice: 'renew the credentials in the kubeconfig or the ServiceAccount token',
  },
  'api-forbidden': {
    retry: 'backoff',
    advice: 'grant the named verb on the named resource (manifests/lockstep.yaml lists them)',
  },
  'api-conflict': { retry: 'backoff', advice: 'nothing: the object changed in between and is read again' },
  'api-invalid': { retry: 'never', advice: 'read the API server’s reason; an admission policy may refuse the patch' },
  'api-not-found': { retry: 'never', advice: 'nothing when the object was deleted; else check the name' },
  'job-lost': { retry: 'never', advice: 'apply the Job again; the cause says why it could not be created' },
  'api-expired': { retry: 'backoff', advice: 'nothing: Lockstep lists again' },
  'api-throttled': { retry: 'after', advice: 'nothing: Lockstep waits as long as the API server asks' },
  'api-failed': { retry: 'backoff', advice: 'look at the API server’s log' },
  'digest-key-unusable': {
    retry: 'fatal',
    advice: 'restore the Secret lockstep-digest-key from its backup, or delete it to begin anew',
  },
  'lease-lost': {
    retry: 'fatal',
    advice: 'nothing when a pod takes over from it; else see that clocks and the API server are well',
  },
  'listen-failed': { retry: 'fatal', advice: 'free the port or choose another address' },
  'request-invalid': { retry: 'client', advice: 'correct the request as the message says' },
  'request-too-large': { retry: 'client', advice: 'send at most 3 MiB' },
  'request-throttled': { retry: 'client', advice: 'send fewer requests; Retry-After says when' },
  'route-unknown': { retry: 'client', advice: 'check the path of the URL' },
  'namespace-unwatched': {
    retry: 'client',
    advice: 'correct the name, or see --namespaces, --namespace-selector and --namespaces-to-ignore',
  },
  'not-ready': {
    retry: 'backoff',
    advice: 'wait: Lockstep has not yet seen the whole cluster; /readyz lists what is missing',
  },
  'hook-unauthorized': {
    retry: 'client',
    advice:
      'check the tenant in the URL, and that the token of Flux’s Provider equals the tenant’s key file byte for byte',
  },
  'hook-outside-tenant': { retry: 'client', advice: 'add the namespace to the tenant in the file behind --config' },
  'hook-body-invalid': { retry: 'client', advice: 'send events of a Flux Provider of type generic-hmac' },
  'hook-answer-invalid': {
    retry: 'fatal',
    advice: 'point --server at Lockstep’s Service, and use one version of both',
  },
  'hook-server-unreachable': { retry: 'fatal', advice: 'check --server, the Service and the NetworkPolicy' },
  'hook-server-refused': { retry: 'fatal', advice: 'correct the flags as the server’s message says' },
  'hook-deadline': { retry: 'never', advice: 'look at the named workloads, or give --timeout more time' },
  internal: { retry: 'backoff', advice: 'report it with the log’s stack: this is a bug' },
  'git-url-refused': { retry: 'never', advice: 'use an https or ssh URL without credentials in it' },
  'git-ref-refused': { retry: 'never', advice: 'use a plain branch name as git check-ref-format accepts it' },
  'git-path-refused': { retry: 'never', advice: 'use a relative path inside the repository' },
  'git-unreachable': { retry: 'backoff', advice: 'check the repository’s address and the network between' },
  'git-unauthorized': { retry: 'backoff', advice: 'renew the Git credentials, or grant them access to the repository' },
  'git-not-found': { retry: 'backoff', advice: 'check that the repository and the branch exist and are readable' },
  'git-push-refused': { retry: 'backoff', advice: 'allow pushes to lockstep/* branches and refs/lockstep/*' },
  'git-conflict': { retry: 'backoff', advice: 'nothing: the branch moved in between and is read again' },
  'git-too-large': { retry: 'never', advice: 'point the source at a narrower path' },
  'git-failed': {
    retry: 'backoff',
    advice: 'check the free space of the state directory and git --version (2.38 or newer)',
  },
  'pull-not-found': { retry: 'client', advice: 'list the pull requests with lockstep pr list' },
  'pull-not-mergeable': { retry: 'client', advice: 'resolve the difference on the branch with git, or close it' },
  'pull-usage': { retry: 'client', advice: 'see lockstep pr --help' },
  'manifest-not-found': { retry: 'never', advice: 'check the source’s path, or set lockstep.dev/record to off' },
  'manifest-unreadable': { retry: 'never', advice: 'correct the YAML of the named file' },
  'manifest-not-editable': {
    retry: 'never',
    advice: 'write the annotation by hand, or set lockstep.dev/record to off',
  },
  'sink-url-invalid': { retry: 'never', advice: 'correct the named variable or flag' },
  'sink-address-refused': { retry: 'never', advice: 'name a receiver that is not on the node’s own link' },
  'sink-unreachable': { retry: 'never', advice: 'check the receiver’s URL, the proxy and the NetworkPolicy' },
  'sink-refused': { retry: 'never', advice: 'look at the receiver’s log, and renew its webhook URL if it has ended' },
  'rights-missing': {
    retry: 'backoff',
    advice: 'apply manifests/lockstep.yaml; beside Reloader’s Helm chart manifests/reloader-chart-rights.yaml',
  },
  'shadow-off': { retry: 'client', advice: 'ask a Lockstep that runs with --mode=observe beside Reloader' },
  'report-answer-invalid': {
    retry: 'fatal',
    advice: 'point --server at Lockstep’s Service, and use one version of both',
  },
  'report-server-unreachable': { retry: 'fatal', advice: 'check --server, or the port-forward behind it' },
  'report-server-refused': { retry: 'fatal', advice: 'correct the flags as the server’s message says' },
  'git-revision-not-found': {
    retry: 'backoff',
    advice: 'check that the commit, branch or tag still exists; some servers give only what is on a branch or tag',
  },
  'git-tree-refused': { retry: 'never', advice: 'run git fsck on the repository and repair the named entry' },
  'render-failed': {
    retry: 'backoff',
    advice: 'check that the temporary directory is writable and has free space',
  },
} as const satisfies Record<string, { retry: Retry; advice: string }>;

export type ErrorCode = keyof typeof catalogue;

export interface ErrorFacts {
  /** What failed, on which object. No values, tokens or URLs with credentials. */
  message: string;
  cause?: unknown;
  /** Milliseconds to wait, for codes that retry `after`. */
  afterMs?: number;
  details?: Readonly<Record<string, string | number>>;
}

export class LockstepError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly afterMs: number | undefined;
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'LockstepError';
    this.code = code;
    this.retry = catalogue[code].retry;
    this.afterMs = facts.afterMs;
    this.details = facts.details ?? {};
  }

  /** What the user should do about it. */
  get advice(): string {
    return catalogue[this.code].advice;
  }
}

/** True when `error` carries this code. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is LockstepError {
  return error instanceof LockstepError && codes.includes(error.code);
}
