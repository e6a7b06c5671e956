// Makes the logger: one JSON object a line for machines, or one compact line for people. No secret is ever handed to it; the paths
// below are the second line of defence.
import { pino, stdSerializers, type Logger as PinoLogger } from 'pino';
import { LockstepError } from './core/errors.ts';

/** A logger: `log.info({ namespace, name }, 'restarted')`. Messages are constant, whatever varies is a field. */
export type Logger = PinoLogger;

/** Where lines go: process.stdout, or an array's push in tests. */
export interface LineSink {
  write(line: string): unknown;
}

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'json' | 'text';
  readonly destination: LineSink;
}

/** Fields that hold content or credentials in the objects we handle, at the top and one and two levels down. */
const secretFields = ['data', 'stringData', 'binaryData', 'token', 'password', 'authorization', 'cookie'];
const redacted = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]);

export function createLogger({ level, format, destination }: LoggerOptions): Logger {
  const stream = format === 'json' ? destination : { write: (line: string) => destination.write(asText(line)) };
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFacts },
      redact: { paths: redacted, censor: '[redacted]' },
    },
    { write: (line: string) => void stream.write(line) },
  );
}

/** An error of the catalogue is understood without a stack. Anything else is a bug, and its stack says where. */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof LockstepError)) return error instanceof Error ? stdSerializers.err(error) : { message: error };
  const { cause } = error;
  const known = { code: error.code, message: error.message, ...error.details };
  if (!(cause instanceof Error)) return known;
  return error.code === 'internal'
    ? { ...known, cause: cause.message, stack: cause.stack }
    : { ...known, cause: cause.message };
}

/** `12:00:00.123 info  restarted namespace=shop name=web`; the stack of a bug follows on lines of its own. */
function asText(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const { stack, ...facts } = (err ?? {}) as Record<string, unknown>;
  const shown =
    err === undefined ? fields : { ...fields, error: facts['code'] ?? facts['type'], detail: facts['message'] };
  const pairs = Object.entries(shown).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}=${plain(value)}`],
  );
  const clock = plain(time).slice(11, 23);
  const message = typeof msg === 'string' ? msg : '';
  const trace = typeof stack === 'string' ? `\n${stack}` : '';
  return `${clock} ${plain(level).padEnd(5)} ${message}${pairs.join('')}${trace}\n`;
}

function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
