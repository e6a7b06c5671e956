// Where a webhook leads: to looks at what it names, within the namespaces that the configuration grants its tenant.
import type { HookEvent, ObjectName } from './hook.ts';
import { workloadKinds, type WorkloadKind, type WorkloadRef } from './object.ts';

/** To look is to compare again what is with what was recorded. Looking too often changes nothing. */
export type Look =
  /** Fetch the Git sources of these namespaces again. */
  | {
      readonly kind: 'source';
      readonly about: ObjectName;
      readonly within: readonly string[];
      readonly commit: string | undefined;
    }
  | { readonly kind: 'workload'; readonly workload: WorkloadRef }
  /** Every workload of the namespace: the event says that something happened there, not to what. */
  | { readonly kind: 'namespace'; readonly namespace: string };

export type Route =
  | { readonly kind: 'looks'; readonly looks: readonly Look[] }
  | { readonly kind: 'refused'; readonly reason: 'outside-tenant' };

/** The payload's namespaces are claims: whatever lies outside of `granted` leads nowhere. */
export function routeEvent(event: HookEvent, granted: readonly string[]): Route {
  if (!granted.includes(event.about.namespace)) return { kind: 'refused', reason: 'outside-tenant' };
  const workloads = event.touched.flatMap(asWorkload).filter((workload) => granted.includes(workload.namespace));
  const configured = event.touched.filter((name) => name.kind === 'Secret' || name.kind === 'ConfigMap');
  const vague = event.touched.length === 0 ? [event.about.namespace] : configured.map((name) => name.namespace);
  const namespaces = [...new Set(vague)].filter((namespace) => granted.includes(namespace));
  return {
    kind: 'looks',
    looks: [
      { kind: 'source', about: event.about, within: granted, commit: event.commit },
      ...workloads.map((workload) => ({ kind: 'workload', workload }) as const),
      ...namespaces.map((namespace) => ({ kind: 'namespace', namespace }) as const),
    ],
  };
}

function asWorkload({ kind, namespace, name }: ObjectName): WorkloadRef[] {
  return isWorkloadKind(kind) ? [{ kind, namespace, name }] : [];
}

function isWorkloadKind(kind: string): kind is WorkloadKind {
  return Object.hasOwn(workloadKinds, kind);
}
