import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findTools } from '../../server/render/find-tools.ts';
import { makeAgeKey, provideTools, whyNoTools } from '../tools/tools.ts';
import { asked, bait } from './bait.ts';
import { kustomizeTool, part, plainTool, render, textOf } from './rig.ts';

const skip = await whyNoTools();
const directory = mkdtempSync(join(tmpdir(), 'sops-test-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const secret = `apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  password: canary-of-sops
`;

async function seal() {
  const tools = await provideTools();
  const key = await makeAgeKey(tools);
  const keyFile = join(directory, 'keys.txt');
  writeFileSync(keyFile, key.text, { mode: 0o600 });
  const args = [
    'encrypt',
    '--age',
    key.recipient,
    '--encrypted-regex',
    '^(data|stringData)$',
    '--input-type',
    'yaml',
    '--output-type',
    'yaml',
    '/dev/stdin',
  ];
  const text = execFileSync('/bin/sh', ['-c', 'cat | "$0" "$@"', tools.sops, ...args], {
    input: secret,
    encoding: 'utf8',
  });
  assert.doesNotMatch(text, /canary/);
  const { kustomize, sops } = tools;
  return { text, keyFile, tools: await findTools({ kustomize, sops }, process.env['PATH'] ?? '') };
}

test('SOPS documents are opened with a key, and stay as they are without one', { skip }, async () => {
  const { text, keyFile, tools } = await seal();
  const other = 'kind: ConfigMap\nmetadata: {name: a}\n';
  const files = { 'app/db.yaml': `${other}---\n${text}` };
  const decrypting = part(plainTool, { decrypts: true });
  const opened = textOf(await render(decrypting, { files, options: { tools, ageKeyFile: keyFile } }));
  assert.match(opened, /kind: ConfigMap[^]*password: canary-of-sops/);
  assert.doesNotMatch(opened, /^sops:/m);
  assert.match(textOf(await render(decrypting, { files, options: { tools } })), /password: ENC\[/);
  const engineDoesNot = part(plainTool, { decrypts: false });
  assert.match(
    textOf(await render(engineDoesNot, { files, options: { tools, ageKeyFile: keyFile } })),
    /password: ENC\[/,
  );
});

test('SOPS documents are opened after kustomize has moved them', { skip }, async () => {
  const { text, keyFile, tools } = await seal();
  const files = { 'app/db.yaml': text, 'app/kustomization.yaml': 'namespace: shop\nresources: [db.yaml]' };
  const options = { tools, ageKeyFile: keyFile };
  const opened = textOf(await render(part(kustomizeTool, { decrypts: true }), { files, options }));
  assert.match(opened, /namespace: shop[^]*password: canary-of-sops/);
});

test('a key that does not fit leaves the document encrypted', { skip }, async () => {
  const { text, tools } = await seal();
  const keyFile = join(directory, 'other.txt');
  writeFileSync(keyFile, (await makeAgeKey(await provideTools())).text);
  const files = { 'app/db.yaml': text };
  const options = { tools, ageKeyFile: keyFile };
  assert.match(textOf(await render(part(plainTool, { decrypts: true }), { files, options })), /password: ENC\[/);
});

test(
  'a document that names a vault beside the age key is opened, and nobody is asked for another',
  { skip },
  async () => {
    const { text, keyFile, tools } = await seal();
    const vault = `sops:\n    hc_vault:\n        - vault_address: ${bait}\n          engine_path: sops\n          key_name: k\n          created_at: "2026-01-01T00:00:00Z"\n          enc: vault:v1:abc\n`;
    const named = text.replace('sops:\n', vault);
    const decrypting = part(plainTool, { decrypts: true });
    const files = (content: string) => ({ 'app/db.yaml': content });
    const options = { tools, ageKeyFile: keyFile };
    assert.match(textOf(await render(decrypting, { files: files(named), options })), /password: canary-of-sops/);
    const strangers = [
      named.replace(/-----BEGIN AGE[^]*END AGE ENCRYPTED FILE-----/, 'nothing'),
      named.replace(/    age:[^]*?(?=    lastmodified)/, ''),
      named.replace('sops:\n', '"sops": {}\nsops:\n'),
      `x: &x\n  ${vault.slice(6).trimStart()}${text.replace('sops:\n', 'sops:\n    <<: *x\n').replace(/BEGIN AGE/, 'NO AGE')}`,
    ];
    for (const stranger of strangers) {
      assert.notEqual(stranger, named);
      assert.match(textOf(await render(decrypting, { files: files(stranger), options })), /password: ENC\[/);
    }
    assert.deepEqual(asked, []);
  },
);
