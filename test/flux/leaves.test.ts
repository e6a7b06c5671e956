// Objects that kustomize-controller leaves alone by their labels or annotations: from the manifest to the answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flux } from '../../flux/engine.ts';
import { digestValues } from '../../server/core/digest.ts';
import { findDifference } from '../../server/core/decide-drift.ts';
import type { LeaveRule } from '../../server/core/leave-rule.ts';
import { compareLeaving } from '../../server/core/left.ts';
import { Hidden } from '../../server/core/hidden.ts';
import { readDeclaration } from '../../server/declared/rendered.ts';
import { parseOwnershipMarks } from '../../server/kube/ingest-ownership.ts';
import * as given from './resources.ts';

const key = { id: 'k1', secret: Buffer.alloc(32, 1) };

function leavesOf(...objects: readonly Readonly<Record<string, unknown>>[]): readonly LeaveRule[] {
  const view = flux.open({ namespace: 'flux-system', runsHere: true, clusterNames: [], clusterServers: [] });
  for (const object of objects) {
    const resource = flux.resources.find(({ kind }) => kind === object['kind']);
    assert.ok(resource);
    view.put(resource, object);
  }
  const [owner] = view.owners();
  assert.ok(owner);
  const plan = view.plan(owner, { revisions: new Map() })?.finish([]);
  assert.ok(plan !== undefined && 'parts' in plan);
  return plan.leaves ?? [];
}

const ofKustomization = (spec: object = {}) => leavesOf(given.gitRepository(), given.kustomization({ spec }));
const ofHelmRelease = (spec: object = {}) => leavesOf(given.helmRelease({ spec }));

type Metadata = Readonly<Record<string, Readonly<Record<string, string>>>>;
const object = (data: object, metadata: Metadata) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'app', namespace: 'shop', ...metadata },
  data,
});

interface Case {
  readonly git?: Metadata;
  readonly cluster?: Metadata;
  readonly live?: Readonly<Record<string, string>> | 'absent';
  readonly leaves?: readonly LeaveRule[];
}

function answerOf({ git = {}, cluster = {}, live = { level: 'debug' }, leaves = ofKustomization() }: Case): string {
  const text = new Hidden(JSON.stringify(object({ level: 'info' }, git)));
  const options = { namespace: 'shop', key, variables: 'none' } as const;
  const config = readDeclaration([{ path: 'a.json', text }], options).configs.get('ConfigMap/shop/app');
  assert.ok(config);
  const fields = { type: undefined, immutable: false };
  const there =
    live === 'absent' ? undefined : { content: { contents: [digestsOf(live)], fields }, marks: marksOf(cluster) };
  const { comparison } = compareLeaving(config, there, leaves);
  const finding = findDifference({ comparison, isLive: there !== undefined });
  return finding.kind === 'differs' ? finding.reason : finding.kind;
}

function digestsOf(data: Readonly<Record<string, string>>) {
  const ref = { kind: 'ConfigMap', namespace: 'shop', name: 'app' } as const;
  const inputs = Object.entries(data).map(([dataKey, text]) => {
    return { dataKey, field: 'data', value: Buffer.from(text) } as const;
  });
  return digestValues(ref, inputs, key);
}

/** As the watch keeps them. */
function marksOf(metadata: Metadata) {
  const full = { name: 'app', namespace: 'shop', uid: 'u', resourceVersion: '1', ...metadata };
  return parseOwnershipMarks('', 'ConfigMap', { metadata: full });
}

const group = 'kustomize.toolkit.fluxcd.io';
const annotated = (name: string, value: string): Metadata => ({ annotations: { [`${group}/${name}`]: value } });
const labelled = (name: string, value: string): Metadata => ({ labels: { [`${group}/${name}`]: value } });
const more = { level: 'info', extra: 'x' };

