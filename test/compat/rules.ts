// Reloader's decision, one row a rule. The first column is the section and rule of Reloader's contract as its source has it:
// 2.n is the n-th step of ShouldReload (pkg/common/common.go), 2.t a line of its table of annotations, 1 a flag.
// Long because it is one table.
import type { ReloadConfig, ReloadDecision } from '../../server/core/reload.ts';
import type { ReloadWorkload } from '../../server/core/reload-compile.ts';
import { defaultReloadKeys, type ReloadRules } from '../../server/core/reloader-keys.ts';

const auto = 'reloader.stakater.com/auto';
const search = 'reloader.stakater.com/search';
const match = 'reloader.stakater.com/match';
const ignore = 'reloader.stakater.com/ignore';
const configMapAuto = 'configmap.reloader.stakater.com/auto';
const secretAuto = 'secret.reloader.stakater.com/auto';
const classAuto = 'secretproviderclass.reloader.stakater.com/auto';
const configMaps = 'configmap.reloader.stakater.com/reload';
const secrets = 'secret.reloader.stakater.com/reload';
const classes = 'secretproviderclass.reloader.stakater.com/reload';
const notConfigMaps = 'configmaps.exclude.reloader.stakater.com/reload';
const notSecrets = 'secrets.exclude.reloader.stakater.com/reload';
const notClasses = 'secretproviderclasses.exclude.reloader.stakater.com/reload';
const restart = 'lockstep.dev/restart';
const lockstepIgnore = 'lockstep.dev/ignore';

/** A Deployment without annotations, a ConfigMap named app without annotations, no flags but that for classes, unless the row says otherwise. */
export interface Case {
  readonly kind?: ReloadWorkload['kind'];
  readonly workload?: Record<string, string>;
  readonly template?: Record<string, string>;
  readonly config?: Partial<ReloadConfig>;
  readonly flags?: Partial<ReloadRules>;
}
export type Expected = 'named' | 'search' | 'auto' | Extract<ReloadDecision, { kind: 'no' }>['reason'];
export type Row = readonly [paragraph: string, about: string, rule: string, given: Case, expected: Expected];

const secret = (name = 'app'): Partial<ReloadConfig> => ({ kind: 'Secret', name });
const providerClass = (name = 'app'): Partial<ReloadConfig> => ({ kind: 'SecretProviderClass', name });
const named = (name: string): Partial<ReloadConfig> => ({ name });
const marked = { annotations: { [match]: 'true' } };
const keys = defaultReloadKeys;

const ignoredTypes: Row[] = [
  [
    '2.1',
    '--ignored-workload-types',
    'jobs stops Jobs',
    { kind: 'Job', workload: { [auto]: 'true' }, flags: { ignoredWorkloadTypes: ['jobs'] } },
    'workload-type-ignored',
  ],
  [
    '2.1',
    '--ignored-workload-types',
    'cronjobs stops CronJobs',
    { kind: 'CronJob', workload: { [auto]: 'true' }, flags: { ignoredWorkloadTypes: ['cronjobs'] } },
    'workload-type-ignored',
  ],
  [
    '2.1',
    '--ignored-workload-types',
    'jobs leaves CronJobs',
    { kind: 'CronJob', workload: { [auto]: 'true' }, flags: { ignoredWorkloadTypes: ['jobs'] } },
    'auto',
  ],
  [
    '2.1',
    '--ignored-workload-types',
    'cronjobs leaves Jobs',
    { kind: 'Job', workload: { [auto]: 'true' }, flags: { ignoredWorkloadTypes: ['cronjobs'] } },
    'auto',
  ],
  [
    '2.1',
    '--ignored-workload-types',
    'both at once',
    { kind: 'Job', workload: { [configMaps]: 'app' }, flags: { ignoredWorkloadTypes: ['jobs', 'cronjobs'] } },
    'workload-type-ignored',
  ],
  [
    '2.1',
    '--ignored-workload-types',
    'beats the named annotation',
    { kind: 'Job', workload: { [configMaps]: 'app' }, flags: { ignoredWorkloadTypes: ['jobs'] } },
    'workload-type-ignored',
  ],
  [
    '2.1',
    '--ignored-workload-types',
    'leaves Deployments',
    { workload: { [auto]: 'true' }, flags: { ignoredWorkloadTypes: ['jobs', 'cronjobs'] } },
    'auto',
  ],
  [
    '1',
    '--resources-to-ignore',
    'configmaps stops ConfigMaps',
    { workload: { [auto]: 'true' }, flags: { resourcesToIgnore: ['configmaps'] } },
    'resource-ignored',
  ],
  [
    '1',
    '--resources-to-ignore',
    'configmaps leaves Secrets',
    { workload: { [auto]: 'true' }, config: secret(), flags: { resourcesToIgnore: ['configmaps'] } },
    'auto',
  ],
  [
    '1',
    '--resources-to-ignore',
    'secrets stops Secrets',
    { workload: { [secrets]: 'app' }, config: secret(), flags: { resourcesToIgnore: ['secrets'] } },
    'resource-ignored',
  ],
  [
    '1',
    '--resources-to-ignore',
    'secrets leaves ConfigMaps',
    { workload: { [auto]: 'true' }, flags: { resourcesToIgnore: ['secrets'] } },
    'auto',
  ],
  [
    '1',
    '--resources-to-ignore',
    'secrets leaves SecretProviderClasses',
    { workload: { [auto]: 'true' }, config: providerClass(), flags: { resourcesToIgnore: ['secrets'] } },
    'auto',
  ],
];

