// A comparison and a preview as they are printed, word for word, and the fields of their JSON.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDiff, type DiffFacts } from '../server/core/diff.ts';
import { objectKey } from '../server/core/object.ts';
import { makePreview, type PreviewFacts } from '../server/core/preview.ts';
import { renderDiffMarkdown } from '../server/diff-markdown.ts';
import { renderDiff } from '../server/diff-output.ts';
import { renderPreview, renderPreviewMarkdown } from '../server/preview-output.ts';
import { application, declared, declaring, factsOf, kustomization, live, owned } from './core/diff-facts.ts';
import { refOf, workload, writtenBy } from './core/diff-facts.ts';

const app = refOf('app');
const db = refOf('db', 'Secret');
const web = workload('web', [{}, { kind: 'Secret', name: 'db' }]);
const at = Date.parse('2026-11-22T12:00:00Z');
const certificate = { group: 'cert-manager.io', kind: 'Certificate', name: 'web' };
const byCertManager = { ...writtenBy('cert-manager-certificates-issuing', ['tls.crt'], at), owners: [certificate] };

const facts: DiffFacts = factsOf({
  configs: [
    live(
      app,
      { level: 'debug', port: '80', extra: '1' },
      { ownership: owned, writers: writtenBy('kubectl-edit', ['level', 'extra'], at) },
    ),
    live(db, { password: 'x' }, { ownership: { kind: 'owned', owner: kustomization, by: 'inventory' } }),
    live(refOf('pages'), { a: '1' }, { ownership: owned, writers: writtenBy('argocd-controller', ['a'], at) }),
    live(refOf('web-tls', 'Secret'), { 'tls.crt': 'x' }, { writers: byCertManager }),
  ],
  owners: [
    declaring([
      declared(app, { level: 'info', port: '80', host: 'x' }, { path: 'apps/app.yaml' }),
      declared(refOf('pages'), { a: '1' }),
      declared(refOf('gone'), { a: '1' }),
    ]),
    declaring([declared(db, {}, { unclear: { password: 'encrypted' } })], { owner: kustomization }),
  ],
  workloads: [{ ref: web.seen.ref, references: web.references }],
  recorded: new Map([[objectKey(app), 'outdated']]),
  gaps: [{ about: 'applications', says: 'listing them is not granted' }],
});

const before = declaring([declared(app, { level: 'info', port: '80' }), declared(db, { password: '1' })]);
const after = declaring([declared(app, { level: 'debug', port: '80' }), declared(db, { password: '2' })]);
const preview: PreviewFacts = {
  namespace: 'shop',
  revision: 'feature/x',
  owners: [{ owner: application, before: before.declared, after: after.declared }],
  configs: new Map(
    [live(app, { level: 'info', port: '80' }), live(db, { password: '1' })].map((config) => {
      return [objectKey(config.ref), { live: config.live, annotations: {} }];
    }),
  ),
  unread: new Set(),
  workloads: [web, workload('held', [{}], { paused: true })],
  paused: new Set(),
  presence: { onCreate: false, onDelete: false, atStart: false },
  gaps: [],
};

/** `UPDATE_GOLDEN=1` writes them anew. */
const goldens: Readonly<Record<string, () => string>> = {
  'diff.txt': () => renderDiff(makeDiff(facts)),
  'diff-all.txt': () => renderDiff(makeDiff({ ...facts, namespace: undefined, revision: 'main' })),
  'diff.md': () => renderDiffMarkdown(makeDiff(facts)),
  'preview.txt': () => renderPreview(makePreview(preview)),
  'preview.md': () => renderPreviewMarkdown(makePreview(preview)),
};
for (const [name, render] of Object.entries(goldens)) {
  test(`printed: ${name}`, () => {
    const path = join(import.meta.dirname, 'golden', 'diff', name);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, render());
    assert.equal(render(), readFileSync(path, 'utf8'));
  });
}

test('printed: nothing found is one line', () => {
  assert.equal(renderDiff(makeDiff(factsOf({}))), 'Diff of namespace shop with Git as applied: no config objects\n');
});

/** All paths of the value, lists by their members. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(each, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, each]) => fieldsOf(each, path === '' ? name : `${path}.${name}`));
}
const schemaOf = (value: object): string[] => [...new Set(fieldsOf(JSON.parse(JSON.stringify(value))))].sort();

test('the JSON of a comparison has these fields', () => {
  assert.deepEqual(schemaOf(makeDiff({ ...facts, revision: 'main' })), [
    'gaps[].about',
    'gaps[].says',
    'namespace',
    'revision',
    'rows[].answer',
    'rows[].because',
    ...['kind', 'name', 'namespace'].map((field) => `rows[].config.${field}`),
    'rows[].file',
    ...['answer', 'declared', 'live', 'name', 'reason'].map((field) => `rows[].keys[].${field}`),
    'rows[].origin',
    'rows[].originBecause',
    ...['engine', 'kind', 'name', 'namespace'].map((field) => `rows[].owner.${field}`),
    ...['by', 'kind', 'name'].map((field) => `rows[].producer.${field}`),
    'rows[].reasons[].reason',
    'rows[].reasons[].says',
    'rows[].recorded',
    ...['path', 'repository', 'revision'].map((field) => `rows[].sources[].${field}`),
    ...['kind', 'name', 'namespace'].map((field) => `rows[].workloads[].${field}`),
    ...['kind', 'manager', 'notAfter', 'operation'].map((field) => `rows[].writer.${field}`),
    ...['kind', 'manager', 'notAfter', 'operation'].map((field) => `rows[].writers[].${field}`),
    ...['different', 'equal', 'missing', 'not-comparable', 'not-declared'].map((answer) => `summary.${answer}`),
  ]);
});

test('the JSON of a preview has these fields', () => {
  assert.deepEqual(schemaOf(makePreview(preview)), [
    ...['kind', 'name', 'namespace'].map((field) => `changes[].config.${field}`),
    'changes[].keys[]',
    ...['engine', 'kind', 'name', 'namespace'].map((field) => `changes[].owner.${field}`),
    'changes[].what',
    'namespace',
    'revision',
    'workloads[].action',
    ...['kind', 'name', 'namespace'].map((field) => `workloads[].because[].config.${field}`),
    'workloads[].because[].keys[]',
    'workloads[].because[].what',
    'workloads[].reason',
    ...['kind', 'name', 'namespace'].map((field) => `workloads[].workload.${field}`),
  ]);
});
