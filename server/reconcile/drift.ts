// One owner, level-based: what its sources declare against what is live, for all config objects at once. Decides what to tell of each,
// and what to revert. Called by the owners' own queue, so that no slow repository holds up a restart.
import { attributeContent, type Attribution, type WriterFacts } from '../core/attribution.ts';
import { decideDrift, type Drift, type DriftDecision, type Finding } from '../core/decide-drift.ts';
import { refusedSources, type Declaration } from '../core/declaration.ts';
import type { OwnerPlan, OwnerRef } from '../core/engine.ts';
import { hasCode } from '../core/errors.ts';
import { splitKey, type ConfigRef } from '../core/object.ts';
import { splitOwnerKey } from '../core/owner-key.ts';
import type { RenderRefusal } from '../core/rendering.ts';
import type { SeenConfig } from '../core/seen.ts';
import type { Claims } from '../state/claims.ts';
import { noEntry, type DriftEntry, type Examined } from '../state/drift.ts';
import type { Drifted, DriftOutcome, Place } from './drift-outcome.ts';
import { judgeFindings, type FindingDeps } from './findings.ts';
import { createReverts, type RevertDeps } from './reverts.ts';

export type Declared =
  | { readonly kind: 'declared'; readonly declaration: Declaration }
  | RenderRefusal
  | { readonly kind: 'failed'; readonly error: unknown };

export interface DriftDeps extends RevertDeps, FindingDeps {
  readonly claims: Claims;
  readonly declare: (plan: OwnerPlan, signal: AbortSignal) => Promise<Declared>;
  /** Undefined when the object is gone. Throws `api-*`. */
  readonly writersOf: (config: ConfigRef, signal: AbortSignal) => Promise<WriterFacts | undefined>;
  readonly report: (outcome: DriftOutcome) => void;
}

export interface DriftReconciler {
  /** Throws what `declare` failed with, and `api-*`; what was told by then stays told. */
  reconcile(key: string, signal: AbortSignal): Promise<void>;
}

export function createDriftReconciler(deps: DriftDeps): DriftReconciler {
  const reverts = createReverts(deps);
  return {
    async reconcile(key, signal) {
      const owner = splitOwnerKey(key);
      if (owner === undefined) return;
      const comparison = await compare(deps, { key, owner, signal }).catch((error: unknown) => {
        reverts.release(reverts.held(key));
        throw error;
      });
      // Not those that begin from here on: they are of content that is not compared yet.
      const held = reverts.held(key);
      const drifted: Drifted[] = [];
      for (const [config, finding] of comparison.findings) {
        const found = await settle(deps, { ...comparison, key, owner, config, finding, signal });
        if (found !== undefined) drifted.push(found);
      }
      await reverts.act({ key, owner, drifted, held }, signal);
      if (!comparison.exists) deps.drift.forget(key);
    },
  };
}

interface Question {
  readonly key: string;
  readonly owner: OwnerRef;
  readonly signal: AbortSignal;
}

interface OwnerFindings {
  /** By key of the config object. */
  readonly findings: ReadonlyMap<string, Finding>;
  readonly revision: string | undefined;
  readonly exists: boolean;
}

async function compare(deps: DriftDeps, { key, owner, signal }: Question): Promise<OwnerFindings> {
  const asked = await ask(deps, owner, signal);
  const known = deps.drift.configsOf(key);
  if (asked === undefined) {
    deps.claims.declare(key, []);
    return { findings: same(known, { kind: 'not-judged' }), revision: undefined, exists: false };
  }
  const { declared, sources } = asked;
  if (declared.kind === 'failed') throw declared.error;
  const revision = sources.find((source) => source.revision !== undefined)?.revision;
  const facts = { comparedAt: deps.now(), revision };
  if (declared.kind === 'not-rendered') {
    const { reason, detail } = declared;
    if (deps.drift.comparison(key)?.notRendered !== reason)
      deps.report({ kind: 'not-rendered', owner, reason, detail });
    deps.drift.setComparison(key, { ...facts, declared: 0, notRendered: reason });
    return { findings: same(known, { kind: 'not-comparable', reasons: [reason] }), revision, exists: true };
  }
  const { declaration } = declared;
  deps.claims.declare(key, declaration.configs.keys());
  deps.drift.setComparison(key, { ...facts, declared: declaration.configs.size, notRendered: undefined });
  return { findings: judgeFindings(deps, { key, owner, declaration, known }), revision, exists: true };
}

interface Asked extends Pick<OwnerPlan, 'sources'> {
  readonly declared: Declared;
}

/** Undefined: there is no such owner. */
async function ask({ owners, declare }: DriftDeps, owner: OwnerRef, signal: AbortSignal): Promise<Asked | undefined> {
  try {
    const plan = await owners.plan(owner, signal);
    return plan && { sources: plan.sources, declared: refuseForGood(await declare(plan, signal)) };
  } catch (error) {
    return { sources: [], declared: refuseForGood({ kind: 'failed', error }) };
  }
}

