// An owner's key in the queue: `owner/argocd/Application/argocd/web`.
import type { EngineName, EngineRef } from './engine.ts';

const engines: readonly EngineName[] = ['argocd', 'flux'];

export function ownerKey({ engine, kind, namespace, name }: EngineRef): string {
  return `owner/${engine}/${kind}/${namespace}/${name}`;
}

/** Undefined when it is another key. */
export function splitOwnerKey(key: string): EngineRef | undefined {
  const [word, engineName, kind = '', namespace = '', name] = key.split('/');
  const engine = engines.find((known) => known === engineName);
  return word !== 'owner' || engine === undefined || name === undefined ? undefined : { engine, kind, namespace, name };
}
