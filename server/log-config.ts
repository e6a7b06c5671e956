// --log-level and --log-format: flags of Lockstep that Reloader has too, with Reloader's words and its leniency.
import type { FlagTable, FlagWarning, FlagValues } from './flags.ts';

const group = 'Logging';

/** Letter case does not matter in levels. */
export const logFlags = {
  'log-level': {
    type: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'],
    default: 'info',
    letterCase: 'any',
    malformed: 'warning',
    group,
    help: 'least level that is logged',
  },
  'log-format': {
    type: 'choice',
    choices: ['json', 'text', ''],
    malformed: 'warning',
    group,
    help: 'default: text on a terminal or with --compat=reloader, else json',
  },
} as const satisfies FlagTable;

export interface LogConfig {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'json' | 'text';
}

interface LogFlags {
  readonly values: FlagValues<typeof logFlags>;
  readonly warnings: readonly FlagWarning[];
}

/** As in Reloader, a format that is unknown keeps the level from being applied too. */
export function readLogging({ values, warnings }: LogFlags, otherwise: LogConfig['logFormat']): LogConfig {
  const isFormatUnknown = warnings.some(({ flag }) => flag === 'log-format');
  const format = values['log-format'] ?? '';
  return {
    logLevel: levels[isFormatUnknown ? 'info' : values['log-level']],
    logFormat: format === '' ? otherwise : format,
  };
}

/** The logger knows four levels. What Reloader says at the levels beyond, Lockstep says at the nearest of the four. */
const levels = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
  panic: 'error',
} as const;
