// Holds what may be a secret on its way to where it is needed: printing, logging or serialising it shows nothing.

/** Engine resources may carry values inline (Helm values, patches, variables). Only `reveal` gives them back. */
export class Hidden<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toJSON(): string {
    return '[hidden]';
  }

  toString(): string {
    return '[hidden]';
  }
}
