import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigFile } from '../server/config-file.ts';

const rows: readonly [text: string, tools: object, ageKeyFile: string | undefined][] = [
  ['{}', {}, undefined],
  ['render: {}', {}, undefined],
  [
    'render: {helm: /opt/helm, kustomize: /opt/kustomize}',
    { helm: '/opt/helm', kustomize: '/opt/kustomize' },
    undefined,
  ],
  ['render: {sops: /opt/sops, ageKeyFile: /etc/age.txt}', { sops: '/opt/sops' }, '/etc/age.txt'],
];
for (const [text, tools, ageKeyFile] of rows) {
  test(`how Git is rendered: ${text}`, () => {
    const { file, problems } = readConfigFile(text, 'local-refused');
    assert.deepEqual([file.render, problems], [{ tools, ageKeyFile }, []]);
  });
}

const refused: readonly [text: string, problem: RegExp][] = [
  ['{helm: helm}', /^render\.helm: want an absolute path/],
  ['{ageKeyFile: ./age.txt}', /^render\.ageKeyFile: want an absolute path/],
  ['{ageKeyFile: 1}', /^render\.ageKeyFile: want text/],
  ['{helmm: /opt/helm}', /^render\.helmm: unknown key; did you mean helm\?/],
  ['[]', /^render: want a map/],
];
for (const [text, problem] of refused) {
  test(`how Git is rendered, refused: ${text}`, () => {
    const { problems } = readConfigFile(`render: ${text}`, 'local-refused');
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', problem);
  });
}
