// INTERIM
import type { Declaration, DeclaredConfig } from '../../server/core/declaration.ts';
import type { DigestKey } from '../../server/core/digest.ts';
import { objectKey } from '../../server/core/object.ts';
import type { RenderedText } from '../../server/core/rendering.ts';
import { digestDeclared } from '../../server/declared/content.ts';
import { composeDocument, readObjects, splitDocuments } from '../../server/declared/read.ts';

export interface Rendered {
  readonly namespace: string;
  readonly parts: readonly { readonly manifests: readonly RenderedText[] }[];
}

export function declare({ namespace, parts }: Rendered, key: DigestKey): Declaration {
  const configs = new Map<string, DeclaredConfig>();
  const problems: string[] = [];
  for (const { path, text } of parts.flatMap(({ manifests }) => manifests)) {
    const result = readObjects(text.reveal(), () => true);
    if (result.kind === 'refused') {
      problems.push(`${path}: ${result.refusal}`);
      continue;
    }
    const docs = splitDocuments(text.reveal());
    for (const object of result.objects) {
      const kind = object.kind === 'SealedSecret' ? 'Secret' : object.kind;
      if (kind !== 'Secret' && kind !== 'ConfigMap') continue;
      if (object.annotations['helm.sh/hook'] !== undefined) continue;
      const ref = { kind, namespace: object.namespace ?? namespace, name: object.name } as const;
      const composed = composeDocument(docs[object.place.document]?.text ?? '');
      if (composed.kind !== 'document') continue;
      const content = digestDeclared(
        { document: composed.document, item: object.place.item, ref, variables: 'unknown' },
        key,
      );
      configs.set(objectKey(ref), { ref, content, path });
    }
  }
  return { configs, workloads: new Map(), problems };
}
