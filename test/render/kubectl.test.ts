// What `kubectl kustomize` prints of the same files on a disk, and `kubectl` as the tool where there is no kustomize.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { provideBinaries, whySkipped } from '../cluster/binaries.ts';
import { kustomizeTool, part, render, textOf } from './rig.ts';

const files = {
  'app/kustomization.yaml':
    'namespace: shop\nnamePrefix: eu-\nresources: [../base]\nsecretGenerator:\n- name: token\n  envs: [token.env]\nreplicas:\n- {name: web, count: 3}\n',
  'app/token.env': 'A=1\nB=two words\n',
  'base/kustomization.yaml': 'resources: [web.yaml]\nconfigMapGenerator:\n- name: web\n  files: [conf=web.conf]\n',
  'base/web.conf': 'listen 80\n',
  'base/web.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      volumes: [{name: c, configMap: {name: web}}, {name: t, secret: {secretName: token}}]\n',
};

test('kubectl kustomize gives the same', { skip: await whySkipped() }, async () => {
  const { directory } = await provideBinaries();
  const kubectl = join(directory, 'kubectl');
  const disk = mkdtempSync(join(tmpdir(), 'kubectl-test-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(disk, path)), { recursive: true });
      writeFileSync(join(disk, path), text);
    }
    const expected = execFileSync(kubectl, ['kustomize', join(disk, 'app')], { encoding: 'utf8' });
    const { kustomize: _, ...tools } = await findTools({ kubectl }, process.env['PATH'] ?? '');
    assert.match(expected, /name: eu-web-[2-9a-z]{10}/);
    assert.equal(textOf(await render(part(kustomizeTool), { files, options: { tools } })), expected);
    const overlay = new Hidden({ namespace: 'shop' });
    const changed = await render(part({ ...kustomizeTool, overlay }), { files, options: { tools } });
    assert.equal(textOf(changed), expected);
  } finally {
    rmSync(disk, { recursive: true, force: true });
  }
});
