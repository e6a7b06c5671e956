// What a row of the hostile tables says, and what they share.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NotComparable } from '../../server/core/drift.ts';
import type { FakeFile } from '../fakes/source-tree.ts';

export interface HostileRow {
  readonly rule: string;
  readonly files: Readonly<Record<string, FakeFile>>;
  readonly part: HostilePart;
  readonly expect: HostileAnswer;
}

export type HostilePart = { readonly path: string } & (
  | { readonly tool: 'plain'; readonly recurse?: boolean; readonly include?: string }
  | { readonly tool: 'kustomize'; readonly overlay?: Readonly<Record<string, unknown>> }
  | {
      readonly tool: 'helm';
      readonly valueFiles?: readonly string[];
      readonly releaseName?: string;
      readonly namespace?: string;
      readonly kubeVersion?: string;
    }
);

export type HostileAnswer =
  /** Nothing of it is rendered, for this reason. */
  | { readonly kind: 'refused'; readonly reason: NotComparable | 'any' }
  /** It is harmless, and what is printed holds this. */
  | { readonly kind: 'rendered'; readonly text: string }
  /** The place is named as a problem, and nothing of it is declared. */
  | { readonly kind: 'problem' }
  /** What the ConfigMap `web` declares: the reason for a key that is not comparable, `clear` for one that is; `*` for unknown keys. */
  | {
      readonly kind: 'declared';
      readonly keys: Readonly<Record<string, NotComparable | 'clear'>>;
      readonly andProblem?: true;
    };

/** A folder that no rendering may read; its secret.yaml holds `canary`. */
export const outside = join(tmpdir(), `lockstep-outside-${process.pid}`);
export const canary = 'canary-5d41402abc4b2a76';

/** Ten to the ninth: nine lists of ten aliases of the one before. */
export const bomb = Array.from({ length: 10 }, (_, n) =>
  n === 0 ? 'a0: &a0 [lol]' : `a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(', ')}]`,
)
  .join('\n')
  .concat('\n');