const rows: [rule: string, given: Case, answer: string][] = [
  ['nothing is said', {}, 'different'],
  ['reconcile: disabled in Git', { git: annotated('reconcile', 'disabled') }, 'not-comparable'],
  ['reconcile: disabled on the live object', { cluster: annotated('reconcile', 'disabled') }, 'not-comparable'],
  ['reconcile: Disabled as a label', { git: labelled('reconcile', 'Disabled') }, 'not-comparable'],
  ['reconcile: enabled', { git: annotated('reconcile', 'enabled') }, 'different'],
  ['ssa: Ignore in Git', { git: annotated('ssa', 'Ignore') }, 'not-comparable'],
  ['ssa: Ignore on the live object, as a label', { cluster: labelled('ssa', 'ignore') }, 'not-comparable'],
  ['ssa: IfNotPresent in Git', { git: annotated('ssa', 'IfNotPresent') }, 'not-comparable'],
  ['ssa: IfNotPresent on the live object only', { cluster: annotated('ssa', 'IfNotPresent') }, 'different'],
  ['ssa: Override', { git: annotated('ssa', 'Override') }, 'different'],
  ['ssa: Merge, and a declared key differs', { git: annotated('ssa', 'Merge') }, 'different'],
  ['ssa: Merge in Git, and a key was added', { git: annotated('ssa', 'Merge'), live: more }, 'not-comparable'],
  ['ssa: Merge on the live object', { cluster: annotated('ssa', 'Merge'), live: more }, 'not-comparable'],
  ['without it a key that was added', { live: more }, 'different'],
  ['ssa: IfNotPresent, and it is not there', { git: annotated('ssa', 'IfNotPresent'), live: 'absent' }, 'missing'],
  ['ssa: Merge, and it is not there', { git: annotated('ssa', 'Merge'), live: 'absent' }, 'missing'],
  ['ssa: Ignore, and it is not there', { git: annotated('ssa', 'Ignore'), live: 'absent' }, 'not-comparable'],
  [
    'reconcile: disabled, and it is not there',
    { git: annotated('reconcile', 'disabled'), live: 'absent' },
    'not-comparable',
  ],
];
for (const [rule, item, answer] of rows)
  test(`left by Flux: ${rule}: ${answer}`, () => assert.equal(answerOf(item), answer));

const ignoring = (paths: readonly string[], target: object = { kind: 'ConfigMap' }) => [{ paths, target }];
const disabled: Metadata = { annotations: { 'helm.toolkit.fluxcd.io/driftDetection': 'disabled' } };
const ignoredRows: [rule: string, ignore: object, answer: string][] = [
  ['the key', ignoring(['/data/level']), 'not-comparable'],
  ['all data', ignoring(['/data']), 'not-comparable'],
  ['everything of that name', ignoring(['/data/level'], { name: 'app' }), 'not-comparable'],
  ['a name that is an expression may be any', ignoring(['/data/level'], { name: 'a.*' }), 'not-comparable'],
  ['selectors may choose any', ignoring(['/data/level'], { labelSelector: 'a=b' }), 'not-comparable'],
  ['another key', ignoring(['/data/other']), 'different'],
  ['other fields', ignoring(['/metadata/labels', '/spec/replicas']), 'different'],
  ['another kind', ignoring(['/data'], { kind: 'Secret' }), 'different'],
  ['another group', ignoring(['/data'], { group: 'apps' }), 'different'],
  ['another object', ignoring(['/data'], { name: 'other' }), 'different'],
];
for (const [rule, ignore, answer] of ignoredRows) {
  test(`left by Flux: spec.ignore names ${rule}: ${answer}`, () => {
    assert.equal(answerOf({ leaves: ofKustomization({ ignore }) }), answer);
  });
  test(`left by Flux: driftDetection.ignore names ${rule}: ${answer}`, () => {
    assert.equal(answerOf({ leaves: ofHelmRelease({ driftDetection: { mode: 'enabled', ignore } }) }), answer);
  });
}

test('left by Flux: each controller reads its own mark', () => {
  const leaves = ofHelmRelease();
  assert.equal(answerOf({ leaves, git: disabled }), 'not-comparable');
  assert.equal(answerOf({ leaves, cluster: disabled }), 'not-comparable');
  assert.equal(answerOf({ git: disabled }), 'different');
  assert.equal(answerOf({ leaves, git: annotated('reconcile', 'disabled') }), 'different');
});
