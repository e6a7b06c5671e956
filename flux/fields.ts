// Reads a resource of Flux field by field. What has the wrong type or size is left out and named, never taken for something else.

export type ProblemWord = 'missing' | 'wrong-type' | 'malformed' | 'too-long' | 'too-many' | 'holds-credentials';

/** What could not be read. Names the place, never the value, which may be a Secret's. */
export interface Problem {
  /** `spec.sourceRef.name`; of the keys that users choose, none appears. */
  readonly path: string;
  readonly word: ProblemWord;
}

/** `unreadable`: not even what it is can be told. Problems of a resource that was read are beside it: what they name is left out. */
export type Reading<T> =
  | { readonly kind: 'read'; readonly value: T; readonly problems: readonly Problem[] }
  | { readonly kind: 'unreadable'; readonly problems: readonly Problem[] };

/** The longest text that Flux's own schemas allow in a field we read is a URL of 2,048; a message, which is not kept, is longer. */
const textMost = 4_096;

/** More than a person reads; what comes after is one `too-many` of the whole resource. */
const problemsMost = 100;

type Entries = Readonly<Record<string, unknown>>;

/** One map of a resource. Absent, null and empty are the same, as in Go; inherited properties do not exist. */
export class Fields {
  private readonly path: string;
  private readonly values: Entries;
  private readonly problems: Problem[];

  constructor(path: string, values: unknown, problems: Problem[]) {
    this.path = path;
    this.values = isMap(values) ? values : {};
    this.problems = problems;
    if (values !== undefined && values !== null && !isMap(values)) this.report('', 'wrong-type');
  }

  report(name: string, word: ProblemWord): void {
    const path = this.place(name);
    if (this.problems.some((known) => known.path === path && known.word === word)) return;
    if (this.problems.length < problemsMost) this.problems.push({ path, word });
    else if (this.problems.length === problemsMost) this.problems.push({ path: '', word: 'too-many' });
  }

  /** Nothing is wrong with these fields, nor with what is in them, as far as they were read. */
  isSound(...names: readonly string[]): boolean {
    const places = names.map((name) => this.place(name));
    const concerns = (path: string): boolean =>
      path === '' ||
      path === this.path ||
      places.some((place) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`));
    return !this.problems.some(({ path }) => concerns(path));
  }

  has(name: string): boolean {
    return this.member(name) !== undefined;
  }

  text(name: string): string | undefined {
    return this.check(name, this.member(name));
  }

  /** A condition's message, which may quote manifests, and so Secrets: for comparing here, never to be kept. */
  message(): string | undefined {
    const value = this.member('message');
    return typeof value === 'string' ? value : undefined;
  }

  /** Empty, and named as missing, when it is not there. */
  need(name: string): string {
    const text = this.text(name);
    if (text === undefined && !this.has(name)) this.report(name, 'missing');
    return text ?? '';
  }

  /** One of these words; another one is named as malformed. */
  word<W extends string>(name: string, words: readonly W[]): W | undefined {
    const text = this.text(name);
    const word = words.find((known) => known === text);
    if (text !== undefined && word === undefined) this.report(name, 'malformed');
    return word;
  }

  flag(name: string): boolean {
    const value = this.member(name);
    if (value !== undefined && typeof value !== 'boolean') this.report(name, 'wrong-type');
    return value === true;
  }

  count(name: string): number | undefined {
    const value = this.member(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    this.report(name, 'wrong-type');
    return undefined;
  }

  map(name: string): Fields {
    return new Fields(this.place(name), this.member(name), this.problems);
  }

  /** The maps in a list, `most` of them at most. */
  maps(name: string, most: number): Fields[] {
    return this.list(name, most).map((value, at) => {
      if (value === null || value === undefined) this.report(`${name}[${at}]`, 'wrong-type');
      return new Fields(this.place(`${name}[${at}]`), value, this.problems);
    });
  }

  texts(name: string, most: number): string[] {
    return this.list(name, most).flatMap((value, at) => {
      const text = this.check(`${name}[${at}]`, value ?? false);
      return text === undefined ? [] : [text];
    });
  }

  /** The keys of a map, without what they hold. */
  keys(name: string, most: number): string[] {
    const { values } = this.map(name);
    return this.cut(name, Object.keys(values), most);
  }

  private list(name: string, most: number): unknown[] {
    const value = this.member(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return this.cut(name, value as unknown[], most);
    this.report(name, 'wrong-type');
    return [];
  }

  private cut<T>(name: string, entries: readonly T[], most: number): T[] {
    if (entries.length > most) this.report(name, 'too-many');
    return entries.slice(0, most);
  }

  private check(name: string, value: unknown): string | undefined {
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') this.report(name, 'wrong-type');
    else if (value.length > textMost) this.report(name, 'too-long');
    else return value;
    return undefined;
  }

  private member(name: string): unknown {
    return Object.hasOwn(this.values, name) ? (this.values[name] ?? undefined) : undefined;
  }

  private place(name: string): string {
    return [this.path, name].filter((part) => part !== '').join('.');
  }
}

/** Reads a whole resource; one without a right group, kind, name or namespace is unreadable. */
export function readResource<K extends string, T>(
  value: unknown,
  { group, kinds }: { readonly group: string; readonly kinds: readonly K[] },
  read: (root: Fields, identity: { readonly kind: K; readonly namespace: string; readonly name: string }) => T,
): Reading<T> {
  const problems: Problem[] = [];
  const root = new Fields('', value, problems);
  if (problems.length > 0) return { kind: 'unreadable', problems };
  const kind = root.word('kind', kinds);
  if (kind === undefined && !root.has('kind')) root.report('kind', 'missing');
  if (!root.need('apiVersion').startsWith(`${group}/`)) root.report('apiVersion', 'malformed');
  const metadata = root.map('metadata');
  const identity = { namespace: metadata.need('namespace'), name: metadata.need('name') };
  for (const [field, text] of Object.entries(identity)) {
    if (text !== '' && !objectName.test(text)) metadata.report(field, 'malformed');
  }
  if (problems.length > 0 || kind === undefined) return { kind: 'unreadable', problems };
  return { kind: 'read', value: read(root, { kind, ...identity }), problems };
}

/** DNS subdomains, as the API server takes them for Flux's resources and for namespaces. */
const objectName = /^[a-z\d](?:[-.a-z\d]{0,251}[a-z\d])?$/;

function isMap(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