const ignored: Row[] = [
  [
    '2.2',
    ignore,
    'true on a ConfigMap',
    { workload: { [auto]: 'true' }, config: { annotations: { [ignore]: 'true' } } },
    'config-ignored',
  ],
  [
    '2.2',
    ignore,
    'true on a Secret',
    { workload: { [auto]: 'true' }, config: { ...secret(), annotations: { [ignore]: 'true' } } },
    'config-ignored',
  ],
  [
    '2.2',
    ignore,
    'true on a SecretProviderClass',
    { workload: { [auto]: 'true' }, config: { ...providerClass(), annotations: { [ignore]: 'true' } } },
    'config-ignored',
  ],
  [
    '2.2',
    ignore,
    'True is not the exact text',
    { workload: { [auto]: 'true' }, config: { annotations: { [ignore]: 'True' } } },
    'auto',
  ],
  [
    '2.2',
    ignore,
    '1 is not the exact text',
    { workload: { [auto]: 'true' }, config: { annotations: { [ignore]: '1' } } },
    'auto',
  ],
  [
    '2.2',
    ignore,
    'a space is not overlooked',
    { workload: { [auto]: 'true' }, config: { annotations: { [ignore]: ' true' } } },
    'auto',
  ],
  [
    '2.2',
    ignore,
    'false ignores nothing',
    { workload: { [auto]: 'true' }, config: { annotations: { [ignore]: 'false' } } },
    'auto',
  ],
  [
    '2.2',
    ignore,
    'empty ignores nothing',
    { workload: { [auto]: 'true' }, config: { annotations: { [ignore]: '' } } },
    'auto',
  ],
  [
    '2.2',
    ignore,
    'beats the named annotation',
    { workload: { [configMaps]: 'app' }, config: { annotations: { [ignore]: 'true' } } },
    'config-ignored',
  ],
  [
    '2.2',
    ignore,
    'beats search and match',
    { workload: { [search]: 'true' }, config: { annotations: { [ignore]: 'true', [match]: 'true' } } },
    'config-ignored',
  ],
  [
    '2.2',
    ignore,
    'beats --auto-reload-all',
    { config: { annotations: { [ignore]: 'true' } }, flags: { autoReloadAll: true } },
    'config-ignored',
  ],
  ['2.t', ignore, 'on the workload it means nothing', { workload: { [auto]: 'true', [ignore]: 'true' } }, 'auto'],
  [
    '2.t',
    ignore,
    'on the pod template it means nothing',
    { workload: { [auto]: 'true' }, template: { [ignore]: 'true' } },
    'auto',
  ],
];

