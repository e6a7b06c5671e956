// Manifests that a YAML reader must survive, and folders that are not what they seem.
import { bomb, type HostileRow, outside } from './hostile-rows.ts';

const part = { path: 'app', tool: 'plain' } as const;
const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n';
const config = `${head}data: { a: "1" }\n`;
const problem = { kind: 'problem' } as const;
const allClear = Object.fromEntries(
  ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((key) => [key, 'clear' as const]),
);
const refused = { kind: 'refused', reason: 'not-rendered' } as const;

function document(rule: string, text: string | Uint8Array, expect: HostileRow['expect']): HostileRow {
  return { rule, files: { 'app/web.yaml': text }, part, expect };
}

function data(
  rule: string,
  text: string,
  keys: Extract<HostileRow['expect'], { kind: 'declared' }>['keys'],
): HostileRow {
  return document(rule, head + text, { kind: 'declared', keys });
}

export const documents: readonly HostileRow[] = [
  data(
    'an alias bomb, which is not unfolded',
    `data:\n${bomb.replaceAll(/^(?=.)/gm, '  ')}`,
    Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`a${n}`, 'not-a-string' as const])),
  ),
  document('a hundred and one aliases', `${head}data:\n  a: &a "1"\n${'  b: *a\n'.repeat(101)}`, problem),
  data('an alias of itself', 'data: &d { a: *d }\n', { a: 'not-a-string' }),
  data('an alias of nothing', 'data: { a: *nothing, b: "1" }\n', { a: 'unreadable', b: 'clear' }),
  document('a deep list', `${head}data: { a: ${'['.repeat(10_000)}${']'.repeat(10_000)} }\n`, problem),
  document('deep maps', `${head}data: { a: ${'{ a: '.repeat(5_000)}1${'}'.repeat(5_000)} }\n`, problem),
  document(
    'deep blocks',
    `${head}data:\n${Array.from({ length: 500 }, (_, n) => `${' '.repeat(n + 2)}a:`).join('\n')}\n`,
    problem,
  ),
  data('prototype keys', 'data: { __proto__: "1", constructor: "2", toString: "3", hasOwnProperty: "4" }\n', allClear),
  data('a prototype as the whole data', '__proto__: { data: { a: "1" } }\n', {}),
  document(
    'a prototype as metadata',
    'apiVersion: v1\nkind: ConfigMap\n__proto__: { metadata: { name: web } }\ndata: { a: "1" }\n',
    problem,
  ),
  data('a key twice', 'data: { a: "1", a: "2", b: "3" }\n', { a: 'duplicate-key', b: 'clear' }),
  data('data twice', 'data: { a: "1" }\ndata: { b: "2" }\n', { '*': 'duplicate-key' }),
  document(
    'a kind twice',
    'apiVersion: v1\nkind: ConfigMap\nkind: Secret\nmetadata: { name: web }\ndata: { a: "1" }\n',
    problem,
  ),
  document(
    'a name twice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, name: other }\ndata: { a: "1" }\n',
    problem,
  ),
  document('a scalar beyond the limit of a document', `${head}data: { a: "${'x'.repeat(600 * 1024)}" }\n`, problem),
  document('a million quotes', `${head}data: { a: ${'"'.repeat(1_000_000)} }\n`, problem),
  document(
    'a hundred thousand keys',
    `${head}data:\n${Array.from({ length: 100_000 }, (_, n) => `  k${n}: v`).join('\n')}\n`,
    problem,
  ),
  document('a million spaces behind a kind', `kind:${' '.repeat(1_000_000)}a b\n${config}`, problem),
  document('a hundred thousand kinds', `${'kind: a b\n'.repeat(100_000)}${config}`, problem),
  document('a single line of 5 MB', `${head}data: { a: ${'x'.repeat(5_000_000)} }\n`, problem),
  document('a NUL', `${head}data: { a: "x\u0000y" }\n`, problem),
  document('other control characters', `${head}data: { a: "x\u0007y" }\n`, problem),
  document('a byte order mark', `\ufeff${config}`, { kind: 'declared', keys: { a: 'clear' } }),
  {
    rule: 'invalid UTF-8',
    files: { 'app/web.yaml': Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]) },
    part,
    expect: { kind: 'refused', reason: 'unreadable' },
  },
  {
    rule: 'UTF-16',
    files: { 'app/web.yaml': Buffer.from(`\ufeff${config}`, 'utf16le') },
    part,
    expect: { kind: 'refused', reason: 'unreadable' },
  },
  document('tabs as indentation', `${head}data:\n\ta: "1"\n`, problem),
  data('a merge key', 'data: { <<: { a: "1" }, b: "2" }\n', { b: 'clear', '*': 'yaml-dialects' }),
  data('a merge of merges', 'data: { <<: [{ a: "1" }, { a: "2" }], b: "2" }\n', { b: 'clear', '*': 'yaml-dialects' }),
  document('a merge key at the root', `<<: { data: { a: "1" } }\n${config}`, {
    kind: 'declared',
    keys: { '*': 'yaml-dialects' },
  }),
  data(
    'a tag that runs code elsewhere',
    'data: { a: !!python/object/apply:os.system ["touch $MARK"], b: !!js/function "x", c: !!binary MQ== }\n',
    {
      a: 'not-a-string',
      b: 'not-a-string',
      c: 'not-a-string',
    },
  ),
  data('a key that is a map', 'data: { ? { a: b } : "1", c: "2" }\n', { c: 'clear', '*': 'yaml-dialects' }),
  data('a key that is null', 'data: { ~: "1", c: "2" }\n', { c: 'clear', '*': 'yaml-dialects' }),
  data('keys that are paths', 'data: { "../../etc/passwd": "1", "..": "2", "a/b": "3", c: "4" }\n', {
    '../../etc/passwd': 'invalid-key',
    '..': 'invalid-key',
    'a/b': 'invalid-key',
    c: 'clear',
  }),
  data('a key with an escape sequence for terminals', 'data: { "\\e[2Jx": "1" }\n', { '\u001b[2Jx': 'invalid-key' }),
  data('patch directives', 'data: { $patch: delete, a: "1" }\n', {
    a: 'clear',
    $patch: 'invalid-key',
    '*': 'patch-directive',
  }),
  document('a directive for another version', `%YAML 1.1\n---\n${config}`, { kind: 'declared', keys: { a: 'clear' } }),
  document('an unknown directive', `%EVIL x\n---\n${config}`, { kind: 'declared', keys: { a: 'clear' } }),
  document(
    'three thousand documents',
    Array.from({ length: 3_000 }, (_, n) => config.replace('web', `w${n}`)).join('---\n'),
    problem,
  ),
  document(
    'lists in lists',
    `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: List\n    items:\n      - ${config.trim().replaceAll('\n', '\n        ')}\n`,
    problem,
  ),
  document(
    'a name that is a path',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ../../x, namespace: "a/b" }\ndata: { a: "1" }\n',
    problem,
  ),
  document(
    'a namespace that is a number',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: 1 }\ndata: { a: "1" }\n',
    problem,
  ),
  document('a document that is text', 'hello\n', problem),
  document('a file that is broken in the middle', `${config}---\na: [\n---\n${config.replace('web', 'other')}`, {
    kind: 'declared',
    keys: { a: 'clear' },
    andProblem: true,
  }),
  document(
    'a template that was not rendered',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .x }} }\n',
    problem,
  ),
  // files
  {
    rule: 'a file of 100 MB',
    files: { 'app/web.yaml': { size: 100_000_000 } },
    part,
    expect: { kind: 'refused', reason: 'unreadable' },
  },
  {
    rule: 'twenty files of 7 MB',
    files: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`app/${n}.yaml`, { size: 7_000_000 }])),
    part,
    expect: { kind: 'refused', reason: 'any' },
  },
  {
    rule: 'six thousand files',
    files: Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`app/${n}.yaml`, config])),
    part,
    expect: refused,
  },
  {
    rule: 'a manifest that is a link',
    files: { 'app/web.yaml': { symlink: `${outside}/secret.yaml` } },
    part,
    expect: refused,
  },
  {
    rule: 'a link to a file beside it',
    files: { 'app/a.yaml': config, 'app/b.yaml': { symlink: 'a.yaml' } },
    part,
    expect: refused,
  },
  {
    rule: 'a folder that is a link',
    files: { 'app/a.yaml': config, 'app/more': { symlink: '/etc' } },
    part: { ...part, recurse: true },
    expect: refused,
  },
  { rule: 'a path that is a link', files: { 'real/a.yaml': config, app: { symlink: 'real' } }, part, expect: refused },
  {
    rule: 'a path below a link',
    files: { 'real/x/a.yaml': config, link: { symlink: 'real' } },
    part: { path: 'link/x', tool: 'plain' },
    expect: refused,
  },
  {
    rule: 'a submodule',
    files: { 'app/a.yaml': config, 'app/vendor': { submodule: '1'.repeat(40) } },
    part: { ...part, recurse: true },
    expect: refused,
  },
  { rule: 'a path that is a submodule', files: { app: { submodule: '1'.repeat(40) } }, part, expect: refused },
  ...['../app', '/app', 'app/../../x', './app/..//../etc', 'app\u0000', '-rf', 'app\n', 'C:\\app', '~'].map(
    (path): HostileRow => ({
      rule: `a path ${JSON.stringify(path)}`,
      files: { 'app/a.yaml': config },
      part: { path, tool: 'plain' },
      expect: refused,
    }),
  ),
  {
    rule: 'an include that backtracks',
    files: { [`app/${'a'.repeat(200)}.yaml`]: config },
    part: { ...part, include: `${'*a'.repeat(60)}*b` },
    expect: { kind: 'rendered', text: '' },
  },
  {
    rule: 'an include with a thousand choices',
    files: { 'app/a.yaml': config },
    part: { ...part, include: '{a,b}'.repeat(1_000) },
    expect: refused,
  },
  {
    rule: 'an include that is broken',
    files: { 'app/a.yaml': config },
    part: { ...part, include: '{a,[' },
    expect: { kind: 'rendered', text: '' },
  },
  { rule: 'jsonnet', files: { 'app/a.jsonnet': 'importstr "/etc/passwd"' }, part, expect: refused },
  {
    rule: 'names of files like prototypes',
    files: { 'app/__proto__.yaml': config, 'app/constructor/x.yaml': 'not: read' },
    part,
    expect: { kind: 'declared', keys: { a: 'clear' } },
  },
];
