import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chart, type ChartReason, describeChart, readChart } from '../../flux/chart.ts';
import { Fields, type Problem } from '../../flux/fields.ts';
import { type FluxSource, readSource } from '../../flux/sources.ts';
import { chartTemplate, digest, gitRepository, source } from './resources.ts';

function read(spec: unknown): { chart: Chart | undefined; problems: string[] } {
  const problems: Problem[] = [];
  const chart = readChart(new Fields('spec', spec, problems), 'apps');
  return { chart, problems: problems.map(({ path, word }) => `${path} ${word}`) };
}

function readFlux(value: unknown): FluxSource {
  const reading = readSource(value);
  assert.ok(reading.kind === 'read');
  return reading.value;
}

const inGit = {
  chart: {
    spec: { chart: './charts/web/', sourceRef: { kind: 'GitRepository', name: 'fleet', namespace: 'flux-system' } },
  },
};
const byRef = (kind: string) => ({ chartRef: { kind, name: 'fleet', namespace: 'flux-system' } });
const fleet = { namespace: 'flux-system', name: 'fleet' };
const nothing = { name: undefined, path: undefined, version: undefined, valuesFiles: [] };

const charts: [rule: string, spec: unknown, expected: Chart | undefined, problems: string[]][] = [
  ['a folder in Git', inGit, { ...nothing, source: { kind: 'GitRepository', ...fleet }, path: 'charts/web' }, []],
  [
    'out of the root stays in it',
    { chart: { spec: { ...inGit.chart.spec, chart: '../../x' } } },
    { ...nothing, source: { kind: 'GitRepository', ...fleet }, path: 'x' },
    [],
  ],
  ['an OCIRepository', byRef('OCIRepository'), { ...nothing, source: { kind: 'OCIRepository', ...fleet } }, []],
  [
    'the release’s namespace by default',
    { chartRef: { kind: 'HelmChart', name: 'x' } },
    { ...nothing, source: { kind: 'HelmChart', namespace: 'apps', name: 'x' } },
    [],
  ],
  ['a GitRepository is no chart', byRef('GitRepository'), undefined, ['spec.chartRef.kind malformed']],
  [
    'no chart at all',
    {},
    undefined,
    [
      'spec.chart.spec.sourceRef.kind missing',
      'spec.chart.spec.sourceRef.name missing',
      'spec.chart.spec.chart missing',
    ],
  ],
  [
    'a chart of the wrong type',
    { chart: { spec: { ...chartTemplate, chart: 7 } } },
    undefined,
    ['spec.chart.spec.chart wrong-type'],
  ],
  [
    'a path of the wrong type',
    { chart: { spec: { ...inGit.chart.spec, chart: ['x'] } } },
    undefined,
    ['spec.chart.spec.chart wrong-type'],
  ],
  ['both', { ...inGit, ...byRef('OCIRepository') }, undefined, ['spec.chartRef malformed']],
];
for (const [rule, spec, expected, problems] of charts) {
  test(`flux chart: ${rule}`, () => assert.deepEqual(read(spec), { chart: expected, problems }));
}

test('flux chart declares: a folder in Git, of a commit that no release names', () => {
  assert.deepEqual(describeChart(read(inGit).chart, readFlux(gitRepository())), {
    repository: 'https://git.example.com/team/fleet.git',
    revision: undefined,
    path: 'charts/web',
    renderer: 'helm',
    reason: 'chart-commit-unknown',
  });
});

test('flux chart declares: of an artifact, where it says it comes from', () => {
  const metadata = { 'org.opencontainers.image.source': 'https://git.example.com/team/web.git' };
  const oci = source('OCIRepository', { status: { artifact: { revision: `6.5.4@${digest}`, metadata } } });
  assert.deepEqual(describeChart(read(byRef('OCIRepository')).chart, readFlux(oci)), {
    repository: 'https://git.example.com/team/web.git',
    revision: undefined,
    path: undefined,
    renderer: 'helm',
    reason: 'oci-artifact',
  });
});

const reasons: [reason: ChartReason, spec: unknown, from: FluxSource | undefined][] = [
  ['chart-unreadable', {}, undefined],
  ['chart-unreadable', {}, readFlux(gitRepository())],
  ['helm-repository', { chart: { spec: chartTemplate } }, undefined],
  ['helm-chart', byRef('HelmChart'), undefined],
  ['source-unknown', inGit, undefined],
  ['source-unknown', byRef('OCIRepository'), readFlux(gitRepository())],
  ['submodules', inGit, readFlux(gitRepository({ spec: { recurseSubmodules: true } }))],
  ['external-artifact', byRef('ExternalArtifact'), readFlux(source('ExternalArtifact'))],
];
for (const [reason, spec, from] of reasons) {
  test(`flux chart declares nothing comparable: ${reason}`, () => {
    assert.equal(describeChart(read(spec).chart, from).reason, reason);
  });
}
