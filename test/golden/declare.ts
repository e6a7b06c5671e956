// Parts of a plan put together to what one owner declares: of an object that several parts declare, the last part's counts.
import type { DeclaredConfig, Declaration } from '../../server/core/declaration.ts';
import type { DigestKey } from '../../server/core/digest.ts';
import type { RenderedText } from '../../server/core/rendering.ts';
import { readDeclaration } from '../../server/declared/rendered.ts';

export interface RenderedPart {
  readonly manifests: readonly RenderedText[];
  readonly variables: 'none' | 'unknown';
}

export interface Rendered {
  readonly namespace: string;
  readonly parts: readonly RenderedPart[];
}

export function declare({ namespace, parts }: Rendered, key: DigestKey): Pick<Declaration, 'configs' | 'problems'> {
  const configs = new Map<string, DeclaredConfig>();
  const problems: string[] = [];
  for (const { manifests, variables } of parts) {
    const declaration = readDeclaration(manifests, { namespace, key, variables });
    for (const [name, config] of declaration.configs) configs.set(name, config);
    problems.push(...declaration.problems);
  }
  return { configs, problems };
}
