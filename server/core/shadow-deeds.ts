// Which restarts by Reloader a workload shows that it did not show before: marks that are new, and that Reloader wrote.
import { objectKey, type ConfigKind } from './object.ts';
import { deletedHash } from './reloader-hash.ts';
import { envVarName, type TemplateMark } from './reloader-marks.ts';
import type { SeenMark, SeenWorkload } from './seen.ts';

export interface FoundDeed {
  /** `Secret/db`. */
  readonly config: string;
  readonly hash: string;
}

/** `namesIn`: the config objects of a kind in the workload's namespace, to tell which one a variable stands for. */
export function findDeeds(
  before: readonly SeenMark[],
  { marks, references }: Pick<SeenWorkload, 'marks' | 'references'>,
  namesIn: (kind: ConfigKind) => Iterable<string>,
): FoundDeed[] {
  const known = new Set(before.map(identify));
  return marks.flatMap((mark): FoundDeed[] => {
    const { kind, hash } = mark;
    if (known.has(identify(mark)) || !mark.byReloader) return [];
    // What CSI mounts, and deletions, are not judged.
    if (kind === 'SecretProviderClass' || hash === deletedHash) return [];
    if (mark.by === 'annotations') return [{ config: `${kind}/${mark.name}`, hash }];
    const used = references.filter((reference) => reference.kind === kind).map(({ name }) => name);
    const name = [...used, ...namesIn(kind)].find((candidate) => envVarName(kind, candidate) === mark.variable);
    // Gone already, or never there: the variable is all that is known of it.
    return [{ config: `${kind}/${name ?? mark.variable}`, hash }];
  });
}

/** Reloader writes the annotation again for the same content; a variable only for another. */
function identify(mark: TemplateMark): string {
  return mark.by === 'env-vars'
    ? `${mark.variable} ${mark.hash}`
    : `${objectKey(mark)} ${mark.hash} ${mark.observedAt}`;
}
