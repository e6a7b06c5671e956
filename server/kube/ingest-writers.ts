// Reduces what an object says about who wrote it: field managers to the data keys that they own, owner references, and the marks of producers.
import type { FieldWrite, FieldWrites, WriterFacts } from '../core/attribution.ts';
import { producerMarks } from '../core/producer.ts';
import type { ApiObject } from './reflector.ts';

interface Written {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, unknown>> | null;
    readonly annotations?: Readonly<Record<string, unknown>> | null;
    readonly managedFields?: readonly Entry[] | null;
    readonly ownerReferences?: readonly Owner[] | null;
  };
}
interface Entry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>> | null;
}
interface Owner {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** The API server merges old updates beyond ten entries; who applies is not limited by it. */
const entriesMost = 50;
/** Over all entries: an object of 1 MiB with one-letter values has more keys, and nobody asks who wrote each. */
const keysMost = 5_000;
/** Marks and owners are names of objects. */
const nameMost = 253;
const ownersMost = 10;

/** Who wrote the data of a Secret or ConfigMap. Values are not looked at: managedFields names keys only. */
export function parseWriters(object: ApiObject): WriterFacts {
  const { metadata } = object as unknown as Written;
  return {
    writes: parseWrites(metadata.managedFields ?? []),
    owners: (metadata.ownerReferences ?? []).slice(0, ownersMost).map(({ apiVersion = '', kind = '', name = '' }) => ({
      group: apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '',
      kind,
      name,
    })),
    marks: { ...pickMarks(metadata.labels ?? {}), ...pickMarks(metadata.annotations ?? {}) },
  };
}

function parseWrites(entries: readonly Entry[]): FieldWrites {
  const writes = entries.slice(0, entriesMost).flatMap(parseWrite);
  const kept: FieldWrite[] = [];
  let keys = 0;
  for (const write of writes) {
    keys += write.keys.length;
    if (keys > keysMost) return { entries: kept, complete: false };
    kept.push(write);
  }
  return { entries: kept, complete: entries.length <= entriesMost };
}

/** An apply that used stringData owns the keys there. */
const dataFields = ['f:data', 'f:binaryData', 'f:stringData'];

function parseWrite({ manager = '', operation, subresource = '', time = '', fieldsV1 }: Entry): FieldWrite[] {
  const owned = dataFields.flatMap((field) => Object.keys(fieldsV1?.[field] ?? {}));
  const keys = new Set(owned.flatMap((name) => (name.startsWith('f:') ? [name.slice('f:'.length)] : [])));
  if (keys.size === 0) return [];
  const at = Date.parse(time);
  return [
    {
      manager: toPlain(manager),
      operation: operation === 'Apply' ? 'Apply' : 'Update',
      subresource: toPlain(subresource),
      at: Number.isNaN(at) ? undefined : at,
      keys: [...keys],
    },
  ];
}

/** A client may call itself anything, also what a receiver of alerts takes for markup. */
function toPlain(name: string): string {
  return name.slice(0, nameMost).replaceAll(/[^\w.:/+ -]/g, '?');
}

/** Names of objects only: anybody may put anything else into an annotation. */
const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function pickMarks(texts: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(producerMarks).flatMap((mark): [string, string][] => {
      const text = Object.hasOwn(texts, mark) ? texts[mark] : undefined;
      return typeof text === 'string' && objectName.test(text) ? [[mark, text]] : [];
    }),
  );
}
