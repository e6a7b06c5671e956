import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findViolations, importsOf, type SourceFile } from './architecture.ts';

const patterns = ['{server,hooks,argocd,flux,manifests}/**/*.{ts,md,yaml}', 'test/**/*.ts'];
const files = globSync(patterns, { exclude: ['test/fixtures/**', 'test/golden/**'] }).map((path) => ({
  path: path.replaceAll('\\', '/'),
  text: readFileSync(path, 'utf8'),
}));

test('the code keeps the import rule, has no cycles, no empty names, no oversized files, and a README in every folder', () => {
  assert.ok(files.some(({ path }) => path === 'server/core/errors.ts'));
  assert.deepEqual(findViolations(files), []);
});

const readme = (folder: string): SourceFile => ({ path: `${folder}/README.md`, text: '' });
const file = (path: string, text = ''): SourceFile => ({ path, text });

/** Each row is a tree with one thing wrong; the READMEs are added where the rule is another one. */
const planted: [rule: string, tree: SourceFile[], expected: string[]][] = [
  [
    'core imports a library',
    [file('server/core/a.ts', "import { parse } from 'yaml';")],
    ['server/core/a.ts must not import yaml'],
  ],
  [
    'core imports the shell',
    [file('server/core/a.ts', "import type { A } from '../kube/a.ts';")],
    ['server/core/a.ts must not import server/kube/a.ts'],
  ],
  [
    'one engine imports the other',
    [file('flux/a.ts', "export { a } from '../argocd/a.ts';")],
    ['flux/a.ts must not import argocd/a.ts'],
  ],
  [
    'one shell folder imports another',
    [file('server/http/a.ts', "import {\n  a,\n} from '../kube/a.ts';")],
    ['server/http/a.ts must not import server/kube/a.ts'],
  ],
  [
    'the loop imports the shell',
    [file('server/reconcile/a.ts', "import { a } from '../git/a.ts';")],
    ['server/reconcile/a.ts must not import server/git/a.ts'],
  ],
  [
    'by a dynamic import',
    [file('server/core/a.ts', "const a = await import('../git/a.ts');")],
    ['server/core/a.ts must not import server/git/a.ts'],
  ],
  ['for its effects', [file('server/core/a.ts', "import 'undici';")], ['server/core/a.ts must not import undici']],
  [
    'out of a folder without a rule',
    [file('server/new/a.ts', "import { a } from '../core/a.ts';")],
    ['server/new/a.ts must not import server/core/a.ts'],
  ],
  [
    'code imports a test',
    [file('hooks/a.ts', "import { a } from '../test/a.ts';")],
    ['hooks/a.ts must not import test/a.ts'],
  ],
  [
    'a folder whose name begins like an allowed one',
    [file('hooks/a.ts', "import { a } from '../server/core-more/a.ts';")],
    ['hooks/a.ts must not import server/core-more/a.ts'],
  ],
  [
    'a cycle',
    [file('server/core/a.ts', "import './b.ts';"), file('server/core/b.ts', "import './a.ts';")],
    ['cycle: server/core/a.ts -> server/core/b.ts -> server/core/a.ts'],
  ],
  ['a file named utils', [file('server/core/utils.ts')], ['server/core/utils.ts: utils.ts names nothing']],
  ['a folder named helpers', [file('test/helpers/a.ts')], ['test/helpers/a.ts: helpers names nothing']],
  ['a test named misc', [file('test/misc.test.ts')], ['test/misc.test.ts: misc.test.ts names nothing']],
  ['a file too long', [file('server/core/a.ts', '\n'.repeat(301))], ['server/core/a.ts has 301 lines, more than 300']],
  [
    'the environment outside of main',
    [file('server/cli.ts', "process.env['X']")],
    ['server/cli.ts uses process.env: only server/main.ts may'],
  ],
  [
    'the process by its module',
    [file('server/cli.ts', "import { env } from 'node:process';")],
    ['server/cli.ts uses node:process: only server/main.ts may'],
  ],
  [
    'the clock in the core',
    [file('server/core/a.ts', 'const a = Date.now();')],
    ['server/core/a.ts uses Date.now(: it must be handed in'],
  ],
  [
    'chance in the loop',
    [file('server/reconcile/a.ts', 'Math.random()')],
    ['server/reconcile/a.ts uses Math.random(: it must be handed in'],
  ],
];
for (const [rule, tree, expected] of planted) {
  test(`a planted violation is found: ${rule}`, () => {
    const folders = ['server', 'server/core', 'server/http', 'server/reconcile', 'server/new', 'hooks', 'flux'];
    assert.deepEqual(findViolations([...tree, ...folders.map(readme)]), expected);
  });
}

test('a planted violation is found: a folder without a README', () => {
  assert.deepEqual(findViolations([file('server/core/a.ts')]), ['server/core has no README.md']);
});

test('what is allowed is no violation', () => {
  const tree = [
    file(
      'server/core/a.ts',
      "import { createHmac } from 'node:crypto';\n// process.env, Date.now()\n/* import 'yaml' */",
    ),
    file('server/http/a.ts', "import express from 'express';\nimport { a } from '../core/a.ts';\nDate.now();"),
    file('server/main.ts', "import '../hooks/a.ts';\nprocess.exitCode = 1;"),
    ...['server', 'server/core', 'server/http'].map(readme),
  ];
  assert.deepEqual(findViolations(tree), []);
});

test('imports are found in every form', () => {
  const text = [
    "import a from 'a';",
    "import type { B } from 'b';",
    "import {\n  c,\n  d,\n} from 'c';",
    "export * from 'd';",
    "import 'e';",
    "const f = await import('f');",
    "// import g from 'g';",
    "const from = 'h';",
  ].join('\n');
  assert.deepEqual(importsOf(text).sort(), ['a', 'b', 'c', 'd', 'e', 'f']);
});
