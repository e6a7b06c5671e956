// Asks the server and the oracle about one case, in one vocabulary: §2's decision, and what the flags mean.
import { loadConfig } from '../../server/config.ts';
import type { ReloadDecision, shouldReload } from '../../server/core/reload.ts';
import type { ReloadRules } from '../../server/core/reloader-keys.ts';
import type { ReloaderConfig } from '../../server/reloader-config.ts';
import { toArguments, watchesConfig, watchesWorkload } from './oracle/flags.ts';
import { shouldReload as askOracle, type Rule } from './oracle/should-reload.ts';
import type { Flags, ReloaderCase } from './oracle/types.ts';

/** Either side's answer. `auto`: a reference is needed too. */
export interface Verdict {
  readonly reload: boolean;
  readonly auto: boolean;
  /** The third is never right. */
  readonly rule: Rule | 'config-not-watched' | 'by-another-key';
}

/** The server's function, or one with a mistake planted. */
export type Decide = typeof shouldReload;

/** As its own parser reads the command line that sets these flags, with Reloader's defaults. */
export function readFlags(flags: Flags): ReloaderConfig {
  const argv = ['--compat=reloader', ...toArguments(flags)];
  const surroundings = { env: {}, hostname: 'h', tempDir: '/tmp', isTerminal: false, readFile: () => '' };
  return loadConfig({ argv, ...surroundings }).reloader;
}

export function askServer({ workload, config }: ReloaderCase, rules: ReloadRules, decide: Decide): Verdict {
  return translate(decide({ rules, config, workload }), { rules, kind: config.kind });
}

/** The server's §2 also holds §1's flags that stop a kind before it is even watched. */
export function expectVerdict(one: ReloaderCase): Verdict {
  const { kind } = one.config;
  return !watchesConfig(one.flags, kind) ? { reload: false, auto: false, rule: 'config-not-watched' } : askOracle(one);
}

type Meaning = Pick<ReloaderConfig, 'strategy' | 'reloadOnCreate' | 'reloadOnDelete' | 'argoRollouts'> &
  Pick<ReloadRules, 'csi'>;

/** The flags that decide before and after §2. */
export function meaningOf({ rules, ...flags }: ReloaderConfig): Meaning {
  const { strategy, reloadOnCreate, reloadOnDelete, argoRollouts } = flags;
  return { strategy, reloadOnCreate, reloadOnDelete, argoRollouts, csi: rules.csi };
}

export function expectMeaning(flags: Flags): Meaning {
  return {
    strategy: flags.reloadStrategy,
    reloadOnCreate: flags.reloadOnCreate === 'true',
    reloadOnDelete: flags.reloadOnDelete === 'true',
    argoRollouts: watchesWorkload(flags, 'Rollout'),
    csi: watchesConfig(flags, 'SecretProviderClass'),
  };
}

type Asked = { readonly rules: ReloadRules; readonly kind: ReloaderCase['config']['kind'] };

function translate(decision: ReloadDecision, asked: Asked): Verdict {
  if (decision.kind === 'yes') return { reload: true, auto: decision.how !== 'named', rule: ruleOf(decision, asked) };
  const { reason } = decision;
  const rule = reason === 'resource-ignored' ? 'config-not-watched' : isRule(reason) ? reason : 'none';
  return { reload: false, auto: false, rule };
}

function ruleOf(
  { how, by }: Extract<ReloadDecision, { kind: 'yes' }>,
  { rules: { keys }, kind }: Asked,
): Verdict['rule'] {
  if (how !== 'auto') return how;
  if (by === '--auto-reload-all') return 'auto-reload-all';
  if (by === keys.auto) return 'auto';
  if (by === keys.typedAuto[kind]) return 'typed-auto';
  return 'by-another-key';
}

/** The refusals that §2 numbers; the server splits its last step by what the author would ask about. */
function isRule(reason: string): reason is 'workload-type-ignored' | 'config-ignored' | 'excluded' {
  return ['workload-type-ignored', 'config-ignored', 'excluded'].includes(reason);
}