const presence: Row[] = [
  ['2.3', auto, 'on the workload', { workload: { [auto]: 'true' } }, 'auto'],
  ['2.3', auto, 'on the pod template', { template: { [auto]: 'true' } }, 'auto'],
  [
    '2.3',
    auto,
    'false on the workload hides true on the template',
    { workload: { [auto]: 'false' }, template: { [auto]: 'true' } },
    'turned-off',
  ],
  [
    '2.3',
    auto,
    'empty on the workload hides the template: presence, not value',
    { workload: { [auto]: '' }, template: { [auto]: 'true' } },
    'not-opted-in',
  ],
  [
    '2.3',
    auto,
    'true on the workload wins over false on the template',
    { workload: { [auto]: 'true' }, template: { [auto]: 'false' } },
    'auto',
  ],
  [
    '2.3',
    search,
    'false on the workload hides auto on the template',
    { workload: { [search]: 'false' }, template: { [auto]: 'true' } },
    'not-opted-in',
  ],
  [
    '2.3',
    search,
    'true on the workload hides auto on the template',
    { workload: { [search]: 'true' }, template: { [auto]: 'true' } },
    'not-marked',
  ],
  ['2.3', search, 'on the pod template', { template: { [search]: 'true' }, config: marked }, 'search'],
  [
    '2.3',
    configMaps,
    'on the workload hides auto on the template for ConfigMaps',
    { workload: { [configMaps]: 'other' }, template: { [auto]: 'true' } },
    'not-named',
  ],
  [
    '2.3',
    configMaps,
    'on the workload does not hide it for Secrets',
    { workload: { [configMaps]: 'other' }, template: { [auto]: 'true' }, config: secret() },
    'auto',
  ],
  [
    '2.3',
    secrets,
    'on the workload does not hide it for ConfigMaps',
    { workload: { [secrets]: 'other' }, template: { [auto]: 'true' } },
    'auto',
  ],
  [
    '2.3',
    secrets,
    'on the workload hides it for Secrets',
    { workload: { [secrets]: 'other' }, template: { [auto]: 'true' }, config: secret() },
    'not-named',
  ],
  [
    '2.3',
    classes,
    'on the workload hides it for SecretProviderClasses',
    { workload: { [classes]: 'other' }, template: { [auto]: 'true' }, config: providerClass() },
    'not-named',
  ],
  [
    '2.3',
    classes,
    'on the workload does not hide it for Secrets',
    { workload: { [classes]: 'other' }, template: { [auto]: 'true' }, config: secret() },
    'auto',
  ],
  [
    '2.3',
    configMapAuto,
    'on the workload hides the template for ConfigMaps',
    { workload: { [configMapAuto]: 'false' }, template: { [auto]: 'true' } },
    'turned-off',
  ],
  [
    '2.3',
    configMapAuto,
    'on the workload does not hide it for Secrets',
    { workload: { [configMapAuto]: 'false' }, template: { [auto]: 'true' }, config: secret() },
    'auto',
  ],
  [
    '2.3',
    secretAuto,
    'on the workload hides the template for Secrets',
    { workload: { [secretAuto]: 'true' }, template: { [secrets]: 'app' }, config: secret() },
    'auto',
  ],
  [
    '2.3',
    secretAuto,
    'on the workload does not hide it for ConfigMaps',
    { workload: { [secretAuto]: 'true' }, template: { [configMaps]: 'app' } },
    'named',
  ],
  ['2.3', configMaps, 'on the pod template', { template: { [configMaps]: 'app' } }, 'named'],
  ['2.3', secrets, 'on the pod template', { template: { [secrets]: 'app' }, config: secret() }, 'named'],
  ['2.3', classes, 'on the pod template', { template: { [classes]: 'app' }, config: providerClass() }, 'named'],
  [
    '2.3',
    configMaps,
    'levels are never merged',
    { workload: { [auto]: 'false' }, template: { [configMaps]: 'app' } },
    'turned-off',
  ],
  [
    '2.3',
    configMaps,
    'an unrelated annotation hides nothing',
    { workload: { team: 'a' }, template: { [configMaps]: 'app' } },
    'named',
  ],
  [
    '2.3',
    notConfigMaps,
    'an exclude list on the workload hides nothing',
    { workload: { [notConfigMaps]: 'other' }, template: { [auto]: 'true' } },
    'auto',
  ],
  [
    '2.3',
    match,
    'on the workload hides nothing',
    { workload: { [match]: 'true' }, template: { [auto]: 'true' } },
    'auto',
  ],
];

