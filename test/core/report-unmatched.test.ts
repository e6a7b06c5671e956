// Annotations without effect, rule by rule. In a row, Secret db and ConfigMap app exist and Deployment web refers to both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Annotations } from '../../server/core/annotations.ts';
import type { ReportGap } from '../../server/core/report-facts.ts';
import { makeReport } from '../../server/core/report.ts';
import { config, facts, workload, type WorkloadOptions } from './report-facts.ts';

const auto = 'reloader.stakater.com/auto';
const search = 'reloader.stakater.com/search';
const match = 'reloader.stakater.com/match';
const ignore = 'reloader.stakater.com/ignore';
const secretReload = 'secret.reloader.stakater.com/reload';
const exclude = 'secrets.exclude.reloader.stakater.com/reload';
const pausePeriod = 'deployment.reloader.stakater.com/pause-period';
const db = 'Secret/db';

interface Row extends WorkloadOptions {
  /** Of Secret db. */
  readonly marks?: Annotations;
  readonly unread?: string;
  readonly says: readonly (readonly string[])[];
}

const rows: Readonly<Record<string, Row>> = {
  'auto with references': { annotations: { [auto]: 'true' }, says: [] },
  'auto without references': {
    annotations: { [auto]: 'true' },
    references: [],
    says: [['auto-without-reference', 'Deployment/web', auto]],
  },
  'auto without references, but with a SecretProviderClass': {
    annotations: { [auto]: 'true' },
    references: [],
    mountsClasses: true,
    says: [],
  },
  'auto for Secrets, only a ConfigMap referred to': {
    annotations: { 'secret.reloader.stakater.com/auto': 'true' },
    references: [{ kind: 'ConfigMap', name: 'app', keys: 'all', optional: false }],
    says: [['auto-without-reference', 'Deployment/web', 'secret.reloader.stakater.com/auto']],
  },
  'a name and an expression that exist': { annotations: { [secretReload]: 'db, d.*' }, says: [] },
  'a name and an expression of nothing': {
    annotations: { [secretReload]: 'db,dbx,x.*' },
    says: [
      ['names-nothing', 'Deployment/web', secretReload, 'dbx'],
      ['expression-matches-nothing', 'Deployment/web', secretReload, 'x.*'],
    ],
  },
  'an empty name': {
    annotations: { [secretReload]: '' },
    says: [['names-nothing', 'Deployment/web', secretReload, '']],
  },
  'names while Secrets could not be read': { annotations: { [secretReload]: 'dbx' }, unread: 'secrets', says: [] },
  'an exclude list of nothing': {
    annotations: { [exclude]: 'db,gone' },
    says: [['excludes-nothing', 'Deployment/web', exclude, 'gone']],
  },
  'search that finds a mark': { annotations: { [search]: 'true' }, marks: { [match]: 'true' }, says: [] },
  'search that finds none': {
    annotations: { [search]: 'true' },
    says: [['search-finds-nothing', 'Deployment/web', search]],
  },
  'search without references': {
    annotations: { [search]: 'true' },
    references: [],
    says: [['search-without-reference', 'Deployment/web', search]],
  },
  'a mark that nobody searches': { marks: { [match]: 'true' }, says: [['match-unsearched', db, match]] },
  'a mark while StatefulSets could not be read': { marks: { [match]: 'true' }, unread: 'statefulsets', says: [] },
  'a value that is no boolean': {
    annotations: { [auto]: 'yes' },
    says: [['unreadable-value', 'Deployment/web', auto]],
  },
  'an expression that does not compile': {
    annotations: { [secretReload]: 'db,(' },
    says: [['unreadable-value', 'Deployment/web', secretReload]],
  },
  'search: not exactly true': {
    annotations: { [search]: 'True' },
    says: [['not-exactly-true', 'Deployment/web', search, 'True']],
  },
  'ignore on a workload': { annotations: { [ignore]: 'true' }, says: [['wrong-place', 'Deployment/web', ignore]] },
  'auto on a config object': { marks: { [auto]: 'true' }, says: [['wrong-place', db, auto]] },
  'ignore on a config object': { marks: { [ignore]: 'true' }, says: [] },
  'ignore on a config object: not exactly true': {
    marks: { [ignore]: 'yes' },
    says: [['not-exactly-true', db, ignore, 'yes']],
  },
  'an exclude list on the pod template': {
    template: { [exclude]: 'db' },
    says: [['wrong-place', 'Deployment/web', exclude]],
  },
  'a pause period on a Deployment': { annotations: { [pausePeriod]: '5m' }, says: [] },
  'a pause period on a StatefulSet': {
    kind: 'StatefulSet',
    annotations: { [pausePeriod]: '5m' },
    says: [['deployment-only', 'StatefulSet/web', pausePeriod]],
  },
  'on the pod template, hidden by the workload’s': {
    annotations: { [auto]: 'true' },
    template: { [search]: 'true' },
    says: [['hidden-by-workload', 'Deployment/web', search]],
  },
  'on the pod template alone': { template: { [auto]: 'true' }, says: [] },
};

for (const [rule, { marks = {}, unread, says, ...options }] of Object.entries(rows)) {
  test(`report, annotations: ${rule}`, () => {
    const gaps: ReportGap[] = unread === undefined ? [] : [{ resource: unread, reason: 'forbidden' }];
    const configs = [config('Secret', 'db', { annotations: marks }), config('ConfigMap', 'app')];
    const { unmatched } = makeReport(facts({ configs, workloads: [workload('web', options)], gaps }), { top: 1 });
    assert.deepEqual(
      unmatched.map(({ object: { kind, name }, annotation, part, reason }) => [
        reason,
        `${kind}/${name}`,
        annotation,
        ...(part === undefined ? [] : [part]),
      ]),
      says,
    );
    assert.ok(unmatched.every(({ advice }) => advice !== ''));
  });
}
