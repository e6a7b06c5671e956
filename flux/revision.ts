// What a revision of Flux says. Sources: fluxcd/pkg git/git.go and apis/meta; the forms before Flux 0.35 are read too.

/** `ref` is the branch or tag as Flux writes it, `refs/heads/main` where spec.ref.name was used. */
export type Revision =
  | { readonly kind: 'commit'; readonly ref: string | undefined; readonly commit: string }
  /** Of an OCI artifact or a bucket's content: no commit. */
  | { readonly kind: 'digest'; readonly ref: string | undefined; readonly digest: string }
  /** A chart version, a hash that Flux does not name (`<unknown>`), or a form that we do not know. */
  | { readonly kind: 'other' };

const patterns = {
  commit: /^(?:(.+)@)?sha1:([0-9a-f]{40})$/,
  legacy: /^(.+)\/([0-9a-f]{40})$/,
  digest: /^(?:(.+)@)?(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/,
};

/** A branch may hold `@` and `/`: the last one divides. */
export function parseRevision(text: string): Revision {
  const [, ref, commit] = patterns.commit.exec(text) ?? patterns.legacy.exec(text) ?? [];
  if (commit !== undefined) return { kind: 'commit', ref, commit };
  const [, tag, digest] = patterns.digest.exec(text) ?? [];
  return digest === undefined ? { kind: 'other' } : { kind: 'digest', ref: tag, digest };
}

/** The commit that a revision names, if it names one. */
export function commitOf(text: string | undefined): string | undefined {
  const revision = parseRevision(text ?? '');
  return revision.kind === 'commit' ? revision.commit : undefined;
}
