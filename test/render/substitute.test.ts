import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import type { Substitution } from '../../server/core/rendering.ts';
import { evaluate } from '../../server/render/envsubst.ts';
import { identify, part, plainTool, refusalOf, render, textOf } from './rig.ts';

const variables = new Map(Object.entries({ name: 'web', empty: '', Path: 'a/b/a', long: 'äbc', _x1: 'y' }));

/** As Flux's own tests of its evaluator have it. Undefined: Flux refuses, or its newest version does. */
const forms: readonly [string, string | undefined][] = [
  ['a ${name} b ${_x1}', 'a web b y'],
  ['$name and $ and 5$', '$name and $ and 5$'],
  ['$${name} $$', '${name} $'],
  ['a\\/b \\\\ c', 'a\\/b \\\\ c'],
  ['${gone}', undefined],
  ['${gone:=default}', 'default'],
  ['${gone:-default}', 'default'],
  ['${gone=default}', 'default'],
  ['${gone:=}', ''],
  ['${empty:=default}', 'default'],
  ['${empty}', ''],
  ['${name:=default}', 'web'],
  ['${gone:=http://${name}:80}', 'http://web:80'],
  ['${gone:=${also:-x}}', 'x'],
  ['${#name} ${#long}', '3 4'],
  ['${name^} ${name^^} ${name,,}', 'Web WEB web'],
  ['${name:1}', 'eb'],
  ['${name:0:2}', 'we'],
  ['${name:1:-1}', 'e'],
  ['${name:9}', ''],
  ['${Path/a/x}', 'x/b/a'],
  ['${Path//a/x}', 'x/b/x'],
  ['${Path/#a/x}', 'x/b/a'],
  ['${Path/%a/x}', 'a/b/x'],
  ['${Path//\\//-}', 'a-b-a'],
  ['${Path//a/}', '/b/'],
  ['${Path#a/}', 'b/a'],
  ['${Path%/a}', 'a/b'],
  ['${Path##*/}', undefined],
  ['${name-x}', undefined],
  ['${name', undefined],
  ['${}', undefined],
  ['${a.b}', undefined],
  ['${gone?}', undefined],
];
for (const [text, expected] of forms) {
  test(`${text} becomes ${expected}`, () => assert.equal(evaluate(text, variables), expected));
}

test('forms in forms end somewhere', () => {
  assert.equal(evaluate('${a:='.repeat(10_000), variables), undefined);
});

const configMap = (data: string, labels = '') =>
  `kind: ConfigMap\nmetadata:\n  name: a\n${labels}data:\n  k: ${data}\n`;
const from = (name: string, optional = false) => ({ kind: 'Secret', namespace: 'flux', name, optional }) as const;
const using = (more: Partial<Substitution>): Substitution => ({
  inline: new Hidden(new Map()),
  from: [],
  strategy: 'WithVariables',
  ...more,
});
const live = { 'Secret/flux/a': { x: 'of-a', y: 'two\nlines' }, 'Secret/flux/b': { x: 'of-b' } };

const cases: readonly [string, Partial<Substitution>, string, RegExp][] = [
  ['later objects win', { from: [from('a'), from('b')] }, configMap('${x}'), /k: of-b/],
  ['inline wins', { from: [from('a')], inline: new Hidden(new Map([['x', 'own']])) }, configMap('${x}'), /k: own/],
  ['line breaks are taken out', { from: [from('a')] }, configMap('${y}'), /k: twolines/],
  ['an optional object may be missing', { from: [from('none', true), from('a')] }, configMap('${x}'), /k: of-a/],
  ['without variables nothing happens', {}, configMap('${x:=d}'), /k: \$\{x:=d\}/],
  ['unless it always does', { strategy: 'Always' }, configMap('${x:=d}'), /k: d/],
  [
    'a label keeps it off',
    { from: [from('a')] },
    configMap('${x}', '  labels:\n    kustomize.toolkit.fluxcd.io/substitute: disabled\n'),
    /k: \$\{x\}/,
  ],
  [
    'a document that cannot be evaluated stays',
    { from: [from('a')] },
    `${configMap('${gone}')}---\n${configMap('${x}')}`,
    /k: \$\{gone\}[^]*k: of-a/,
  ],
];
for (const [rule, substitution, text, expected] of cases) {
  test(`substitution: ${rule}`, async () => {
    const one = part(plainTool, { substitution: using(substitution) });
    assert.match(textOf(await render(one, { files: { 'app/a.yaml': text }, live })), expected);
  });
}

const blank = '\n'.repeat(400_000);
const endless: readonly [string, string, RegExp][] = [
  ['blank lines without end', `${configMap('${x}')}${blank}# end\n`, /k: xxxx/],
  ['a text that names a long variable often', configMap('${x}'.repeat(20_000)), /k: \$\{x\}\$\{x\}/],
  ['a variable in place of each of its letters', configMap('${x//x/${x}}'), /k: \$\{x\/\/x/],
];
for (const [rule, text, expected] of endless) {
  test(`substitution ends in time: ${rule}`, async () => {
    const inline = new Hidden(new Map([['x', 'x'.repeat(100_000)]]));
    const started = performance.now();
    const one = part(plainTool, { substitution: using({ inline }) });
    assert.match(textOf(await render(one, { files: { 'app/a.yaml': text } })), expected);
    assert.ok(performance.now() - started < 5_000);
  });
}

test('substitution is refused: an object that is missing, a name that is none', async () => {
  const files = { 'app/a.yaml': configMap('${x}') };
  const missing = part(plainTool, { substitution: using({ from: [from('none')] }) });
  assert.match(refusalOf(await render(missing, { files })), /^substituted-from-unknown: the Secret flux\/none/);
  const bad = part(plainTool, { substitution: using({ inline: new Hidden(new Map([['a-b', 'canary']])) }) });
  assert.match(refusalOf(await render(bad, { files })), /^substituted-from-unknown: "a-b" is no name/);
});

test('a new version of the variables changes the identity', async () => {
  const one = part(plainTool, { substitution: using({ from: [from('b')] }) });
  const files = { 'app/a.yaml': configMap('${x}') };
  const other = { 'Secret/flux/b': { x: 'of-another' } };
  assert.notEqual(await identify(one, { files, live }), await identify(one, { files, live: other }));
});
