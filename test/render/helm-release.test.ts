import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ManifestTool } from '../../server/core/rendering.ts';
import { identify, part, refusalOf, render, textOf } from './rig.ts';

const tool: ManifestTool = { tool: 'helm-release', storageNamespace: 'ops', releaseName: 'shop', version: 3 };
const name = 'Secret/ops/sh.helm.release.v1.shop.v3';
const manifest = '---\nkind: ConfigMap\nmetadata: {name: a}\n';
const record = (content: string | Buffer) => ({ [name]: { release: Buffer.from(content).toString('base64') } });
const packed = record(gzipSync(JSON.stringify({ name: 'shop', manifest })));

test('the manifest of a release record', async () => {
  assert.equal(textOf(await render(part(tool), { files: {}, live: packed })), manifest);
  const unpacked = record(JSON.stringify({ manifest }));
  assert.equal(textOf(await render(part(tool), { files: {}, live: unpacked })), manifest);
  assert.notEqual(
    await identify(part(tool), { files: {}, live: packed }),
    await identify(part(tool), { files: {}, live: unpacked }),
  );
});

const refused: readonly [string, Record<string, Record<string, string>>, RegExp][] = [
  ['a record that is not there', {}, /^not-rendered: Helm’s record ops\/sh\.helm\.release\.v1\.shop\.v3 is not there/],
  ['no JSON', record('canary'), /^unreadable: Helm’s record of the release cannot be read$/],
  ['no manifest', record('{"manifest": 1}'), /^unreadable/],
  ['a bomb', record(gzipSync(Buffer.alloc(64 * 1024 * 1024))), /^unreadable/],
  ['broken compression', record(Buffer.from([0x1f, 0x8b, 1, 2, 3])), /^unreadable/],
];
for (const [rule, live, expected] of refused) {
  test(`a release record is refused: ${rule}`, async () => {
    assert.match(refusalOf(await render(part(tool), { files: {}, live })), expected);
  });
}
