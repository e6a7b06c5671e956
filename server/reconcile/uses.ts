// Which config objects concern a workload now: those it refers to, and those that its annotations name or search.
import type { Annotations } from '../core/annotations.ts';
import { configKinds, objectKey, type ConfigKind, type ConfigRef } from '../core/object.ts';
import type { Reference } from '../core/references.ts';
import { decideReload, type ReloadDecision } from '../core/reload.ts';
import { matchesName } from '../core/reloader-pattern.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { PresenceRules } from '../core/snapshot.ts';
import type { Configs } from '../state/configs.ts';
import type { Ledger } from '../state/ledger.ts';

interface Uses {
  readonly configs: Configs;
  readonly ledger: Ledger;
  readonly presence: PresenceRules;
}

/** Sorted by kind and name. A named config object counts with all its keys, since the annotation says nothing of keys. */
export function listUses(state: Uses, workload: SeenWorkload): readonly Reference[] {
  const named = listNamed(state, workload);
  const candidates = new Map([...workload.references, ...named].map((use) => [`${use.kind}/${use.name}`, use]));
  const uses = [...candidates.values()].filter((use) => isAsked(state, workload, use));
  return named.length === 0 ? uses : uses.sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
}

/** What exists and what was acked, so that a named object that is deleted and comes back is compared. */
function listNamed({ configs, ledger }: Uses, { ref, reload }: SeenWorkload): Reference[] {
  return configKinds.flatMap((kind) => {
    const patterns = reload?.kinds[kind].named;
    if (patterns === undefined) return [];
    const acked = Object.keys(ledger.workload(objectKey(ref))?.acks ?? {}).flatMap((ack) =>
      ack.startsWith(`${kind}/`) ? [ack.slice(kind.length + 1)] : [],
    );
    const names = new Set([...patterns.names, ...acked, ...configs.namesIn(ref.namespace, kind)]);
    return [...names]
      .filter((name) => name !== '' && matchesName(patterns, name))
      .map((name): Reference => ({ kind, name, keys: 'all', optional: false }));
  });
}

/** An ignored object stays a use, so that its ack is kept until it counts again. */
function isAsked(state: Uses, workload: SeenWorkload, use: Reference): boolean {
  const decision = decideUse(state, workload, use);
  return decision?.kind === 'yes' || decision?.reason === 'config-ignored';
}

/** Which rule makes the config object count for the workload; undefined when the workload is not opted in. */
export function decideUse(
  state: Uses,
  workload: SeenWorkload,
  { kind, name }: { readonly kind: ConfigKind; readonly name: string },
): ReloadDecision | undefined {
  const { reload } = workload;
  if (reload === undefined) return undefined;
  const annotations = annotationsOf(state, workload, { kind, namespace: workload.ref.namespace, name });
  return decideReload(reload, { kind, name, annotations });
}

/**
 * Where a deletion counts, a deleted object keeps the annotations that it had. Those of one that nobody saw are unknown, but it was
 * acked, so it was marked where that is asked for.
 */
function annotationsOf(
  { configs, ledger, presence }: Uses,
  { ref, reload }: SeenWorkload,
  config: ConfigRef,
): Annotations {
  const key = objectKey(config);
  const live = configs.annotationsOf(key);
  const isAcked = ledger.workload(objectKey(ref))?.acks[`${config.kind}/${config.name}`] !== undefined;
  if (live !== undefined || !presence.onDelete || !isAcked) return live ?? {};
  return configs.lastAnnotationsOf(key) ?? (reload === undefined ? {} : { [reload.rules.keys.match]: 'true' });
}