const excluded: Row[] = [
  ['2.4', notConfigMaps, 'beats auto', { workload: { [auto]: 'true', [notConfigMaps]: 'app' } }, 'excluded'],
  [
    '2.4',
    notConfigMaps,
    'beats the named annotation',
    { workload: { [configMaps]: 'app', [notConfigMaps]: 'app' } },
    'excluded',
  ],
  [
    '2.4',
    notConfigMaps,
    'beats search',
    { workload: { [search]: 'true', [notConfigMaps]: 'app' }, config: marked },
    'excluded',
  ],
  [
    '2.4',
    notConfigMaps,
    'beats --auto-reload-all',
    { workload: { [notConfigMaps]: 'app' }, flags: { autoReloadAll: true } },
    'excluded',
  ],
  ['2.4', notConfigMaps, 'a list, trimmed', { workload: { [auto]: 'true', [notConfigMaps]: 'a , app,b' } }, 'excluded'],
  [
    '2.4',
    notConfigMaps,
    'exact names, no expressions',
    { workload: { [auto]: 'true', [notConfigMaps]: 'a.*' } },
    'auto',
  ],
  [
    '2.4',
    notConfigMaps,
    'a part of the name is not enough',
    { workload: { [auto]: 'true', [notConfigMaps]: 'ap' } },
    'auto',
  ],
  [
    '2.4',
    notConfigMaps,
    'of ConfigMaps leaves Secrets',
    { workload: { [auto]: 'true', [notConfigMaps]: 'app' }, config: secret() },
    'auto',
  ],
  [
    '2.4',
    notConfigMaps,
    'on the pod template it means nothing',
    { template: { [auto]: 'true', [notConfigMaps]: 'app' } },
    'auto',
  ],
  [
    '2.4',
    notConfigMaps,
    'on the workload it holds for annotations of the template',
    { workload: { [notConfigMaps]: 'app' }, template: { [auto]: 'true' } },
    'excluded',
  ],
  [
    '2.4',
    notSecrets,
    'excludes Secrets',
    { workload: { [auto]: 'true', [notSecrets]: 'app' }, config: secret() },
    'excluded',
  ],
  ['2.4', notSecrets, 'leaves ConfigMaps', { workload: { [auto]: 'true', [notSecrets]: 'app' } }, 'auto'],
  [
    '2.4',
    notClasses,
    'excludes SecretProviderClasses',
    { workload: { [auto]: 'true', [notClasses]: 'app' }, config: providerClass() },
    'excluded',
  ],
  [
    '2.4',
    notClasses,
    'leaves Secrets',
    { workload: { [auto]: 'true', [notClasses]: 'app' }, config: secret() },
    'auto',
  ],
  [
    '2.4',
    notSecrets,
    'empty excludes nothing',
    { workload: { [auto]: 'true', [notSecrets]: '' }, config: secret() },
    'auto',
  ],
  [
    '2.4',
    notSecrets,
    'the singular prefix is no key',
    { workload: { [auto]: 'true', 'secret.exclude.reloader.stakater.com/reload': 'app' }, config: secret() },
    'auto',
  ],
];

