import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSelector, readReloaderSelector, selects } from '../../server/core/selector.ts';

const spellings: readonly (readonly [elements: readonly string[], text: string])[] = [
  [[], ''],
  [['team=a'], 'team=a'],
  [['team:a'], 'team=a'],
  [['team:*'], 'team'],
  [['team=*'], 'team'],
  [['team'], 'team'],
  [['!team'], '!team'],
  [['team!=a'], 'team!=a'],
  [['team==a'], 'team==a'],
  [['team=a', 'env:b'], 'team=a,env=b'],
  [['env in (a', 'b)'], 'env in (a,b)'],
  [['example.com/team:a'], 'example.com/team=a'],
  [['team:a:b'], 'team=a'],
];
for (const [elements, text] of spellings) {
  test(`selector: ${JSON.stringify(elements)} is ${text}`, () => {
    const reading = readReloaderSelector(elements);
    assert.equal(reading.kind === 'selector' ? reading.selector.text : reading.says, text);
  });
}

const labels = { team: 'a', env: 'prod', empty: '', size: '5', 'example.com/x': 'y' };
const judged: readonly (readonly [text: string, selected: boolean])[] = [
  ['', true],
  ['team', true],
  ['none', false],
  ['constructor', false],
  ['!none', true],
  ['!team', false],
  ['team=a', true],
  ['team==a', true],
  ['team = a', true],
  ['team=b', false],
  ['empty=', true],
  ['empty', true],
  ['none=', false],
  ['team!=b', true],
  ['team!=a', false],
  ['none!=a', true],
  ['team in (a,b)', true],
  ['team in (b, c)', false],
  ['team in(a)', true],
  ['empty in ()', true],
  ['none in (a)', false],
  ['team notin (a,b)', false],
  ['team notin (c)', true],
  ['none notin (a)', true],
  ['size>4', true],
  ['size > 5', false],
  ['size<6', true],
  ['team>1', false],
  ['team=a,env=prod', true],
  ['team=a,env=test', false],
  ['team=a, !none ,env in (prod)', true],
  ['example.com/x=y', true],
];
for (const [text, selected] of judged) {
  test(`selector: "${text}" ${selected ? 'selects' : 'does not select'}`, () => {
    const reading = parseSelector(text);
    assert.equal(reading.kind, 'selector', JSON.stringify(reading));
    assert.equal(reading.kind === 'selector' && selects(reading.selector, labels), selected);
  });
}

const invalid = [
  'a,',
  ',a',
  'a,,b',
  'a b',
  'a=b c',
  'a=b=c',
  '=a',
  '!',
  '!=a',
  'a in b',
  'a in (b',
  'a in b)',
  'a in (b c)',
  'a>b',
  'a=b/c',
  'a/b/c',
  'UP.case/a',
  '-a',
  'a-',
  `a=${'x'.repeat(64)}`,
  'a!',
  '(a)',
  '*',
];
for (const text of invalid) {
  test(`selector: "${text.slice(0, 20)}" is refused`, () => assert.equal(parseSelector(text).kind, 'invalid'));
}

test('selector: a legacy form that cannot be is refused', () => {
  assert.equal(readReloaderSelector(['a!=*']).kind, 'invalid');
  assert.equal(readReloaderSelector(['a:b c']).kind, 'invalid');
});
