// Sets of field paths, as managedFields holds them: `f:spec` `k:{"name":"c"}` `v:"x"`, nested.
import { type Json, type JsonObject, isObject, stableText } from './json.ts';

/** One step of a path in FieldsV1 spelling. */
export type Element = string;
const separator = '\u0000';

/** An immutable-by-convention set of paths; a path is a member or not, whatever its parents are. */
export class FieldSet {
  readonly #paths: ReadonlySet<string>;

  constructor(paths: Iterable<string> = []) {
    this.#paths = new Set(paths);
  }

  static of(paths: Iterable<readonly Element[]>): FieldSet {
    return new FieldSet([...paths].map((path) => path.join(separator)));
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  has(path: readonly Element[]): boolean {
    return this.#paths.has(path.join(separator));
  }

  paths(): Element[][] {
    return [...this.#paths].map((path) => path.split(separator));
  }

  union(other: FieldSet): FieldSet {
    return new FieldSet([...this.#paths, ...other.#paths]);
  }

  difference(other: FieldSet): FieldSet {
    return new FieldSet([...this.#paths].filter((path) => !other.#paths.has(path)));
  }

  intersection(other: FieldSet): FieldSet {
    return new FieldSet([...this.#paths].filter((path) => other.#paths.has(path)));
  }

  /** Without the paths at and below any of `roots`. */
  without(roots: readonly (readonly Element[])[]): FieldSet {
    const prefixes = roots.map((root) => root.join(separator));
    const isBelow = (path: string) => prefixes.some((root) => path === root || path.startsWith(root + separator));
    return new FieldSet([...this.#paths].filter((path) => !isBelow(path)));
  }

  /** Without exactly these paths. */
  withoutExactly(paths: readonly (readonly Element[])[]): FieldSet {
    return this.difference(FieldSet.of(paths));
  }

  /** With every parent that is a field of a struct, as `isStructField` tells. */
  withNamedParents(isStructField: (path: readonly Element[]) => boolean): FieldSet {
    const all = new Set(this.#paths);
    for (const path of this.paths()) {
      for (let i = 1; i < path.length; i++) {
        const parent = path.slice(0, i);
        if (isStructField(parent)) all.add(parent.join(separator));
      }
    }
    return new FieldSet(all);
  }

  toFieldsV1(): JsonObject {
    interface Node {
      member: boolean;
      readonly children: Map<Element, Node>;
    }
    const root: Node = { member: false, children: new Map() };
    for (const path of this.paths()) {
      let node = root;
      for (const element of path) {
        let next = node.children.get(element);
        if (next === undefined) node.children.set(element, (next = { member: false, children: new Map() }));
        node = next;
      }
      node.member = true;
    }
    const write = (node: Node): JsonObject => ({
      ...(node.member && node.children.size > 0 ? { '.': {} } : {}),
      ...Object.fromEntries([...node.children].map(([element, next]) => [element, write(next)])),
    });
    return write(root);
  }

  static fromFieldsV1(fields: Json | undefined): FieldSet {
    const paths: Element[][] = [];
    const read = (node: Json | undefined, path: Element[]): void => {
      if (!isObject(node)) return;
      const children = Object.entries(node).filter(([element]) => element !== '.');
      if (path.length > 0 && ('.' in node || children.length === 0)) paths.push(path);
      for (const [element, next] of children) read(next, [...path, element]);
    };
    read(fields, []);
    return FieldSet.of(paths);
  }
}

export function fieldElement(name: string): Element {
  return `f:${name}`;
}

export function keyElement(keys: JsonObject): Element {
  return `k:${stableText(keys)}`;
}

export function valueElement(value: Json): Element {
  return `v:${JSON.stringify(value)}`;
}

/** `.spec.containers[name="c"].image`: a path as conflicts name it. */
export function describePath(path: readonly Element[]): string {
  return path
    .map((element) => {
      const body = element.slice(2);
      if (element.startsWith('f:')) return `.${body}`;
      if (element.startsWith('v:')) return `[=${body}]`;
      const keys = Object.entries(JSON.parse(body) as JsonObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