/** [value, name, whether it names it, rule]. */
const patterns: readonly (readonly [string, string, 'named' | 'not-named', string])[] = [
  ['app', 'app', 'named', 'a name'],
  ['app', 'app2', 'not-named', 'a name is no prefix'],
  ['app', 'my-app', 'not-named', 'a name is no suffix'],
  ['a,app', 'app', 'named', 'a list'],
  ['a,b', 'app', 'not-named', 'a list without it'],
  [' a , app ', 'app', 'named', 'parts are trimmed'],
  ['\tapp\n', 'app', 'named', 'tabs and line ends are trimmed'],
  ['\u00a0app\u0085', 'app', 'named', 'whatever Go calls a space is trimmed'],
  ['\ufeffapp', 'app', 'not-named', 'a byte order mark is no space in Go'],
  ['', 'app', 'not-named', 'empty matches nothing real'],
  [',', 'app', 'not-named', 'nor do empty parts'],
  ['app,', 'app', 'named', 'an empty part beside a name harms nothing'],
  ['app-.*', 'app-1', 'named', 'an expression'],
  ['app-.*', 'app', 'not-named', 'that does not match'],
  ['.*', 'anything.at-all', 'named', 'all names'],
  ['a.b', 'a.b', 'named', 'a dot in a name matches itself'],
  ['a.b', 'a-b', 'named', 'and everything else'],
  ['a\\.b', 'a-b', 'not-named', 'unless escaped'],
  ['foo|bar', 'foo', 'named', 'no grouping: ^foo'],
  ['foo|bar', 'foo-tail', 'named', 'no grouping: ^foo matches a prefix'],
  ['foo|bar', 'head-bar', 'named', 'no grouping: bar$ matches a suffix'],
  ['foo|bar', 'head-foo', 'not-named', 'no grouping: foo is anchored in front'],
  ['foo|bar', 'bar-tail', 'not-named', 'no grouping: bar is anchored behind'],
  ['(foo|bar)', 'foo-tail', 'not-named', 'grouped by the author'],
  ['a|b|c', 'xbx', 'named', 'the middle of three is not anchored at all'],
  ['|x', 'anything', 'named', 'an empty first alternative matches everything'],
  ['a{3}', 'aaa', 'named', 'a counted repetition'],
  ['a{1,3}', 'aa', 'not-named', 'a range is broken by the comma'],
  ['a{1,3}', 'a{1', 'named', 'its first half is text'],
  ['a{1,3}', '3}', 'named', 'and so is its second'],
  ['a{1,}', 'aaa', 'not-named', 'so is an open range'],
  ['*', 'anything', 'named', '^*$ repeats the anchor and matches every end'],
  ['^app$', 'app', 'named', 'anchors may be doubled'],
  ['app$', 'app', 'named', 'one too'],
  ['(?i)APP', 'app', 'named', 'flags'],
  ['APP', 'app', 'not-named', 'letter case counts'],
  ['[a-c]pp', 'app', 'named', 'a class'],
  ['[[:alpha:]]+', 'app', 'named', 'a POSIX class'],
  ['\\w+-\\d', 'app-1', 'named', 'Perl classes'],
  ['\\Qa.b\\E', 'a.b', 'named', 'a quotation'],
  ['\\Qa.b\\E', 'a-b', 'not-named', 'is literal'],
  ['\\pL+', 'app', 'named', 'Unicode classes'],
  ['(?P<n>a)pp', 'app', 'named', 'named groups'],
  ['a.*?p', 'app', 'named', 'lazy repetition'],
  ['app\\z', 'app', 'named', 'RE2’s end of text'],
  ['(?:a+)+b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac', 'not-named', 'linear time'],
  ['[a', 'app', 'not-named', 'an open class is skipped'],
  ['(app', 'app', 'not-named', 'an open group is skipped'],
  ['app)', 'app', 'not-named', 'a stray parenthesis is skipped'],
  ['a**', 'a', 'not-named', 'a doubled repetition is skipped'],
  ['(?=app)app', 'app', 'not-named', 'RE2 has no lookahead'],
  ['(a)\\1', 'aa', 'not-named', 'nor back references'],
  ['a{1001}', 'a', 'not-named', 'nor repetitions above 1000'],
  ['app\\Z', 'app', 'not-named', 'nor Perl’s end of text'],
  ['[a,app', 'app', 'named', 'a bad part does not spoil the others'],
  ['[a|app]', 'app', 'not-named', 'the bar in a class is a letter'],
];
const namings = patterns.map(([value, name, expected, rule]): Row => [
  '2.5',
  `${configMaps}: ${JSON.stringify(value)}`,
  `${rule} (${name})`,
  { workload: { [configMaps]: value }, config: named(name) },
  expected,
]);
const naming: Row[] = [
  ...namings,
  ['2.5', secrets, 'names Secrets', { workload: { [secrets]: 'app' }, config: secret() }, 'named'],
  ['2.5', secrets, 'names no ConfigMaps', { workload: { [secrets]: 'app' } }, 'not-opted-in'],
  ['2.5', configMaps, 'names no Secrets', { workload: { [configMaps]: 'app' }, config: secret() }, 'not-opted-in'],
  ['2.5', classes, 'names SecretProviderClasses', { workload: { [classes]: 'app' }, config: providerClass() }, 'named'],
  ['2.5', configMaps, 'comes before auto', { workload: { [configMaps]: 'app', [auto]: 'true' } }, 'named'],
  [
    '2.5',
    configMaps,
    'comes before search',
    { workload: { [configMaps]: 'app', [search]: 'true' }, config: marked },
    'named',
  ],
  [
    '2.5',
    configMaps,
    'auto takes over where it does not match',
    { workload: { [configMaps]: 'other', [auto]: 'true' } },
    'auto',
  ],
  [
    '2.t',
    auto,
    'false does not stop the named annotation',
    { workload: { [configMaps]: 'app', [auto]: 'false' } },
    'named',
  ],
  [
    '2.5',
    configMaps,
    'without a match, --auto-reload-all still holds',
    { workload: { [configMaps]: 'other' }, flags: { autoReloadAll: true } },
    'auto',
  ],
];

