// Hostile commits: trees crafted byte by byte. Each row says what is listed, read or refused; nothing is followed or run.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import type { Craft, RawEntry } from '../git-server/craft.ts';
import { createCraft } from '../git-server/craft.ts';
import type { TreeWorld } from '../git-server/tree-world.ts';
import { createTreeWorld } from '../git-server/tree-world.ts';

let place: TreeWorld;
let craft: Craft;
let file: string;

before(async () => {
  place = await createTreeWorld();
  craft = createCraft(place.world.bare);
  file = craft.blob('x: 1\n');
});
after(() => place[Symbol.asyncDispose]());

let commits = 0;
const commit = (tree: string): string => craft.commit(tree, `crafted-${commits++}`);
const folder = (): string => craft.tree(['100644', 'x', file]);
const missing = '1'.repeat(40);

type Names = readonly (string | Uint8Array)[];

const refusedNames: readonly [rule: string, ...names: Names][] = [
  ['a .git folder', '.git'],
  ['.GIT', '.GIT'],
  ['.git with an ignored character', '.g\u200cit'],
  ['.git with a final space', '.git '],
  ['.git with a final dot', '.git.'],
  ['the short name of .git', 'git~1'],
  ['..', '..'],
  ['.', '.'],
  ['an absolute path', '/etc/passwd'],
  ['a path that climbs out', '../../etc/passwd'],
  ['a slash in a name', 'a/b'],
  ['a slash at the end', 'a/'],
  ['the same name twice', 'a', 'a'],
  ['two names that are the same as text', Uint8Array.of(0xff), Uint8Array.of(0xfe)],
  ['a name longer than any path', 'x'.repeat(5_000)],
];

for (const [rule, ...names] of refusedNames) {
  test(`tree refused: ${rule}`, async () => {
    const entries = names.map((name): RawEntry => ['100644', name, file]);
    await refuses(commit(craft.tree(...entries)), 'git-tree-refused');
    const inside = craft.tree(['40000', 'deep', craft.tree(...entries)]);
    await refuses(commit(inside), 'git-tree-refused');
  });
}

const refusedTrees: readonly [rule: string, code: string, make: () => string][] = [
  [
    'a file and a folder of one name',
    'git-tree-refused',
    () => craft.tree(['100644', 'a', file], ['40000', 'a', folder()]),
  ],
  [
    'a link and a folder of one name',
    'git-tree-refused',
    () => craft.tree(['120000', 'a', file], ['40000', 'a', folder()]),
  ],
  [
    'a tree that is cut off, which no git sends',
    'git-revision-not-found',
    () => craft.rawTree(Buffer.from('100644 a\0short')),
  ],
  ['a folder of 5,000 levels', 'git-tree-refused', () => nest(folder(), 5_000)],
  ['a folder that is a file, which no git sends', 'git-revision-not-found', () => craft.tree(['40000', 'a', file])],
  [
    '250,000 entries',
    'git-too-large',
    () => craft.tree(...wide(500, craft.tree(...wide(500, file, '100644')), '40000')),
  ],
  ['ten thousand million entries made of ten trees', 'git-too-large', bomb],
];

for (const [rule, code, make] of refusedTrees) {
  test(`tree refused: ${rule}`, async () => {
    const started = performance.now();
    await refuses(commit(make()), code);
    assert.ok(performance.now() - started < 30_000);
  });
}

const modules = '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n';
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';

const listed: readonly [rule: string, entry: () => RawEntry, kind: string, content: string | undefined][] = [
  ['a link to a file of the machine', () => ['120000', 'l', craft.blob('/etc/passwd')], 'symlink', undefined],
  ['a link that climbs out', () => ['120000', 'l', craft.blob('../../x')], 'symlink', undefined],
  ['a link to itself', () => ['120000', 'l', craft.blob('l')], 'symlink', undefined],
  ['a mode that no file has counts as a submodule', () => ['777777', 'l', missing], 'submodule', undefined],
  ['a submodule', () => ['160000', 'l', missing], 'submodule', undefined],
  ['.gitmodules with an option as URL', () => ['100644', '.gitmodules', craft.blob(modules)], 'file', modules],
  [
    '.gitattributes with a filter',
    () => ['100644', '.gitattributes', craft.blob('* filter=evil ident text eol=crlf\n')],
    'file',
    '* filter=evil ident text eol=crlf\n',
  ],
  ['a pointer of LFS stays a pointer', () => ['100644', 'l', craft.blob(pointer)], 'file', pointer],
  ['a newline in a name', () => ['100644', 'a\nb', file], 'file', 'x: 1\n'],
  ['a tab in a name', () => ['100644', 'a\tb', file], 'file', 'x: 1\n'],
  ['an escape sequence in a name', () => ['100644', '\u001b[31mred', file], 'file', 'x: 1\n'],
  ['a backslash in a name', () => ['100644', '..\\..\\x', file], 'file', 'x: 1\n'],
  ['a look-alike of NUL', () => ['100644', 'a\u2400b', file], 'file', 'x: 1\n'],
  ['a look-alike of a slash', () => ['100644', '..\u2215x', file], 'file', 'x: 1\n'],
  ['an option as name', () => ['100644', '--output=pwned', file], 'file', 'x: 1\n'],
  ['a quoted name', () => ['100644', '"a"', file], 'file', 'x: 1\n'],
  ['a prototype key', () => ['100644', '__proto__', file], 'file', 'x: 1\n'],
  ['an executable is a file', () => ['100755', 'run.sh', craft.blob('touch pwned\n')], 'file', 'touch pwned\n'],
  ['a hook is a file', () => ['100755', 'post-checkout', craft.blob('touch pwned\n')], 'file', 'touch pwned\n'],
];

