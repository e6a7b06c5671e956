// An owner's key in the queue: `owner/argocd/Application/argocd/web`.
import type { OwnerRef } from './engine.ts';

const engines: readonly OwnerRef['engine'][] = ['argocd', 'flux', 'none'];

export function ownerKey({ engine, kind, namespace, name }: OwnerRef): string {
  return `owner/${engine}/${kind}/${namespace}/${name}`;
}

/** Undefined when it is another key. */
export function splitOwnerKey(key: string): OwnerRef | undefined {
  const [word, engineName, kind = '', namespace = '', name] = key.split('/');
  const engine = engines.find((known) => known === engineName);
  return word !== 'owner' || engine === undefined || name === undefined ? undefined : { engine, kind, namespace, name };
}
