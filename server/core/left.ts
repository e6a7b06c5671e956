// What an owner leaves as it is in the cluster, whatever Git declares: Argo CD's ignoreDifferences, Flux's annotations on single objects.
// It is no drift, and nobody is asked to put it back.
import type { DeclaredConfig } from './declaration.ts';
import { compareContent, declareUnknown, type Comparison, type ConfigFields } from './drift.ts';
import type { DeclaredContent, LiveContent, NotComparable } from './drift.ts';
import { readLeaveMarks, type LeaveMark, type LeaveRule, type LeftParts, type Marked } from './leave-rule.ts';

export interface LiveConfig {
  readonly content: LiveContent;
  /** Undefined: it has none. */
  readonly marks: Marked | undefined;
}

export interface Leaving {
  readonly comparison: Comparison;
  /** To put back what differs would overwrite what is left. */
  readonly overwrites: boolean;
}

/** Compares all but what the owner leaves. `live` undefined: there is no such object. */
export function compareLeaving(
  config: DeclaredConfig,
  live: LiveConfig | undefined,
  leaves: readonly LeaveRule[] = [],
): Leaving {
  const rules = leaves.filter((rule) => isFor(rule, config, live?.marks));
  const content = live === undefined ? leaveAbsent(config.content, rules) : leave(config.content, rules, live.content);
  const comparison = compareContent(content, live?.content);
  const overwrites = comparison.reasons.includes(reason) && rules.some(({ overwritten }) => overwritten === true);
  return { comparison, overwrites };
}

const reason: NotComparable = 'left-to-cluster';

function isFor(rule: LeaveRule, { ref, marks = [] }: DeclaredConfig, live: Marked | undefined): boolean {
  const { kind = ref.kind, namespace = ref.namespace, name = ref.name, mark } = rule;
  if (kind !== ref.kind || namespace !== ref.namespace || name !== ref.name) return false;
  if (mark === undefined) return true;
  const text: LeaveMark = `${mark.key}=${mark.value.toLowerCase()}`;
  if (marks.includes(text)) return true;
  return mark.on === 'either' && live !== undefined && readLeaveMarks(live).includes(text);
}

function leaveAbsent(declared: DeclaredContent, rules: readonly LeaveRule[]): DeclaredContent {
  return rules.some(({ absent }) => absent === 'left') ? declareUnknown(reason) : declared;
}

/** What is left is not known, whether it is declared or live. */
function leave(declared: DeclaredContent, rules: readonly LeaveRule[], live: LiveContent): DeclaredContent {
  if (rules.length === 0) return declared;
  const { content, unclear, fields } = declared;
  const isDeclared = (name: string): boolean => content.values.has(name) || unclear.has(name);
  const names = [...content.values.keys(), ...unclear.keys(), ...(live.contents[0]?.values.keys() ?? [])];
  const left = new Set(names.filter((name) => rules.some(({ keys }) => leavesKey(keys, name, isDeclared(name)))));
  const leaves = (field: keyof ConfigFields): boolean => rules.some((rule) => rule.fields.includes(field));
  return {
    ...declared,
    content: { ...content, values: new Map([...content.values].filter(([name]) => !left.has(name))) },
    unclear: new Map([...unclear, ...[...left].map((name) => [name, reason] as const)]),
    fields: {
      type: leaves('type') ? undefined : fields.type,
      immutable: leaves('immutable') ? undefined : fields.immutable,
    },
  };
}

function leavesKey(keys: LeftParts['keys'], name: string, isDeclared: boolean): boolean {
  if (keys === 'all') return true;
  return keys === 'undeclared' ? !isDeclared : keys.includes(name);
}