/** To try it again for ever would change nothing. */
function refuseForGood(declared: Declared): Declared {
  if (declared.kind !== 'failed' || !hasCode(declared.error, ...refusedSources)) return declared;
  return { kind: 'not-rendered', reason: 'source-unreadable', detail: declared.error.message };
}

function same(configs: readonly string[], finding: Finding): ReadonlyMap<string, Finding> {
  return new Map(configs.map((config) => [config, finding]));
}

interface Settling extends Question, Pick<OwnerFindings, 'revision'> {
  readonly config: string;
  readonly finding: Finding;
}

/** Decides on one config object, remembers and tells. Undefined when it does not differ. */
async function settle(deps: DriftDeps, question: Settling): Promise<Drifted | undefined> {
  const { key, owner, config, finding, revision, signal } = question;
  const ref = splitKey(config);
  if (ref === undefined) return undefined;
  const entry = deps.drift.entry(key, config);
  const live = deps.configs.seen(config);
  const examined = live === undefined ? undefined : await examine(deps, { entry, finding, live, signal });
  const decision = decideDrift({
    now: deps.now(),
    told: entry.told,
    finding,
    attribution: examined?.attribution,
    progress: deps.owners.progressOf(owner, ref),
    waitingSince: entry.waitingSince,
  });
  const place: Place = { config: ref, uid: live?.uid ?? '', owner, revision };
  remember(deps, { key, config, entry: { ...entry, examined }, finding, decision });
  tell(deps, { place, told: entry.told, decision });
  if (decision.kind === 'wait') deps.retryAfter(key, decision.until - deps.now());
  return toDrifted(place, entry.told, decision);
}

interface Examination {
  readonly entry: DriftEntry;
  readonly finding: Finding;
  readonly live: SeenConfig;
  readonly signal: AbortSignal;
}

/** Read once for each version of an object that differs. */
async function examine(deps: DriftDeps, { entry, finding, live, signal }: Examination): Promise<Examined | undefined> {
  if (finding.kind !== 'differs') return undefined;
  const { resourceVersion } = live;
  const keys = finding.keys.join(',');
  const { examined } = entry;
  if (examined?.resourceVersion === resourceVersion && examined.keys === keys) return examined;
  const facts = await deps.writersOf(live.ref, signal);
  if (facts === undefined) return undefined;
  const there = new Set(live.contents.flatMap(({ values }) => [...values.keys()]));
  const projection = finding.reason === 'not-declared' ? 'all' : finding.keys.filter((name) => there.has(name));
  return { resourceVersion, keys, attribution: summarize(attributeContent(facts, projection)) };
}

function summarize({ origin, writer }: Attribution): Examined['attribution'] {
  return { origin, writer };
}

interface Decided {
  readonly key: string;
  readonly config: string;
  readonly entry: DriftEntry;
  readonly finding: Finding;
  readonly decision: DriftDecision;
}

function remember(deps: DriftDeps, { key, config, entry, finding, decision }: Decided): void {
  switch (decision.kind) {
    case 'nothing':
      if (decision.reason === 'told') return deps.drift.put(key, config, entry);
      if (decision.reason !== 'written-by-engine') return deps.drift.remove(key, config);
      return deps.drift.put(key, config, { ...noEntry, examined: entry.examined });
    case 'gone':
    case 'not-comparable':
      if (finding.kind !== 'not-comparable') return deps.drift.remove(key, config);
      return deps.drift.put(key, config, { ...noEntry, reasons: finding.reasons });
    case 'wait':
      return deps.drift.put(key, config, { ...entry, reasons: [], waitingSince: entry.waitingSince ?? deps.now() });
    case 'found':
    case 'changed':
      return deps.drift.put(key, config, { ...entry, reasons: [], waitingSince: undefined, told: decision.drift });
  }
}

interface Telling {
  readonly place: Place;
  readonly told: Drift | undefined;
  readonly decision: DriftDecision;
}

function tell(deps: DriftDeps, { place, told, decision }: Telling): void {
  if (decision.kind === 'found' || decision.kind === 'changed') {
    const { problem } = deps.settingOf(place.config);
    deps.report({ ...place, kind: decision.kind, drift: decision.drift, problem });
  } else if (decision.kind === 'gone' && told !== undefined) {
    deps.report({ ...place, kind: 'gone', reason: decision.reason, drift: told });
  }
}

function toDrifted(place: Place, told: Drift | undefined, decision: DriftDecision): Drifted | undefined {
  switch (decision.kind) {
    case 'found':
    case 'changed':
      return { place, drift: decision.drift };
    case 'wait':
      return { place, drift: undefined };
    case 'nothing':
      return decision.reason === 'told' && told !== undefined ? { place, drift: told } : undefined;
    case 'gone':
    case 'not-comparable':
      return undefined;
  }
}
