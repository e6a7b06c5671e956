// Which namespaces are watched, by the configuration and by their labels, and which are paused.
import { selects, type NamespaceScope } from '../core/selector.ts';
import type { SeenEvent, SeenNamespace } from '../core/seen.ts';

export interface NamespaceChange {
  readonly pause: 'turned' | 'same';
  readonly watching: 'began' | 'ended' | 'same';
}

export interface Namespaces {
  apply(event: SeenEvent<SeenNamespace>): NamespaceChange;
  isPaused(name: string): boolean;
  /** False too for a namespace whose labels are asked for and not known yet. */
  isWatched(name: string): boolean;
}

export function createNamespaces({ listed, ignored, selector }: NamespaceScope): Namespaces {
  const paused = new Set<string>();
  const selected = new Set<string>();
  const needsLabels = selector.requirements.length > 0;
  const isWatched = (name: string): boolean =>
    (listed.length === 0 || listed.includes(name)) && !ignored.includes(name) && (!needsLabels || selected.has(name));
  return {
    apply(event) {
      const name = event.present ? event.object.name : event.key;
      const before = { paused: paused.has(name), watched: isWatched(name) };
      put(paused, name, event.present && event.object.paused ? 'in' : 'out');
      put(selected, name, needsLabels && event.present && selects(selector, event.object.labels) ? 'in' : 'out');
      const watched = isWatched(name);
      return {
        pause: before.paused === paused.has(name) ? 'same' : 'turned',
        watching: before.watched === watched ? 'same' : watched ? 'began' : 'ended',
      };
    },
    isPaused: (name) => paused.has(name),
    isWatched,
  };
}

function put(set: Set<string>, name: string, where: 'in' | 'out'): void {
  if (where === 'in') set.add(name);
  else set.delete(name);
}