const searching: Row[] = [
  ['2.6', search, 'needs match', { workload: { [search]: 'true' }, config: marked }, 'search'],
  ['2.6', search, 'without match', { workload: { [search]: 'true' } }, 'not-marked'],
  ['2.6', match, 'without search', { config: marked }, 'not-opted-in'],
  ['2.6', search, 'True is not the exact text', { workload: { [search]: 'True' }, config: marked }, 'not-opted-in'],
  ['2.6', search, '1 is not the exact text', { workload: { [search]: '1' }, config: marked }, 'not-opted-in'],
  [
    '2.6',
    match,
    'True is not the exact text',
    { workload: { [search]: 'true' }, config: { annotations: { [match]: 'True' } } },
    'not-marked',
  ],
  [
    '2.6',
    match,
    'false',
    { workload: { [search]: 'true' }, config: { annotations: { [match]: 'false' } } },
    'not-marked',
  ],
  ['2.6', match, 'on a Secret', { workload: { [search]: 'true' }, config: { ...secret(), ...marked } }, 'search'],
  [
    '2.6',
    match,
    'on a SecretProviderClass',
    { workload: { [search]: 'true' }, config: { ...providerClass(), ...marked } },
    'search',
  ],
  ['2.6', search, 'comes before auto', { workload: { [search]: 'true', [auto]: 'true' }, config: marked }, 'search'],
  [
    '2.6',
    search,
    'auto takes over where it does not match',
    { workload: { [search]: 'true', [auto]: 'true' } },
    'auto',
  ],
  [
    '2.t',
    auto,
    'false does not stop search',
    { workload: { [search]: 'true', [auto]: 'false' }, config: marked },
    'search',
  ],
  [
    '2.6',
    search,
    'without a match, --auto-reload-all still holds',
    { workload: { [search]: 'true' }, flags: { autoReloadAll: true } },
    'auto',
  ],
];

const bools = [
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text): Row => [
    '2.7',
    auto,
    `${text} is true in Go`,
    { workload: { [auto]: text } },
    'auto',
  ]),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text): Row => [
    '2.7',
    auto,
    `${text} is false in Go`,
    { workload: { [auto]: text }, flags: { autoReloadAll: true } },
    'turned-off',
  ]),
  ...['yes', 'on', 'tRUE', ' true', 'true ', '01', 'enabled'].map((text): Row => [
    '2.7',
    auto,
    `${JSON.stringify(text)} is an error in Go and counts as false`,
    { workload: { [auto]: text }, flags: { autoReloadAll: true } },
    'turned-off',
  ]),
];

