// Two readings of one rendering -> what can be compared of it: what differs between them is made when it is rendered, such as a random
// password, and so is never drift.
import type { DeclaredConfig, Declaration } from '../core/declaration.ts';
import type { DeclaredContent, NotComparable } from '../core/drift.ts';

export function markGenerated(first: Declaration, second: Declaration): Declaration {
  const configs = new Map<string, DeclaredConfig>();
  const problems = [...first.problems];
  for (const [name, config] of first.configs) {
    const other = second.configs.get(name);
    if (other === undefined)
      problems.push(`${config.ref.kind} ${config.ref.name} has another name each time it is rendered`);
    else configs.set(name, { ...config, content: markContent(config.content, other.content) });
  }
  // A template that changes with each rendering says nothing about the next rollout.
  const workloads = [...first.workloads].filter(([name, { template }]) => {
    return second.workloads.get(name)?.template === template;
  });
  return { configs, workloads: new Map(workloads), problems };
}

function markContent(first: DeclaredContent, second: DeclaredContent): DeclaredContent {
  const values = new Map<string, string>();
  const unclear = new Map<string, NotComparable>([...second.unclear, ...first.unclear]);
  for (const name of new Set([...first.content.values.keys(), ...second.content.values.keys()])) {
    const digest = first.content.values.get(name);
    if (digest !== undefined && digest === second.content.values.get(name)) values.set(name, digest);
    else if (!unclear.has(name)) unclear.set(name, 'generated');
  }
  const hasOtherKeys = [...first.content.values.keys()].some((name) => !second.content.values.has(name));
  return {
    content: { ...first.content, values },
    unclear,
    rest: first.rest ?? second.rest ?? (hasOtherKeys ? 'generated' : undefined),
    fields: {
      type: first.fields.type === second.fields.type ? first.fields.type : undefined,
      immutable: first.fields.immutable === second.fields.immutable ? first.fields.immutable : undefined,
    },
  };
}
