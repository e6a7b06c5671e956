// The arguments of `lockstep pr`. What is not known is refused by name.
import { LockstepError } from './core/errors.ts';
import type { PullState } from './core/forge.ts';
import { formatHelp } from './flags-help.ts';
import { parseFlags, suggest, type FlagTable } from './flags.ts';

export interface PrOptions {
  readonly verb: 'list' | 'show' | 'merge' | 'close';
  /** 0 for list. */
  readonly number: number;
  readonly repository: string;
  readonly output: 'table' | 'json';
  readonly state: PullState | 'all';
}

const group = 'Flags';

/** The flags of `pr`. */
export const prFlags = {
  repository: { type: 'string', group, help: 'an https, ssh, http or file URL, or a path' },
  state: {
    type: 'choice',
    choices: ['open', 'merged', 'closed', 'all'],
    default: 'open',
    group,
    help: 'which ones to list',
  },
  output: { type: 'choice', short: 'o', choices: ['table', 'json'], default: 'table', group, help: 'how to print it' },
  help: { type: 'bool', short: 'h', default: false, group, help: 'print this help' },
} as const satisfies FlagTable;

export const prUsage = `Pull requests of a repository that has no forge.

Usage:
  lockstep pr list  --repository URL [--state open|merged|closed|all]
  lockstep pr show NUMBER  --repository URL
  lockstep pr merge NUMBER --repository URL
  lockstep pr close NUMBER --repository URL

${formatHelp(prFlags)}

Credentials are read from LOCKSTEP_GIT_USERNAME and LOCKSTEP_GIT_PASSWORD.
`;

const verbs = ['list', 'show', 'merge', 'close'] as const;

/** Throws pull-usage: every mistake, one a line. */
export function parsePrArguments(argv: readonly string[]): PrOptions | 'help' {
  const { values, args, problems } = parseFlags(prFlags, argv);
  if (values.help && problems.length === 0) return 'help';
  const [word = '', text = ''] = args;
  const verb = verbs.find((known) => known === word);
  const { repository = '', output, state } = values;
  const mistakes = [
    ...(verb === undefined ? [`unknown command ${JSON.stringify(word)}${suggest(word, verbs)}`] : []),
    ...problems,
    ...(repository === '' ? ['--repository is needed'] : []),
    ...(verb === undefined ? [] : wrongWords(verb, args)),
  ];
  if (verb === undefined || mistakes.length > 0)
    throw new LockstepError('pull-usage', { message: mistakes.join('\n') });
  return { verb, number: verb === 'list' ? 0 : Number(text.replace('#', '')), repository, output, state };
}

function wrongWords(verb: PrOptions['verb'], [, number = '', ...more]: readonly string[]): string[] {
  const extra = verb === 'list' && number !== '' ? [number, ...more] : more;
  const isNumbered = verb === 'list' || /^#?[1-9]\d{0,8}$/.test(number);
  return [
    ...(isNumbered ? [] : [`${verb} needs the number of a pull request`]),
    ...extra.map((word) => `unexpected word ${JSON.stringify(word)}`),
  ];
}
