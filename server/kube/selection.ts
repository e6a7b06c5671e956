// Which Secrets and ConfigMaps are watched. The others stay on the server: they exist, and count for nothing.
import type { ConfigKind } from '../core/object.ts';
import { selects, type Selector } from '../core/selector.ts';
import { ownLabel } from './ledger-store.ts';
import type { ApiObject } from './reflector.ts';

/** Helm's releases and ServiceAccount tokens are many, large, and used by no pod template. */
const unwatchedTypes: readonly string[] = ['helm.sh/release.v1', 'kubernetes.io/service-account-token'];

/** For lists and watches. */
export function selectionQuery(kind: ConfigKind, chosen: Selector): Readonly<Record<string, string>> {
  const labelSelector = [`!${ownLabel}`, chosen.text].filter((part) => part !== '').join(',');
  const fieldSelector = unwatchedTypes.map((type) => `type!=${type}`).join(',');
  return { labelSelector, ...(kind === 'Secret' ? { fieldSelector } : {}) };
}

/** The same of an object that was read by its name. */
export function isSelected({ metadata, type = '' }: ApiObject & { readonly type?: string }, chosen: Selector): boolean {
  const { labels = {} } = metadata;
  return !unwatchedTypes.includes(type) && !Object.hasOwn(labels, ownLabel) && selects(chosen, labels);
}
