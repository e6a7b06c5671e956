// Reads JSON of unknown shape, one field at a time. What has the wrong type counts as absent and is named as a problem, by its place and
// never by its value. Unknown fields are ignored: a newer Argo CD has more of them.
import type { Gap } from './gap.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Problem {
  /** `spec.sources[1].helm.valueFiles`. */
  readonly at: string;
  readonly reason: Gap;
}

/** One hostile object must not fill a log. */
const problemsMost = 100;
/** An etcd object ends at 1.5 MiB and an entry takes 30 bytes at the least, so that no real list is longer. */
const itemsMost = 50_000;

export class Problems {
  readonly list: Problem[] = [];

  readonly #known = new Set<string>();
  readonly #whole: Problems | undefined;

  /** `whole` is told everything too. */
  constructor(whole?: Problems) {
    this.#whole = whole;
  }

  /** Once, however often the field is read. */
  add(at: string, reason: Gap): void {
    this.#whole?.add(at, reason);
    const key = `${at} ${reason}`;
    if (this.list.length >= problemsMost || this.#known.has(key)) return;
    this.#known.add(key);
    this.list.push(this.list.length === problemsMost - 1 ? { at: '', reason: 'more-problems' } : { at, reason });
  }
}

export class Section {
  readonly at: string;
  readonly #fields: Fields;
  readonly #problems: Problems;

  constructor(fields: Fields, at: string, problems: Problems) {
    this.#fields = fields;
    this.at = at;
    this.#problems = problems;
  }

  /** The same fields, with their problems known apart as well. */
  apart(): { readonly section: Section; readonly problems: Problems } {
    const problems = new Problems(this.#problems);
    return { section: new Section(this.#fields, this.at, problems), problems };
  }

  isEmpty(): boolean {
    return Object.keys(this.#fields).length === 0;
  }

  /** As it was given. */
  content(): Fields {
    return this.#fields;
  }

  /** Own fields only; null is how Go writes an empty one. */
  value(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? (this.#fields[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  /** Undefined when absent or empty, which Argo CD does not tell apart. */
  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || value === '') return undefined;
    return typeof value === 'string' ? value : this.#malformed(key);
  }

  flag(key: string): boolean {
    const value = this.value(key);
    if (value === undefined || typeof value === 'boolean') return value ?? false;
    return this.#malformed(key) ?? false;
  }

  /** RFC 3339 as milliseconds since the epoch. */
  time(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const time = Date.parse(text);
    return Number.isNaN(time) ? this.#malformed(key) : time;
  }

  section(key: string): Section | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    return isFields(value) ? new Section(value, this.#place(key), this.#problems) : this.#malformed(key);
  }

  /** As many as there are: in place of what is no object stands an empty one, since some lists go with others by their index. */
  sections(key: string): Section[] {
    return this.#items(key).map((item, index) => {
      const at = `${this.#place(key)}[${index}]`;
      if (!isFields(item)) this.#problems.add(at, 'field-malformed');
      return new Section(isFields(item) ? item : {}, at, this.#problems);
    });
  }

  texts(key: string): string[] {
    return this.alignedTexts(key).filter((text) => text !== '');
  }

  /** As many as there are, empty where there is no text. */
  alignedTexts(key: string): string[] {
    return this.#items(key).map((item, index) => {
      if (typeof item === 'string') return item;
      this.#problems.add(`${this.#place(key)}[${index}]`, 'field-malformed');
      return '';
    });
  }

  /** There are more than are read. */
  isCut(key: string): boolean {
    const value = this.value(key);
    return Array.isArray(value) && value.length > itemsMost;
  }

  /** A map: a key such as __proto__ stays a key. */
  textMap(key: string): ReadonlyMap<string, string> {
    const section = this.section(key);
    if (section === undefined) return new Map();
    const keys = Object.keys(section.#fields);
    return new Map(
      keys.flatMap((name): [string, string][] => {
        const value = section.#fields[name];
        if (typeof value === 'string') return [[name, value]];
        this.#problems.add(section.at, 'field-malformed');
        return [];
      }),
    );
  }

  /** Undefined, so that a reader can answer with it. */
  problem(reason: Gap, key?: string): undefined {
    this.#problems.add(key === undefined ? this.at : this.#place(key), reason);
    return undefined;
  }

  #items(key: string): readonly unknown[] {
    const value = this.value(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.#malformed(key) ?? [];
    if (this.isCut(key)) this.#problems.add(this.#place(key), 'list-too-long');
    return value.slice(0, itemsMost);
  }

  #malformed(key: string): undefined {
    return this.problem('field-malformed', key);
  }

  #place(key: string): string {
    return this.at === '' ? key : `${this.at}.${key}`;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
