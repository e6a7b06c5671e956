// The arguments of `lockstep pr`. What is not known is refused by name.
import { LockstepError } from './core/errors.ts';
import type { PullState } from './core/forge.ts';

export interface PrOptions {
  readonly verb: 'list' | 'show' | 'merge' | 'close';
  /** 0 for list. */
  readonly number: number;
  readonly repository: string;
  readonly output: 'table' | 'json';
  readonly state: PullState | 'all';
}

export const prUsage = `Pull requests of a repository that has no forge.

Usage:
  lockstep pr list  --repository URL [--state open|merged|closed|all]
  lockstep pr show NUMBER  --repository URL
  lockstep pr merge NUMBER --repository URL
  lockstep pr close NUMBER --repository URL

Options:
      --repository URL   an https, ssh, http or file URL, or a path
      --state STATE      which ones to list (default open)
  -o, --output FORMAT    table (default) or json
  -h, --help             this text

Credentials are read from LOCKSTEP_GIT_USERNAME and LOCKSTEP_GIT_PASSWORD.
`;

const verbs = ['list', 'show', 'merge', 'close'] as const;
const outputs = ['table', 'json'] as const;
const states = ['open', 'merged', 'closed', 'all'] as const;
const flags: Readonly<Record<string, 'repository' | 'output' | 'state'>> = {
  '--repository': 'repository',
  '--output': 'output',
  '-o': 'output',
  '--state': 'state',
};

/** Throws pull-usage. */
export function parsePrArguments(args: readonly string[]): PrOptions | 'help' {
  const words: string[] = [];
  const given = new Map<string, string>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '-h' || arg === '--help') return 'help';
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) throw usage(`unknown flag: ${name.slice(0, 60)}`);
    const value = equals < 0 ? rest.shift() : arg.slice(equals + 1);
    if (value === undefined || value === '') throw usage(`flag needs a value: ${name}`);
    given.set(flag, value);
  }
  return toOptions(words, given);
}

function toOptions(words: readonly string[], given: ReadonlyMap<string, string>): PrOptions {
  const verb = oneOf(verbs, words[0] ?? '', 'unknown command');
  const repository = given.get('repository');
  if (repository === undefined) throw usage('required flag not set: --repository');
  const wanted = verb === 'list' ? 1 : 2;
  if (words.length > wanted) throw usage(`unexpected argument: ${words[wanted]?.slice(0, 60) ?? ''}`);
  const text = words[1] ?? '';
  if (verb !== 'list' && !/^#?[1-9]\d{0,8}$/.test(text)) throw usage(`${verb} needs the number of a pull request`);
  return {
    verb,
    number: verb === 'list' ? 0 : Number(text.replace('#', '')),
    repository,
    output: oneOf(outputs, given.get('output') ?? 'table', '--output must be table or json, not'),
    state: oneOf(states, given.get('state') ?? 'open', '--state must be open, merged, closed or all, not'),
  };
}

function oneOf<T extends string>(choices: readonly T[], value: string, complaint: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw usage(`${complaint}: ${JSON.stringify(value.slice(0, 60))}`);
  return choice;
}

function usage(message: string): LockstepError {
  return new LockstepError('pull-usage', { message });
}
