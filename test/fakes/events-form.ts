// Events are stored once and served in two spellings: v1 and events.k8s.io/v1.
import { decode } from './canonical.ts';
import type { JsonObject } from './json.ts';
import { type Kind, apiVersionOf } from './kinds.ts';

const spellings: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

/** A stored object as `kind` spells it. */
export function present(object: JsonObject, kind: Kind): JsonObject {
  if (kind.group !== 'events.k8s.io') return object;
  return decode(rename(object, 'events', apiVersionOf(kind)), kind.type).value;
}

/** An object as it is stored. */
export function toStored(object: JsonObject, kind: Kind): JsonObject {
  return kind.group === 'events.k8s.io' ? rename(object, 'core', 'v1') : object;
}

function rename(object: JsonObject, to: 'core' | 'events', apiVersion: string): JsonObject {
  const names = new Map(spellings.map(([core, events]) => (to === 'events' ? [core, events] : [events, core])));
  const entries = Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]);
  return { ...(Object.fromEntries(entries) as JsonObject), apiVersion };
}