for (const [rule, make, kind, content] of listed) {
  test(`listed as it is: ${rule}`, async () => {
    const entry = make();
    const name = String(entry[1]);
    const tree = await place.open(commit(craft.tree(entry)));
    assert.deepEqual(
      tree.below('').map((one) => [one.path, one.kind]),
      [[name, kind]],
    );
    const read = tree.read([name], place.signal);
    if (content === undefined) await assert.rejects(read, /no file in the tree/);
    else assert.equal(Buffer.from((await read).get(name) ?? []).toString(), content);
  });
}

test('listed as they are: names that differ by case or by Unicode form', async () => {
  const names = ['A.yaml', 'a.yaml', 'e\u0301', '\u00e9'];
  const tree = await place.open(commit(craft.tree(...names.map((name): RawEntry => ['100644', name, file]))));
  assert.deepEqual(
    tree
      .below('')
      .map(({ path }) => path)
      .sort(),
    [...names].sort(),
  );
});

const unreadable: readonly [rule: string, code: string, make: () => string][] = [
  ['a file of 100 MB', 'git-too-large', () => craft.blob(Buffer.alloc(100 * 1024 * 1024))],
  ['a file that the server does not have', 'git-failed', () => missing],
  ['a file that is a folder', 'git-failed', folder],
  ['a file that is a commit', 'git-failed', () => place.world.git('rev-parse', 'main')],
];

for (const [rule, code, make] of unreadable) {
  test(`not read: ${rule}, and the caller beside it gets its file`, async () => {
    const hostile = await place.open(commit(craft.tree(['100644', 'a', make()])));
    const honest = await place.open(commit(craft.tree(['100644', 'b', craft.blob(`${rule}\n`)])));
    const [bad, good] = await Promise.allSettled([hostile.read(['a'], place.signal), honest.read(['b'], place.signal)]);
    assert.ok(
      bad.status === 'rejected' && bad.reason instanceof LockstepError && bad.reason.code === code,
      JSON.stringify(bad),
    );
    assert.ok(good.status === 'fulfilled');
    assert.equal(Buffer.from(good.value.get('b') ?? []).toString(), `${rule}\n`);
  });
}

test('not read: more files than one caller may have at once', async () => {
  const entries = Array.from({ length: 9 }, (_, at): RawEntry => [
    '100644',
    `f${at}`,
    craft.blob(Buffer.alloc(8 * 1024 * 1024, at)),
  ]);
  const tree = await place.open(commit(craft.tree(...entries)));
  const all = tree.read(
    entries.map(([, name]) => String(name)),
    place.signal,
  );
  await assert.rejects(all, (error) => error instanceof LockstepError && error.code === 'git-too-large');
});

const revisions: readonly [rule: string, make: () => string][] = [
  ['a file', () => file],
  ['a tree', folder],
  ['a commit whose tree is missing', () => craft.commit(missing, 'headless')],
];

for (const [rule, make] of revisions) {
  test(`no commit: ${rule}`, () => refuses(make(), 'git-revision-not-found'));
}

test('nothing of a tree became a file here', () => {
  assert.ok(!existsSync('pwned'));
  const found = readdirSync(join(place.stateDirectory), { recursive: true }).map(String);
  assert.deepEqual(
    found.filter((path) => /pwned|payload|passwd|gitmodules|run\.sh/.test(path)),
    [],
  );
});

async function refuses(revision: string, code: string): Promise<void> {
  const error: unknown = await place.open(revision).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LockstepError, String(error));
  assert.equal(error.code, code, error.message);
}

function nest(tree: string, levels: number): string {
  let id = tree;
  for (let level = 0; level < levels; level++) id = craft.tree(['40000', 'd', id]);
  return id;
}

function wide(count: number, id: string, mode: string): RawEntry[] {
  return Array.from({ length: count }, (_, at) => [mode, String(at).padStart(4, '0'), id]);
}

function bomb(): string {
  let id = craft.tree(...wide(10, file, '100644'));
  for (let level = 0; level < 9; level++) id = craft.tree(...wide(10, id, '40000'));
  return id;
}
