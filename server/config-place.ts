// A value in the configuration file that knows its path, so that whatever is wrong with it can say where.
import { suggest } from './flags.ts';

/** A check answers what is wanted instead, or undefined when the text is right. */
export type Check = (text: string) => string | undefined;

/** Reading goes on after a problem, so that all are told at once. */
export class Place {
  private readonly path: string;
  private readonly value: unknown;
  private readonly problems: string[];

  constructor(path: string, value: unknown, problems: string[]) {
    this.path = path;
    this.value = value;
    this.problems = problems;
  }

  problem(key: string, text: string): void {
    const path = [this.path, key].filter((part) => part !== '').join('.');
    this.problems.push(path === '' ? text : `${path}: ${text}`);
  }

  onlyKeys(...known: string[]): void {
    if (!isMap(this.value)) return this.problem('', 'want a map');
    for (const key of Object.keys(this.value)) {
      if (!known.includes(key)) this.problem(key, `unknown key${suggest(key, known)}`);
    }
  }

  list(key: string): Place[] {
    const value = this.member(key);
    if (value === undefined) return [];
    if (Array.isArray(value))
      return value.map((entry, at) => new Place(this.join(`${key}[${at}]`), entry, this.problems));
    this.problem(key, 'want a list');
    return [];
  }

  has(key: string): boolean {
    return this.member(key) !== undefined;
  }

  map(key: string): Place | undefined {
    const value = this.member(key);
    return value === undefined ? undefined : new Place(this.join(key), value, this.problems);
  }

  text(key: string, { check, otherwise }: { check?: Check; otherwise?: string } = {}): string {
    const value = this.member(key);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (value === undefined && isMap(this.value)) this.problem(key, 'is missing');
    return value === undefined ? '' : new Place(this.join(key), value, this.problems).asText(check);
  }

  asText(check: Check = () => undefined): string {
    if (typeof this.value !== 'string' || this.value === '') {
      this.problem('', 'want text');
      return '';
    }
    const wanted = check(this.value);
    if (wanted !== undefined) this.problem('', wanted);
    return this.value;
  }

  private member(key: string): unknown {
    return isMap(this.value) && Object.hasOwn(this.value, key) ? (this.value[key] ?? undefined) : undefined;
  }

  private join(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
