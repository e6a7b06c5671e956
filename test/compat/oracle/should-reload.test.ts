import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defaultFlags } from './flags.ts';
import { shouldReload, type Rule } from './should-reload.ts';
import type { Annotations, ConfigKind, Flags, WorkloadKind } from './types.ts';

interface Row {
  /** The paragraph of the contract. */
  readonly source: string;
  readonly says: string;
  readonly flags?: Partial<Flags>;
  readonly kind?: WorkloadKind;
  readonly on?: Annotations;
  readonly template?: Annotations;
  readonly config?: { readonly kind?: ConfigKind; readonly name?: string; readonly annotations?: Annotations };
  readonly rule: Rule;
}

const auto = 'reloader.stakater.com/auto';
const search = 'reloader.stakater.com/search';
const match = 'reloader.stakater.com/match';
const ignore = 'reloader.stakater.com/ignore';
const named = 'configmap.reloader.stakater.com/reload';
const typed = 'configmap.reloader.stakater.com/auto';
const exclude = 'configmaps.exclude.reloader.stakater.com/reload';
const all = { autoReloadAll: true };

const rows: readonly Row[] = [
  {
    source: '§2.1',
    says: 'an ignored Job',
    kind: 'Job',
    flags: { ignoredWorkloadTypes: ['jobs'] },
    on: { [auto]: 'true' },
    rule: 'workload-type-ignored',
  },
  {
    source: '§2.1',
    says: 'an ignored CronJob',
    kind: 'CronJob',
    flags: { ignoredWorkloadTypes: ['jobs', 'cronjobs'] },
    on: { [named]: 'foo' },
    rule: 'workload-type-ignored',
  },
  {
    source: '§2.1',
    says: 'jobs are not CronJobs',
    kind: 'CronJob',
    flags: { ignoredWorkloadTypes: ['jobs'] },
    on: { [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§1 --ignored-workload-types',
    says: 'lower-case only',
    kind: 'Job',
    flags: { ignoredWorkloadTypes: ['Jobs'] },
    on: { [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§1 --ignored-workload-types',
    says: 'one invalid value empties the list',
    kind: 'Job',
    flags: { ignoredWorkloadTypes: ['jobs', 'deployments'] },
    on: { [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§2.1',
    says: 'ignored before the ignore key',
    kind: 'Job',
    flags: { ignoredWorkloadTypes: ['jobs'] },
    config: { annotations: { [ignore]: 'true' } },
    rule: 'workload-type-ignored',
  },

  {
    source: '§2.2',
    says: 'ignore beats the named annotation',
    on: { [named]: 'foo' },
    config: { annotations: { [ignore]: 'true' } },
    rule: 'config-ignored',
  },
  {
    source: '§2.2',
    says: 'ignore is exact: True',
    on: { [named]: 'foo' },
    config: { annotations: { [ignore]: 'True' } },
    rule: 'named',
  },
  {
    source: '§2.2',
    says: 'ignore is exact: 1',
    on: { [auto]: 'true' },
    config: { annotations: { [ignore]: '1' } },
    rule: 'auto',
  },
  {
    source: '§2.2',
    says: 'ignore is exact: a space',
    on: { [auto]: 'true' },
    config: { annotations: { [ignore]: 'true ' } },
    rule: 'auto',
  },
  {
    source: '§2 table, ignore',
    says: 'works on the resource, not on the workload',
    on: { [auto]: 'true', [ignore]: 'true' },
    rule: 'auto',
  },
  {
    source: '§1 --ignore-annotation',
    says: 'renamed',
    flags: { ignoreAnnotation: 'x/ignore' },
    on: { [auto]: 'true' },
    config: { annotations: { 'x/ignore': 'true' } },
    rule: 'config-ignored',
  },
  {
    source: '§1 --ignore-annotation',
    says: 'the default key means nothing once renamed',
    flags: { ignoreAnnotation: 'x/ignore' },
    on: { [auto]: 'true' },
    config: { annotations: { [ignore]: 'true' } },
    rule: 'auto',
  },

  {
    source: '§2.3',
    says: 'the template counts where the workload has none of the four',
    template: { [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§2.3',
    says: 'the template counts beside other annotations',
    on: { 'example.com/team': 'x' },
    template: { [named]: 'foo' },
    rule: 'named',
  },
  {
    source: '§2.3',
    says: 'auto "false" on the workload hides the template',
    on: { [auto]: 'false' },
    template: { [named]: 'foo' },
    rule: 'none',
  },
  {
    source: '§2.3',
    says: 'presence, not value: an empty auto hides the template',
    on: { [auto]: '' },
    template: { [auto]: 'true' },
    rule: 'none',
  },
  {
    source: '§2.3',
    says: 'search "false" hides the template',
    on: { [search]: 'false' },
    template: { [auto]: 'true' },
    rule: 'none',
  },
  {
    source: '§2.3',
    says: 'typed auto "false" hides the template',
    on: { [typed]: 'false' },
    template: { [named]: 'foo' },
    rule: 'none',
  },
  {
    source: '§2.3',
    says: 'a named annotation of the same type hides the template',
    on: { [named]: 'bar' },
    template: { [auto]: 'true' },
    rule: 'none',
  },
  {
    source: '§2.3',
    says: 'a named annotation of another type does not',
    on: { 'secret.reloader.stakater.com/reload': 'bar' },
    template: { [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§2.3',
    says: 'a typed auto of another type does not',
    on: { 'secret.reloader.stakater.com/auto': 'true' },
    template: { [named]: 'foo' },
    rule: 'named',
  },
  {
    source: '§2.3',
    says: 'an exclude list is not one of the four',
    on: { [exclude]: 'bar' },
    template: { [auto]: 'true' },
    rule: 'auto',
  },
  { source: '§2.3', says: 'no merging', on: { [search]: 'true' }, template: { [named]: 'foo' }, rule: 'none' },

  { source: '§2.4', says: 'excluded beats named', on: { [exclude]: 'foo', [named]: 'foo' }, rule: 'excluded' },
  { source: '§2.4', says: 'excluded beats auto', on: { [exclude]: 'bar, foo', [auto]: 'true' }, rule: 'excluded' },
  { source: '§2.4', says: 'excluded beats auto-reload-all', flags: all, on: { [exclude]: 'foo' }, rule: 'excluded' },
  {
    source: '§2.4',
    says: 'excluded by the workload while the rest is read from the template',
    on: { [exclude]: 'foo' },
    template: { [auto]: 'true' },
    rule: 'excluded',
  },
  { source: '§2.4', says: 'never from the template', template: { [exclude]: 'foo', [auto]: 'true' }, rule: 'auto' },
  { source: '§2.4', says: 'exact names, no patterns', on: { [exclude]: '.*,fo.', [auto]: 'true' }, rule: 'auto' },
  { source: '§2.4', says: 'trimmed', on: { [exclude]: ' \tfoo\n,bar', [auto]: 'true' }, rule: 'excluded' },
  {
    source: '§2.4',
    says: 'of that type',
    on: { 'secrets.exclude.reloader.stakater.com/reload': 'foo', [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§2 table, exclude',
    says: 'plural prefix',
    on: { 'configmap.exclude.reloader.stakater.com/reload': 'foo', [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§2 table, exclude',
    says: 'of Secrets',
    config: { kind: 'Secret' },
    on: { 'secrets.exclude.reloader.stakater.com/reload': 'foo', [auto]: 'true' },
    rule: 'excluded',
  },
  {
    source: '§2 table, exclude',
    says: 'of classes',
    config: { kind: 'SecretProviderClass' },
    on: { 'secretproviderclasses.exclude.reloader.stakater.com/reload': 'foo', [auto]: 'true' },
    rule: 'excluded',
  },

  { source: '§2.5', says: 'by name', on: { [named]: 'foo' }, rule: 'named' },
  { source: '§2.5', says: 'one of a list, trimmed', on: { [named]: 'bar , foo ,baz' }, rule: 'named' },
  { source: '§2.5', says: 'anchored', on: { [named]: 'fo' }, rule: 'none' },
  { source: '§2.5', says: 'a pattern', on: { [named]: 'foo.*' }, config: { name: 'foo-bar' }, rule: 'named' },
  { source: '§2.5', says: 'no grouping: ^foo', on: { [named]: 'foo|bar' }, config: { name: 'foobar' }, rule: 'named' },
  {
    source: '§2.5',
    says: 'no grouping: foo at the start of anything',
    on: { [named]: 'foo|bar' },
    config: { name: 'fooxbar' },
    rule: 'named',
  },
  { source: '§2.5', says: 'no grouping: bar$', on: { [named]: 'foo|bar' }, config: { name: 'foo-bar' }, rule: 'named' },
  {
    source: '§2.5',
    says: 'no grouping: not in the middle',
    on: { [named]: 'foo|bar' },
    config: { name: 'xfoo' },
    rule: 'none',
  },
  {
    source: '§2.5',
    says: 'grouped by the user',
    on: { [named]: '(foo|bar)' },
    config: { name: 'foobar' },
    rule: 'none',
  },
  {
    source: '§2.5',
    says: 'a dot is any character',
    on: { [named]: 'foo.bar' },
    config: { name: 'foo-bar' },
    rule: 'named',
  },
  { source: '§2.5', says: 'empty is ^$', on: { [named]: '' }, rule: 'none' },
  { source: '§2.5', says: 'an empty element of a list is ^$', on: { [named]: 'bar,,' }, rule: 'none' },
  { source: '§2.5', says: 'the comma breaks {1,3}', on: { [named]: 'a{1,3}' }, config: { name: 'aa' }, rule: 'none' },
  {
    source: '§2.5',
    says: 'a quantifier without comma works',
    on: { [named]: 'a{2}' },
    config: { name: 'aa' },
    rule: 'named',
  },
  { source: '§2.5', says: 'a bad pattern is skipped', on: { [named]: '[' }, rule: 'none' },
  {
    source: '§2.5',
    says: 'a star alone is ^*$, which Go accepts and finds everywhere',
    on: { [named]: '*' },
    rule: 'named',
  },
  { source: '§2.5', says: 'a bad pattern is skipped, the next one counts', on: { [named]: '[,foo' }, rule: 'named' },
  { source: '§2.5', says: 'a bad pattern does not stop auto', on: { [named]: '(foo', [auto]: 'true' }, rule: 'auto' },
  { source: '§2.5', says: 'look-ahead is no RE2', on: { [named]: '(?=foo).*' }, rule: 'none' },
  { source: '§2.5', says: 'named before auto', on: { [named]: 'foo', [auto]: 'true' }, rule: 'named' },
  { source: '§2.5', says: 'named although auto is false', on: { [named]: 'foo', [auto]: 'false' }, rule: 'named' },
  {
    source: '§2 table, named',
    says: 'of Secrets',
    config: { kind: 'Secret' },
    on: { 'secret.reloader.stakater.com/reload': 'foo' },
    rule: 'named',
  },
  {
    source: '§2 table, named',
    says: 'of classes',
    config: { kind: 'SecretProviderClass' },
    on: { 'secretproviderclass.reloader.stakater.com/reload': 'foo' },
    rule: 'named',
  },
  {
    source: '§2 table, named',
    says: 'that of ConfigMaps is not for Secrets',
    config: { kind: 'Secret' },
    on: { [named]: 'foo' },
    rule: 'none',
  },
  {
    source: '§1 --configmap-annotation',
    says: 'renamed',
    flags: { configmapAnnotation: 'x/cm' },
    on: { 'x/cm': 'foo' },
    rule: 'named',
  },
  {
    source: '§1 --configmap-annotation',
    says: 'the default key is not present once renamed',
    flags: { configmapAnnotation: 'x/cm' },
    on: { [named]: 'foo' },
    template: { [auto]: 'true' },
    rule: 'auto',
  },
  {
    source: '§1 --secret-annotation',
    says: 'renamed',
    flags: { secretAnnotation: 'x/s' },
    config: { kind: 'Secret' },
    on: { 'x/s': 'foo' },
    rule: 'named',
  },

  {
    source: '§2.6',
    says: 'search and match',
    on: { [search]: 'true' },
    config: { annotations: { [match]: 'true' } },
    rule: 'search',
  },
  { source: '§2.6', says: 'search alone', on: { [search]: 'true' }, rule: 'none' },
  { source: '§2.6', says: 'match alone', config: { annotations: { [match]: 'true' } }, rule: 'none' },
  {
    source: '§2.6',
    says: 'search is exact',
    on: { [search]: 'True' },
    config: { annotations: { [match]: 'true' } },
    rule: 'none',
  },
  {
    source: '§2.6',
    says: 'match is exact',
    on: { [search]: 'true' },
    config: { annotations: { [match]: '1' } },
    rule: 'none',
  },
  {
    source: '§2.6',
    says: 'from the template',
    template: { [search]: 'true' },
    config: { annotations: { [match]: 'true' } },
    rule: 'search',
  },
  {
    source: '§2 table, search',
    says: 'before auto',
    on: { [search]: 'true', [auto]: 'true' },
    config: { annotations: { [match]: 'true' } },
    rule: 'search',
  },
  {
    source: '§2 table, auto',
    says: 'auto false does not disable search',
    on: { [search]: 'true', [auto]: 'false' },
    config: { annotations: { [match]: 'true' } },
    rule: 'search',
  },
  {
    source: '§2.6',
    says: 'named before search',
    on: { [search]: 'true', [named]: 'foo' },
    config: { annotations: { [match]: 'true' } },
    rule: 'named',
  },
  {
    source: '§1 --auto-search-annotation, --search-match-annotation',
    says: 'renamed',
    flags: { autoSearchAnnotation: 'x/s', searchMatchAnnotation: 'x/m' },
    on: { 'x/s': 'true' },
    config: { annotations: { 'x/m': 'true' } },
    rule: 'search',
  },

  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((value): Row => ({
    source: '§2.7',
    says: `auto ${value}`,
    on: { [auto]: value },
    rule: 'auto',
  })),
  ...['yes', 'on', 'tRUE', ' true', '2', '0', 'f', 'F', 'FALSE', 'false', 'False'].map((value): Row => ({
    source: '§2.7',
    says: `auto ${value}`,
    flags: all,
    on: { [auto]: value },
    rule: 'none',
  })),
  { source: '§2.7', says: 'typed auto', on: { [typed]: 'true' }, rule: 'typed-auto' },
  {
    source: '§2.7',
    says: 'typed auto of another type',
    on: { 'secret.reloader.stakater.com/auto': 'true' },
    rule: 'none',
  },
  {
    source: '§2 table, typed auto',
    says: 'OR-ed with auto',
    on: { [auto]: 'false', [typed]: '1' },
    rule: 'typed-auto',
  },
  {
    source: '§2 table, typed auto',
    says: 'OR-ed with auto, the other way round',
    on: { [auto]: 'T', [typed]: 'false' },
    rule: 'auto',
  },
  {
    source: '§2 table, typed auto',
    says: 'of classes',
    config: { kind: 'SecretProviderClass' },
    on: { 'secretproviderclass.reloader.stakater.com/auto': 'true' },
    rule: 'typed-auto',
  },
  {
    source: '§1 --auto-annotation',
    says: 'renamed',
    flags: { autoAnnotation: 'x/auto' },
    on: { 'x/auto': 'true' },
    rule: 'auto',
  },
  {
    source: '§1 --configmap-auto-annotation',
    says: 'renamed',
    flags: { configmapAutoAnnotation: 'x/auto' },
    on: { 'x/auto': 'true' },
    rule: 'typed-auto',
  },
  {
    source: '§1 --secret-auto-annotation',
    says: 'renamed',
    flags: { secretAutoAnnotation: 'x/auto' },
    config: { kind: 'Secret' },
    on: { 'x/auto': 'true' },
    rule: 'typed-auto',
  },
  { source: '§1 --auto-reload-all', says: 'without any annotation', flags: all, rule: 'auto-reload-all' },
  {
    source: '§2.7',
    says: 'both strings empty, though present',
    flags: all,
    on: { [auto]: '', [typed]: '' },
    rule: 'auto-reload-all',
  },
  { source: '§2.7', says: 'auto false blocks auto-reload-all', flags: all, on: { [auto]: 'false' }, rule: 'none' },
  { source: '§2 table, typed auto', says: 'typed false blocks it', flags: all, on: { [typed]: 'false' }, rule: 'none' },
  {
    source: '§2 table, typed auto',
    says: 'for that type only',
    flags: all,
    on: { 'secret.reloader.stakater.com/auto': 'false' },
    rule: 'auto-reload-all',
  },
  { source: '§2.7', says: 'an unreadable value is not empty', flags: all, on: { [auto]: 'maybe' }, rule: 'none' },
  {
    source: '§2.7',
    says: 'a named annotation that does not match leaves auto-reload-all',
    flags: all,
    on: { [named]: 'bar' },
    rule: 'auto-reload-all',
  },
  {
    source: '§2.3, §2.7',
    says: 'auto false in the template blocks it',
    flags: all,
    template: { [auto]: 'false' },
    rule: 'none',
  },
  {
    source: '§2.3, §2.7',
    says: 'auto false in a hidden template does not',
    flags: all,
    on: { [named]: 'bar' },
    template: { [auto]: 'false' },
    rule: 'auto-reload-all',
  },
  { source: '§2.8', says: 'nothing', rule: 'none' },
];

suite('ShouldReload, by rows of the contract', () => {
  for (const { source, says, flags, kind = 'Deployment', on = {}, template = {}, config, rule } of rows) {
    test(`${source}: ${says}`, () => {
      const answer = shouldReload({
        flags: { ...defaultFlags, ...flags },
        workload: { kind, annotations: on, templateAnnotations: template },
        config: { kind: 'ConfigMap', name: 'foo', namespace: 'shop', annotations: {}, ...config },
      });
      equal(answer.rule, rule);
      const reload = ['named', 'search', 'auto', 'typed-auto', 'auto-reload-all'].includes(rule);
      deepEqual(answer, { rule, reload, auto: reload && rule !== 'named' });
    });
  }
});
