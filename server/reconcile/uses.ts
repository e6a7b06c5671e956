// Which config objects concern a workload now: those it refers to, and those that its annotations name or search.
import { objectKey } from '../core/object.ts';
import type { Reference } from '../core/references.ts';
import { decideReload } from '../core/reload.ts';
import { matchesName } from '../core/reloader-pattern.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Configs } from '../state/configs.ts';
import type { Ledger } from '../state/ledger.ts';

interface Uses {
  readonly configs: Configs;
  readonly ledger: Ledger;
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
  return (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
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
function isAsked({ configs }: Uses, { ref, reload }: SeenWorkload, { kind, name }: Reference): boolean {
  if (reload === undefined) return false;
  const annotations = configs.annotationsOf(objectKey({ kind, namespace: ref.namespace, name })) ?? {};
  const decision = decideReload(reload, { kind, name, annotations });
  return decision.kind === 'yes' || decision.reason === 'config-ignored';
}
