// §2 of the contract: whether annotations and flags let a changed object restart a workload, by the first rule that answers.
import { ignoresWorkload } from './flags.ts';
import { matchAsGo, parseBool, trimSpace, type Matcher } from './go-text.ts';
import type { Annotations, ConfigKind, ConfigObject, Flags, Workload } from './types.ts';

/** In the order of §2. */
export const rules = [
  'workload-type-ignored',
  'config-ignored',
  'excluded',
  'named',
  'search',
  'auto',
  'typed-auto',
  'auto-reload-all',
  'none',
] as const;

export type Rule = (typeof rules)[number];

export interface Permission {
  readonly reload: boolean;
  /** Still needs a reference (§3); otherwise the first container stands in. */
  readonly auto: boolean;
  readonly rule: Rule;
}

export type PermissionCase = Readonly<{
  flags: Flags;
  workload: Pick<Workload, 'kind' | 'annotations' | 'templateAnnotations'>;
  config: ConfigObject;
}>;

/** The keys of §2 for one kind of config object: some can be overridden, the exclude key and those of a SecretProviderClass cannot. */
export function keysFor(flags: Flags, kind: ConfigKind): Readonly<Record<'named' | 'typedAuto' | 'exclude', string>> {
  switch (kind) {
    case 'ConfigMap':
      return {
        named: flags.configmapAnnotation,
        typedAuto: flags.configmapAutoAnnotation,
        exclude: 'configmaps.exclude.reloader.stakater.com/reload',
      };
    case 'Secret':
      return {
        named: flags.secretAnnotation,
        typedAuto: flags.secretAutoAnnotation,
        exclude: 'secrets.exclude.reloader.stakater.com/reload',
      };
    case 'SecretProviderClass':
      return {
        named: 'secretproviderclass.reloader.stakater.com/reload',
        typedAuto: 'secretproviderclass.reloader.stakater.com/auto',
        exclude: 'secretproviderclasses.exclude.reloader.stakater.com/reload',
      };
  }
}

/** §2, "Order as implemented", at HEAD: an invalid pattern is skipped, the others of its list still count. */
export function shouldReload({ flags, workload, config }: PermissionCase, matches: Matcher = matchAsGo): Permission {
  // 1.
  if (ignoresWorkload(flags, workload.kind)) return no('workload-type-ignored');
  // 2.
  if (config.annotations[flags.ignoreAnnotation] === 'true') return no('config-ignored');
  // 3.
  const keys = keysFor(flags, config.kind);
  const from = selectAnnotations({ flags, workload, config });
  const named = from[keys.named] ?? '';
  const search = from[flags.autoSearchAnnotation] ?? '';
  const auto = from[flags.autoAnnotation] ?? '';
  const typedAuto = from[keys.typedAuto] ?? '';
  // 4. From the workload, wherever the others come from.
  const excluded = workload.annotations[keys.exclude];
  if (excluded !== undefined && split(excluded).includes(config.name)) return no('excluded');
  // 5.
  if (split(named).some((pattern) => matches(pattern, config.name) === true)) {
    return { reload: true, auto: false, rule: 'named' };
  }
  // 6.
  if (search === 'true' && config.annotations[flags.searchMatchAnnotation] === 'true') return yes('search');
  // 7.
  if (parseBool(auto)) return yes('auto');
  if (parseBool(typedAuto)) return yes('typed-auto');
  if (auto === '' && typedAuto === '' && flags.autoReloadAll) return yes('auto-reload-all');
  // 8.
  return no('none');
}

/** §2.3: the pod template's only if the workload has none of the four keys, whatever their values. */
export function selectAnnotations({ flags, workload, config }: PermissionCase): Annotations {
  const keys = keysFor(flags, config.kind);
  const four = [keys.named, flags.autoSearchAnnotation, flags.autoAnnotation, keys.typedAuto];
  const isPresent = four.some((key) => Object.hasOwn(workload.annotations, key));
  return isPresent ? workload.annotations : workload.templateAnnotations;
}

function split(list: string): string[] {
  return list.split(',').map(trimSpace);
}

function yes(rule: Rule): Permission {
  return { reload: true, auto: true, rule };
}

function no(rule: Rule): Permission {
  return { reload: false, auto: false, rule };
}
