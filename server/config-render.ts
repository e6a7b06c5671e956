// Reads `render` of the file behind --config: where the programs are that rendering needs, and what SOPS documents are decrypted with.
import { isAbsolute } from 'node:path';
import type { Check, Place } from './config-place.ts';
import type { ToolPaths } from './render/find-tools.ts';

export interface RenderConfig {
  /** Those that are not found on PATH, or another version than is. */
  readonly tools: ToolPaths;
  /** File with age identities; undefined: nothing is decrypted. */
  readonly ageKeyFile: string | undefined;
}

export const noRender: RenderConfig = { tools: {}, ageKeyFile: undefined };

const programs = ['kustomize', 'kubectl', 'helm', 'sops'] as const;

export function readRender(place: Place | undefined): RenderConfig {
  if (place === undefined) return noRender;
  place.onlyKeys(...programs, 'ageKeyFile');
  const named = programs.filter((name) => place.has(name));
  return {
    tools: Object.fromEntries(named.map((name) => [name, place.text(name, { check: absolute })])),
    ageKeyFile: place.has('ageKeyFile') ? place.text('ageKeyFile', { check: absolute }) : undefined,
  };
}

/** A relative one would depend on where Lockstep was started. */
const absolute: Check = (text) => (isAbsolute(text) ? undefined : 'want an absolute path');
