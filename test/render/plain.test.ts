import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlainTool } from '../../server/core/rendering.ts';
import type { FakeFile } from '../fakes/source-tree.ts';
import { identify, part, refusalOf, render } from './rig.ts';

const files = {
  'app/a.yaml': 'kind: A',
  'app/b.yml': 'kind: B',
  'app/c.json': '{"kind": "C"}',
  'app/readme.md': '# no manifest',
  'app/skipped.yaml': '# +argocd:skip-file-rendering\nkind: Skipped',
  'app/deep/d.yaml': 'kind: D',
  'app/deep/d.test.yaml': 'kind: T',
  'apple/e.yaml': 'kind: E',
};

const base: PlainTool = { tool: 'plain', recurse: false, include: undefined, exclude: undefined };
const choices: readonly [string, Partial<PlainTool>, readonly string[]][] = [
  ['the folder itself', {}, ['app/a.yaml', 'app/b.yml', 'app/c.json']],
  [
    'with the folders below',
    { recurse: true },
    ['app/a.yaml', 'app/b.yml', 'app/c.json', 'app/deep/d.test.yaml', 'app/deep/d.yaml'],
  ],
  ['an include with a choice', { include: '{a,b}.y*ml' }, ['app/a.yaml', 'app/b.yml']],
  ['a star matches slashes', { recurse: true, include: '*d.yaml' }, ['app/deep/d.yaml']],
  ['an exclude', { recurse: true, exclude: '{*.test.yaml,c.json}' }, ['app/a.yaml', 'app/b.yml', 'app/deep/d.yaml']],
  ['a class', { include: '[!a-b].*' }, ['app/c.json']],
];
for (const [rule, options, expected] of choices) {
  test(`plain manifests: ${rule}`, async () => {
    const result = await render(part({ ...base, ...options }), { files });
    assert.equal(result.kind, 'rendered');
    assert.deepEqual(result.kind === 'rendered' && result.manifests.map(({ path }) => path), expected);
  });
}

const refusals: readonly [string, Readonly<Record<string, FakeFile>>, string][] = [
  ['no such folder', { 'other/a.yaml': '' }, 'not-rendered: there is no folder "app"'],
  ['jsonnet', { 'app/a.jsonnet': '{}' }, 'not-rendered: "app/a.jsonnet" is jsonnet, which is not rendered here'],
  [
    'a link',
    { 'app/a.yaml': { symlink: '/etc/passwd' } },
    'not-rendered: "app/a.yaml" is a symbolic link, which is not followed',
  ],
  ['a submodule', { 'app/sub': { submodule: 'x' } }, 'not-rendered: "app/sub" is a submodule, which is not read'],
  ['a file of 100 MB', { 'app/a.yaml': { size: 100_000_000 } }, 'unreadable: "app/a.yaml" is larger than 8 MiB'],
  ['not UTF-8', { 'app/a.yaml': Buffer.from([0xff, 0xfe]) }, 'unreadable: "app/a.yaml" is not UTF-8'],
];
for (const [rule, hostile, expected] of refusals) {
  test(`plain manifests are refused: ${rule}`, async () => {
    assert.equal(refusalOf(await render(part(base), { files: hostile })), expected);
  });
}

test('what is elsewhere in the repository does not change the identity, what counts does', async () => {
  const first = await identify(part(base), { files });
  assert.equal(await identify(part(base), { files: { ...files, 'apple/e.yaml': 'kind: F' } }), first);
  assert.notEqual(await identify(part(base), { files: { ...files, 'app/a.yaml': 'kind: F' } }), first);
  assert.notEqual(await identify(part({ ...base, exclude: 'x' }), { files }), first);
});
