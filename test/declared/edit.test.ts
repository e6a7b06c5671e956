import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { setAnnotation } from '../../server/declared/edit.ts';
import { locateWorkload, surveyFiles } from '../../server/declared/locate.ts';

const folder = join(import.meta.dirname, '../golden/edit');
const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const annotation = { key: 'checksum.lockstep.dev/secret.db', value: 'k1:abc' };

function edit(text: string): { text: string } | { refusal: string } {
  const location = locateWorkload(surveyFiles([{ path: 'web.yaml', text }], ''), workload, 'shop');
  if (location.kind === 'refused') return { refusal: location.refusal };
  const result = setAnnotation(text, location.place, annotation);
  if (result.kind === 'refused') return { refusal: result.refusal };
  return { text: result.kind === 'edited' ? result.text : text };
}

for (const name of readdirSync(folder)) {
  const before = readFileSync(join(folder, name, 'before.yaml'), 'utf8');
  test(`edit ${name}`, () => {
    const refusal = join(folder, name, 'refusal.txt');
    if (existsSync(refusal)) {
      assert.deepEqual(edit(before), { refusal: readFileSync(refusal, 'utf8').trim() });
      return;
    }
    const after = readFileSync(join(folder, name, 'after.yaml'), 'utf8');
    assert.deepEqual(edit(before), { text: after });
    assert.deepEqual(edit(after), { text: after }, 'a second edit changes nothing');
  });
}

test('whatever the file looks like, an edit sets the annotation and touches one or two lines, or is refused', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
  const scalar = fc.oneof(
    word,
    fc.constantFrom('"a: b"', "'it''s'", '0644', 'null', '~', '|+\n      x\n\n', '{}', '[1, 2]', '&a x', '"ü"', ''),
  );
  const comment = fc.constantFrom('', ' # note', '\t# tab');
  const line = fc
    .record({ key: word, scalar, comment })
    .map(({ key, scalar: value, comment: note }) => `${key}: ${value}${value.includes('\n') ? '' : note}`);
  const annotations = fc.oneof(
    fc.constant(''),
    fc.constantFrom(
      '  annotations:\n',
      '  annotations: {}\n',
      '  annotations: {a: b}\n',
      '  annotations: null\n',
      '  annotations: &x\n    a: b\n',
    ),
    fc
      .array(line, { minLength: 1, maxLength: 4 })
      .map((lines) => `  annotations:\n${lines.map((text) => `    ${text}\n`).join('')}`),
    fc
      .tuple(scalar, comment)
      .map(
        ([value, note]) =>
          `  annotations:\n    ${annotation.key}: ${value.includes('\n') ? 'x' : value}${note}\n    b: c\n`,
      ),
  );
  const file = fc.record({
    annotations,
    rest: fc.array(line, { maxLength: 3 }),
    isWindows: fc.boolean(),
    isFirst: fc.boolean(),
    hasEnd: fc.boolean(),
    isSecond: fc.boolean(),
  });
  let edited = 0;
  fc.assert(
    fc.property(file, ({ annotations: block, rest, isWindows, isFirst, hasEnd, isSecond }) => {
      const metadata = isFirst ? `metadata:\n${block}  name: web\n` : `metadata:\n  name: web\n${block}`;
      const head = isSecond ? '# other\nkind: ConfigMap\n---\n' : '';
      let text = `${head}apiVersion: apps/v1\nkind: Deployment\n${metadata}spec:\n  x: 1\n${rest.map((part) => `  ${part}\n`).join('')}`;
      if (!hasEnd) text = text.trimEnd();
      if (isWindows) text = text.replaceAll('\n', '\r\n');
      const result = edit(text);
      if ('refusal' in result) return;
      edited++;
      const [before, after] = [text.split('\n'), result.text.split('\n')];
      const removed = before.filter((item) => !after.includes(item)).length;
      assert.ok(after.length - before.length >= 0 && after.length - before.length <= 2, result.text);
      assert.ok(removed <= 1, result.text);
      const document = parseAllDocuments(result.text, { uniqueKeys: false }).at(-1);
      assert.equal(document?.getIn(['metadata', 'annotations', annotation.key]), annotation.value);
    }),
    { numRuns: 500 },
  );
  assert.ok(edited > 250, `only ${edited} of 500 were edited`);
});
