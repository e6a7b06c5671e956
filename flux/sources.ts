// GitRepository, OCIRepository, Bucket and ExternalArtifact: where manifests come from, and whether Git can be compared with them.
import type { EngineRef } from '../server/core/engine.ts';
import { type Fields, type Reading, readResource } from './fields.ts';
import { readGitUrl } from './git-url.ts';
import { parseRevision, type Revision } from './revision.ts';

export const sourceGroup = 'source.toolkit.fluxcd.io';
export const sourceKinds = ['GitRepository', 'OCIRepository', 'Bucket', 'ExternalArtifact'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** Why what Flux applies cannot be looked up in Git. */
export const sourceReasons = [
  'oci-artifact',
  'bucket',
  'external-artifact',
  'source-unreadable',
  'url-unusable',
  /** The artifact holds files of other repositories. */
  'includes',
  'submodules',
  'no-artifact',
  'artifact-not-a-commit',
] as const;
export type SourceReason = (typeof sourceReasons)[number];

export type Comparability =
  | { readonly kind: 'comparable'; readonly repository: string }
  | { readonly kind: 'not-comparable'; readonly reason: SourceReason };

export interface FluxSource {
  readonly ref: EngineRef & { readonly kind: SourceKind };
  readonly suspended: boolean;
  /** Without credentials; of a GitRepository or OCIRepository that can be read. */
  readonly url: string | undefined;
  /** What is followed; of a Bucket or ExternalArtifact, nothing. */
  readonly follows: Followed | undefined;
  readonly artifact: Artifact | undefined;
  /** Secret with credentials, in the source's namespace; usually they may only read. */
  readonly secretName: string | undefined;
  readonly provider: string | undefined;
  /** Unsigned commits make this source fail. */
  readonly verified: boolean;
  /** The artifact has only some files of the commit: whoever reads the commit must leave out the same. */
  readonly ignore: string | undefined;
  readonly sparseCheckout: readonly string[];
  readonly comparability: Comparability;
}

export interface Followed {
  readonly by: 'branch' | 'tag' | 'semver' | 'name' | 'commit' | 'digest';
  readonly value: string;
  /** The branch on which a commit is looked for. */
  readonly branch?: string;
}

/** What source-controller offers now; which of it is applied, the Kustomization tells. */
export interface Artifact {
  /** As Flux writes it, to be compared as text. */
  readonly revision: string;
  readonly parsed: Revision;
  readonly digest: string | undefined;
  /** What an artifact says it was built from (`org.opencontainers.image.*`): a claim of whoever built it. */
  readonly origin: { readonly repository: string | undefined; readonly revision: string | undefined };
}

/** More than any of Flux's own examples by far. */
const listMost = 1_000;

export function readSource(value: unknown): Reading<FluxSource> {
  return readResource(value, { group: sourceGroup, kinds: sourceKinds }, (root, identity) => {
    const spec = root.map('spec');
    const artifact = readArtifact(root.map('status'));
    const git = identity.kind === 'GitRepository';
    const url = git ? readGitUrl(spec, 'url') : undefined;
    return {
      ref: { engine: 'flux', ...identity },
      suspended: spec.flag('suspend'),
      url: git ? url : spec.text('url'),
      follows: readFollowed(spec, identity.kind),
      artifact,
      secretName: spec.map('secretRef').text('name'),
      provider: spec.text('provider'),
      verified: spec.has('verify'),
      ignore: spec.text('ignore'),
      sparseCheckout: spec.texts('sparseCheckout', listMost),
      comparability: judge(identity.kind, { spec, url, artifact }),
    };
  });
}

/** Of several, Flux takes the last in the order branch, tag, semver, name, commit; of an OCI artifact tag, semver, digest. */
function readFollowed(spec: Fields, kind: SourceKind): Followed | undefined {
  const ref = spec.map('ref');
  const first = (order: readonly Followed['by'][], otherwise: Followed): Followed | undefined => {
    const found = order.map((by) => ({ by, value: ref.text(by) })).find(({ value }) => value !== undefined);
    if (!spec.isSound('ref')) return undefined;
    return found?.value === undefined ? otherwise : { by: found.by, value: found.value };
  };
  if (kind === 'OCIRepository') return first(['digest', 'semver', 'tag'], { by: 'tag', value: 'latest' });
  if (kind !== 'GitRepository') return undefined;
  const followed = first(['commit', 'name', 'semver', 'tag', 'branch'], { by: 'branch', value: 'master' });
  const branch = ref.text('branch');
  return followed?.by === 'commit' && branch !== undefined ? { ...followed, branch } : followed;
}

function readArtifact(status: Fields): Artifact | undefined {
  if (!status.has('artifact')) return undefined;
  const artifact = status.map('artifact');
  const revision = artifact.need('revision');
  if (revision === '') return undefined;
  const metadata = artifact.map('metadata');
  return {
    revision,
    parsed: parseRevision(revision),
    digest: artifact.text('digest'),
    origin: {
      repository: readGitUrl(metadata, 'org.opencontainers.image.source'),
      revision: metadata.text('org.opencontainers.image.revision'),
    },
  };
}

interface Judged {
  readonly spec: Fields;
  readonly url: string | undefined;
  readonly artifact: Artifact | undefined;
}

const notGit = { OCIRepository: 'oci-artifact', Bucket: 'bucket', ExternalArtifact: 'external-artifact' } as const;

function judge(kind: SourceKind, { spec, url, artifact }: Judged): Comparability {
  const not = (reason: SourceReason): Comparability => ({ kind: 'not-comparable', reason });
  if (kind !== 'GitRepository') return not(notGit[kind]);
  const submodules = spec.flag('recurseSubmodules');
  const includes = spec.maps('include', listMost);
  if (url === undefined) return not('url-unusable');
  if (!spec.isSound('ref', 'ignore', 'sparseCheckout', 'include', 'recurseSubmodules')) return not('source-unreadable');
  if (includes.length > 0) return not('includes');
  if (submodules) return not('submodules');
  if (artifact === undefined) return not('no-artifact');
  return artifact.parsed.kind === 'commit' ? { kind: 'comparable', repository: url } : not('artifact-not-a-commit');
}