const automatic: Row[] = [
  ...bools,
  ['2.7', auto, 'for Secrets', { workload: { [auto]: 'true' }, config: secret() }, 'auto'],
  ['2.7', auto, 'for SecretProviderClasses', { workload: { [auto]: 'true' }, config: providerClass() }, 'auto'],
  ['2.7', configMapAuto, 'for ConfigMaps', { workload: { [configMapAuto]: 'true' } }, 'auto'],
  [
    '2.7',
    configMapAuto,
    'not for Secrets',
    { workload: { [configMapAuto]: 'true' }, config: secret() },
    'not-opted-in',
  ],
  ['2.7', secretAuto, 'for Secrets', { workload: { [secretAuto]: 'true' }, config: secret() }, 'auto'],
  ['2.7', secretAuto, 'not for ConfigMaps', { workload: { [secretAuto]: 'true' } }, 'not-opted-in'],
  [
    '2.7',
    classAuto,
    'for SecretProviderClasses',
    { workload: { [classAuto]: 'true' }, config: providerClass() },
    'auto',
  ],
  ['2.7', classAuto, 'not for Secrets', { workload: { [classAuto]: 'true' }, config: secret() }, 'not-opted-in'],
  ['2.7', configMapAuto, 'T is true in Go', { workload: { [configMapAuto]: 'T' } }, 'auto'],
  ['2.t', configMapAuto, 'is OR-ed with auto', { workload: { [auto]: 'true', [configMapAuto]: 'false' } }, 'auto'],
  ['2.t', auto, 'false does not stop a typed auto', { workload: { [auto]: 'false', [configMapAuto]: 'true' } }, 'auto'],
  ['2.7', '--auto-reload-all', 'without annotations', { flags: { autoReloadAll: true } }, 'auto'],
  ['2.7', '--auto-reload-all', 'for Secrets', { config: secret(), flags: { autoReloadAll: true } }, 'auto'],
  [
    '2.7',
    '--auto-reload-all',
    'for SecretProviderClasses',
    { config: providerClass(), flags: { autoReloadAll: true } },
    'auto',
  ],
  [
    '2.t',
    auto,
    'false stops --auto-reload-all',
    { workload: { [auto]: 'false' }, flags: { autoReloadAll: true } },
    'turned-off',
  ],
  ['2.7', auto, 'empty does not stop it', { workload: { [auto]: '' }, flags: { autoReloadAll: true } }, 'auto'],
  [
    '2.7',
    configMapAuto,
    'empty does not stop it',
    { workload: { [configMapAuto]: '' }, flags: { autoReloadAll: true } },
    'auto',
  ],
  [
    '2.t',
    configMapAuto,
    'false stops it for ConfigMaps',
    { workload: { [configMapAuto]: 'false' }, flags: { autoReloadAll: true } },
    'turned-off',
  ],
  [
    '2.t',
    configMapAuto,
    'false leaves it for Secrets',
    { workload: { [configMapAuto]: 'false' }, config: secret(), flags: { autoReloadAll: true } },
    'auto',
  ],
  [
    '2.t',
    secretAuto,
    'false stops it for Secrets',
    { workload: { [secretAuto]: 'false' }, config: secret(), flags: { autoReloadAll: true } },
    'turned-off',
  ],
  [
    '2.7',
    auto,
    'false on the template stops it',
    { template: { [auto]: 'false' }, flags: { autoReloadAll: true } },
    'turned-off',
  ],
  [
    '2.7',
    auto,
    'false on the template is hidden by search on the workload',
    { workload: { [search]: 'false' }, template: { [auto]: 'false' }, flags: { autoReloadAll: true } },
    'auto',
  ],
  ['2.8', 'nothing', 'no annotation at all', {}, 'not-opted-in'],
  ['2.8', 'nothing', 'annotations of others', { workload: { 'example.com/auto': 'true' } }, 'not-opted-in'],
  [
    '2.8',
    'nothing',
    'keys that every object inherits are not annotations',
    { flags: { keys: { ...keys, auto: 'constructor' } } },
    'not-opted-in',
  ],
];

const kinds = ['Deployment', 'DaemonSet', 'StatefulSet', 'CronJob', 'Job', 'Rollout', 'DeploymentConfig'] as const;
const everyKind = kinds.flatMap((kind): Row[] => [
  ['3', kind, 'auto', { kind, workload: { [auto]: 'true' } }, 'auto'],
  ['3', kind, 'named', { kind, workload: { [secrets]: 'app' }, config: secret() }, 'named'],
  ['3', kind, 'search', { kind, template: { [search]: 'true' }, config: marked }, 'search'],
]);

