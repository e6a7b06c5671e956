import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, type Asked } from './options.ts';

const asked: readonly [argv: string[], expected: Asked][] = [
  [[], { kind: 'run', options: { cluster: 'memory', ending: 'until-interrupted', output: 'text' } }],
  [['--once', '--json'], { kind: 'run', options: { cluster: 'memory', ending: 'once', output: 'json' } }],
  [['--cluster', 'real'], { kind: 'run', options: { cluster: 'real', ending: 'until-interrupted', output: 'text' } }],
  [
    ['--cluster=kubeconfig', '--once=false'],
    { kind: 'run', options: { cluster: 'kubeconfig', ending: 'until-interrupted', output: 'text' } },
  ],
  [['--jsn'], { kind: 'refused', problems: ['unknown flag --jsn; did you mean --json?'] }],
  [['--cluster=kind'], { kind: 'refused', problems: ['--cluster kind: want one of memory, real, kubeconfig'] }],
  [['--cluster'], { kind: 'refused', problems: ['--cluster needs a value'] }],
  [['now', '-x'], { kind: 'refused', problems: ['unknown flag -x in -x', 'unexpected word now'] }],
];
for (const [argv, expected] of asked) {
  test(`demo ${argv.join(' ')}: ${expected.kind}`, () => assert.deepEqual(readOptions(argv), expected));
}

test('--help lists every flag', () => {
  const help = readOptions(['--help']);
  assert.equal(help.kind, 'help');
  for (const flag of ['--once', '--json', '--cluster memory|real|kubeconfig'])
    assert.ok(help.kind === 'help' && help.text.includes(flag), flag);
});
