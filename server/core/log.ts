// The port of the log. Messages are constant; whatever varies is a field. Values of Secrets never are.

export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  /** An error goes into the field `err`. */
  readonly error: LogLine;
}

type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;
