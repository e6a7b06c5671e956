import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags, refuse, suggest } from '../server/flags.ts';

const table = {
  ha: { type: 'bool', default: false, help: '', group: 'g' },
  'all-namespaces': { type: 'bool', short: 'A', default: false, help: '', group: 'g' },
  namespace: { type: 'string', short: 'n', help: '', group: 'g' },
  output: { type: 'choice', choices: ['json', 'yaml'], short: 'o', default: 'json', help: '', group: 'g' },
  settle: { type: 'duration', default: 1000, help: '', group: 'g' },
  interval: { type: 'duration', default: 1000, min: 100, help: '', group: 'g' },
  max: { type: 'int', default: 100, help: '', group: 'g' },
  names: { type: 'list', default: ['x'], help: '', group: 'g' },
} as const;

const readings: [rule: string, argv: string[], expected: Record<string, unknown>, args?: string[]][] = [
  ['nothing given: the defaults', [], { ha: false, namespace: undefined, settle: 1000, names: ['x'] }],
  ['a bare bool is true and takes no word', ['--ha', 'false'], { ha: true }, ['false']],
  ['--b=false', ['--ha', '--ha=false'], { ha: false }],
  ['--b=T as Go spells bools', ['--ha=T'], { ha: true }],
  ['--s v and --s=v', ['--namespace', 'a', '--namespace=b'], { namespace: 'b' }],
  ['a value may start with a dash', ['--namespace', '-x'], { namespace: '-x' }],
  ['a value may hold =', ['--namespace=a=b'], { namespace: 'a=b' }],
  ['an empty value is a value', ['--namespace='], { namespace: '' }],
  ['-n v, -n=v, -nv', ['-n', 'a', '-n=b', '-nc'], { namespace: 'c' }],
  ['short bools stand together', ['-Ao', 'yaml'], { 'all-namespaces': true, output: 'yaml' }],
  ['-A=false', ['-A=false'], { 'all-namespaces': false }],
  ['-- ends the flags', ['--ha', '--', '--namespace', 'a'], { ha: true, namespace: undefined }, ['--namespace', 'a']],
  ['a lone dash is a word', ['-'], {}, ['-']],
  ['words and flags may be mixed', ['one', '--ha', 'two'], { ha: true }, ['one', 'two']],
  ['lists: commas and repetition add up', ['--names=a,b', '--names', 'c'], { names: ['a', 'b', 'c'] }],
  ['lists: quotes keep commas', ['--names="a,b",c', '--names="d""e"'], { names: ['a,b', 'c', 'd"e'] }],
  ['lists: empty fields stay', ['--names=a,,b,'], { names: ['a', '', 'b', ''] }],
  ['lists: given empty, it is empty', ['--names='], { names: [] }],
  ['durations: 0', ['--settle=0'], { settle: 0 }],
  ['durations: compound', ['--settle=1m30s500ms'], { settle: 90_500 }],
  ['durations: fractions', ['--settle', '1.5s'], { settle: 1500 }],
  ['ints', ['--max', '0'], { max: 0 }],
];
for (const [rule, argv, expected, args = []] of readings) {
  test(`flags: ${rule}`, () => {
    const parsed = parseFlags(table, argv);
    assert.deepEqual(parsed.problems, []);
    assert.deepEqual(parsed.args, args);
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual((parsed.values as Record<string, unknown>)[name], value, name);
    }
  });
}

const refusals: [rule: string, argv: string[], problems: RegExp[]][] = [
  [
    'an unknown flag, with the closest known one',
    ['--namespaec=a'],
    [/^unknown flag --namespaec; did you mean --namespace\?$/],
  ],
  ['an unknown flag far from all', ['--qqqqqqqqqqqqqq'], [/^unknown flag --qqqqqqqqqqqqqq$/]],
  ['names are case-sensitive', ['--HA'], [/^unknown flag --HA; did you mean --ha\?$/]],
  ['a name inherited from Object is unknown', ['--constructor'], [/^unknown flag --constructor$/]],
  ['the value of an unknown flag is not repeated', ['--tokn=hunter2'], [/^unknown flag --tokn$/]],
  ['an unknown letter', ['-Ax'], [/^unknown flag -x in -Ax$/]],
  ['a missing value', ['--namespace'], [/^--namespace needs a value$/]],
  ['a bool that is none', ['--ha=yes'], [/^--ha yes: want true or false$/]],
  ['a choice that is none', ['-o', 'xml'], [/^--output xml: want one of json, yaml$/]],
  ['a duration without a unit', ['--settle=5'], [/^--settle 5: want a duration/]],
  ['a negative duration', ['--settle=-5s'], [/not negative$/]],
  ['a duration below its least', ['--interval=1ms'], [/at least 100ms$/]],
  ['a negative int', ['--max=-1'], [/^--max -1: want a whole number of at least 0$/]],
  ['an open quote', ['--names="a'], [/balanced quotes$/]],
  ['a quote in the middle', ['--names=a"b"'], [/balanced quotes$/]],
  ['every problem at once', ['--nope', '--ha=maybe', '--max', 'x'], [/nope/, /ha maybe/, /max x/]],
];
for (const [rule, argv, problems] of refusals) {
  test(`flags are refused: ${rule}`, () => {
    const found = parseFlags(table, argv).problems;
    assert.equal(found.length, problems.length, found.join('\n'));
    for (const [at, problem] of problems.entries()) assert.match(found[at] ?? '', problem);
  });
}

test('refuse carries every problem', () => {
  const error = refuse(['a', 'b']);
  assert.equal(error.code, 'config-invalid');
  assert.equal(error.message, 'a\nb');
});

test('suggest names the closest word only when it is close', () => {
  assert.equal(suggest('brnach', ['branch', 'path']), '; did you mean branch?');
  assert.equal(suggest('x', ['repository']), '');
});