const renamed: Row[] = [
  [
    '1',
    '--auto-annotation',
    'the new key counts',
    { workload: { x: 'true' }, flags: { keys: { ...keys, auto: 'x' } } },
    'auto',
  ],
  [
    '1',
    '--auto-annotation',
    'the old one does not',
    { workload: { [auto]: 'true' }, flags: { keys: { ...keys, auto: 'x' } } },
    'not-opted-in',
  ],
  [
    '1',
    '--configmap-auto-annotation',
    'the new key counts',
    { workload: { x: 'true' }, flags: { keys: { ...keys, typedAuto: { ...keys.typedAuto, ConfigMap: 'x' } } } },
    'auto',
  ],
  [
    '1',
    '--secret-auto-annotation',
    'the new key counts',
    {
      workload: { x: 'true' },
      config: secret(),
      flags: { keys: { ...keys, typedAuto: { ...keys.typedAuto, Secret: 'x' } } },
    },
    'auto',
  ],
  [
    '1',
    '--configmap-annotation',
    'the new key counts',
    { workload: { x: 'app' }, flags: { keys: { ...keys, named: { ...keys.named, ConfigMap: 'x' } } } },
    'named',
  ],
  [
    '1',
    '--configmap-annotation',
    'the old one no longer hides the template',
    {
      workload: { [configMaps]: 'app' },
      template: { x: 'app' },
      flags: { keys: { ...keys, named: { ...keys.named, ConfigMap: 'x' } } },
    },
    'named',
  ],
  [
    '1',
    '--secret-annotation',
    'the new key counts',
    { workload: { x: 'app' }, config: secret(), flags: { keys: { ...keys, named: { ...keys.named, Secret: 'x' } } } },
    'named',
  ],
  [
    '1',
    '--auto-search-annotation',
    'the new key counts',
    { workload: { x: 'true' }, config: marked, flags: { keys: { ...keys, search: 'x' } } },
    'search',
  ],
  [
    '1',
    '--search-match-annotation',
    'the new key counts',
    {
      workload: { [search]: 'true' },
      config: { annotations: { x: 'true' } },
      flags: { keys: { ...keys, match: 'x' } },
    },
    'search',
  ],
  [
    '1',
    '--ignore-annotation',
    'the new key counts',
    { workload: { [auto]: 'true' }, config: { annotations: { x: 'true' } }, flags: { keys: { ...keys, ignore: 'x' } } },
    'config-ignored',
  ],
  [
    '1',
    '--ignore-annotation',
    'the old one does not',
    {
      workload: { [auto]: 'true' },
      config: { annotations: { [ignore]: 'true' } },
      flags: { keys: { ...keys, ignore: 'x' } },
    },
    'auto',
  ],
];

const own: Row[] = [
  ['Lockstep', restart, 'true is auto', { workload: { [restart]: 'true' } }, 'auto'],
  ['Lockstep', restart, 'on the pod template', { template: { [restart]: 'true' }, config: secret() }, 'auto'],
  ['Lockstep', restart, 'false stands in for auto', { workload: { [restart]: 'false', [auto]: 'true' } }, 'turned-off'],
  ['Lockstep', restart, 'true stands in for auto', { workload: { [restart]: 'true', [auto]: 'false' } }, 'auto'],
  [
    'Lockstep',
    restart,
    'false leaves a typed auto',
    { workload: { [restart]: 'false', [configMapAuto]: 'true' } },
    'auto',
  ],
  [
    'Lockstep',
    restart,
    'false leaves the named annotation',
    { workload: { [restart]: 'false', [configMaps]: 'app' } },
    'named',
  ],
  [
    'Lockstep',
    restart,
    'false stops --auto-reload-all',
    { workload: { [restart]: 'false' }, flags: { autoReloadAll: true } },
    'turned-off',
  ],
  [
    'Lockstep',
    restart,
    'on the workload hides the template',
    { workload: { [restart]: 'false' }, template: { [auto]: 'true' } },
    'turned-off',
  ],
  [
    'Lockstep',
    lockstepIgnore,
    'true ignores',
    { workload: { [auto]: 'true' }, config: { annotations: { [lockstepIgnore]: 'true' } } },
    'config-ignored',
  ],
  [
    'Lockstep',
    lockstepIgnore,
    'is not renamed by --ignore-annotation',
    {
      workload: { [auto]: 'true' },
      config: { annotations: { [lockstepIgnore]: 'true' } },
      flags: { keys: { ...keys, ignore: 'x' } },
    },
    'config-ignored',
  ],
];

/** Each names its annotation, flag or kind and its paragraph. */
export const rows: readonly Row[] = [
  ignoredTypes,
  ignored,
  presence,
  excluded,
  naming,
  searching,
  automatic,
  everyKind,
  renamed,
  own,
].flat();
