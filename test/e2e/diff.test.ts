// `lockstep diff` as a user runs it, against a real control plane, a real Git server and the real kustomize: who owns each object, who
// wrote it, and what differs; then what a branch would restart.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Diff } from '../../server/core/diff-row.ts';
import type { Preview } from '../../server/core/preview-row.ts';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { openKubeApi, type KubeApi, type KubeObject } from '../engines/api.ts';
import { startGitServer } from '../git-server/server.ts';
import { createWorld } from '../git-server/world.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import { createCanary, findLeaks } from './canary.ts';
import { appliedKustomization, defineEngines, syncedApplication, type Applied } from './engine-kinds.ts';
import { deployment } from './objects.ts';
import { createLonelyRig } from './rig.ts';

const yaml = (name: string, values: Readonly<Record<string, string>>): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: ${JSON.stringify(values)}\n`;

interface Live {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly object[];
}

function objectOf(namespace: string, { kind, name, values, ...metadata }: Live): KubeObject {
  const data = kind === 'Secret' ? { stringData: values } : { data: values };
  return { apiVersion: 'v1', kind, metadata: { name, namespace, ...metadata }, ...data };
}

const certificate = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: 'c-1' };
const external = { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', name: 'db', uid: 'e-1' };
const byFlux = (group: string) => ({ [`${group}/name`]: 'shop', [`${group}/namespace`]: 'flux-system' });

/** Each actor applies what is its own, under its own name. */
async function act(api: KubeApi, namespace: string, [token = '', password = '']: readonly string[]): Promise<void> {
  const apply = (fieldManager: string, live: Live) => api.apply(objectOf(namespace, live), { fieldManager });
  const tracked = (name: string) => ({ 'argocd.argoproj.io/tracking-id': `shop:/ConfigMap:${namespace}/${name}` });
  const argocd = (name: string, values: Live['values']) =>
    apply('argocd-controller', { kind: 'ConfigMap', name, values, annotations: tracked(name) });
  await argocd('pages', { level: 'info' });
  await argocd('settings', { level: 'info', port: '80' });
  await apply('kubectl-edit', { kind: 'ConfigMap', name: 'settings', values: { level: 'debug' } });
  await apply('kubectl', { kind: 'ConfigMap', name: 'ci', values: { level: 'info' } });
  const labels = byFlux('kustomize.toolkit.fluxcd.io');
  await apply('kustomize-controller', { kind: 'ConfigMap', name: 'fleet', values: { level: 'info' }, labels });
  const release = byFlux('helm.toolkit.fluxcd.io');
  await apply('helm-controller', { kind: 'Secret', name: 'release', values: { token }, labels: release });
  const issue = (key: string) =>
    apply('cert-manager-certificates-issuing', {
      kind: 'Secret',
      name: 'web-tls',
      values: { 'tls.key': key },
      annotations: { 'cert-manager.io/certificate-name': 'web' },
      ownerReferences: [certificate],
    });
  await issue('the first one');
  await issue(token); // rotated
  await apply('externalsecrets.external-secrets.io/db', {
    kind: 'Secret',
    name: 'db',
    values: { password },
    ownerReferences: [external],
  });
}

test(
  'diff: owner, answer, origin and writer of what each actor wrote; then what a branch would restart',
  { skip: (await whySkipped()) || (await whyNoTools()), timeout: 180_000 },
  async (context) => {
    const { kustomize } = await provideTools();
    await using rig = await createLonelyRig();
    await defineEngines(rig.cluster);
    using world = createWorld();
    const git = await startGitServer({ directory: dirname(world.bare) });
    context.after(() => git.stop());
    const place = await rig.createPlace();
    const { namespace } = place;
    const files = Object.fromEntries(
      [
        ['argocd', 'pages'],
        ['flux', 'fleet'],
        ['ci', 'ci'],
      ].map(([folder = '', name = '']) => {
        return [`${folder}/${name}.yaml`, yaml(name, { level: 'info' })];
      }),
    );
    const settings = (level: string) => ({ 'argocd/settings.yaml': yaml('settings', { level, port: '80' }) });
    const revision = world.person('main', { ...files, ...settings('info') });
    world.person('feature', { 'argocd/pages.yaml': yaml('pages', { level: 'warn' }), ...settings('info') });
    const config = join(world.root, 'lockstep.yaml');
    const source = { name: 'ci', repository: `${git.url}/shop.git`, path: 'ci', namespace };
    writeFileSync(config, JSON.stringify({ sources: [source] }));
    const applied: Applied = { repository: `${git.url}/shop.git`, revision, namespace };
    const signal = AbortSignal.timeout(120_000);
    const api = await openKubeApi({ kubeconfig: rig.cluster.kubeconfig, userAgent: 'e2e', signal });
    context.after(() => api.close());
    for (const name of ['argocd', 'flux-system']) {
      await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager: 'e2e' });
    }
    const engines = [...syncedApplication(applied, ['pages', 'settings']), ...appliedKustomization(applied, ['fleet'])];
    for (const resource of engines) await api.apply(resource, { fieldManager: 'e2e' });
    const canaries = [createCanary(), createCanary()];
    await act(api, namespace, canaries);
    await place.create(
      deployment('web', { configMaps: ['pages', 'settings'] }),
      deployment('api', { secrets: ['db'] }),
    );

    const run = async (...flags: string[]) => {
      const own = ['-n', namespace, '--kubeconfig', rig.account.kubeconfig, '--state-namespace', rig.account.namespace];
      const env = { ...process.env, PATH: `${dirname(kustomize)}:${process.env['PATH'] ?? ''}` };
      const argv = [join('server', 'main.ts'), 'diff', ...own, '--allow-local-git', `--config=${config}`, ...flags];
      try {
        return { code: 0, ...(await promisify(execFile)(process.execPath, argv, { env })) };
      } catch (error) {
        return error as { code: number; stdout: string; stderr: string };
      }
    };
    const found = await run('-o', 'json');
    assert.deepEqual([found.code, found.stderr], [1, '']);
    const { rows } = JSON.parse(found.stdout) as Diff;
    const told = rows
      .filter(({ config }) => config.name !== 'sentinel')
      .map((row) => [
        row.config.name,
        row.owner?.kind,
        row.answer,
        row.origin,
        row.writer?.manager,
        row.producer?.kind,
      ]);
    assert.deepEqual(told, [
      ['ci', 'source', 'equal', 'runtime', 'kubectl', undefined],
      ['fleet', 'Kustomization', 'equal', 'git', 'kustomize-controller', undefined],
      ['pages', 'Application', 'equal', 'git', 'argocd-controller', undefined],
      ['settings', 'Application', 'different', 'runtime', 'kubectl-edit', undefined],
      ['db', undefined, 'not-declared', 'runtime', 'externalsecrets.external-secrets.io/db', 'ExternalSecret'],
      ['release', 'HelmRelease', 'not-comparable', 'git', 'helm-controller', undefined],
      ['web-tls', undefined, 'not-declared', 'runtime', 'cert-manager-certificates-issuing', 'Certificate'],
    ]);
    const edited = rows.find(({ config }) => config.name === 'settings');
    assert.deepEqual(
      edited?.keys.map(({ name, answer }) => [name, answer]),
      [
        ['level', 'different'],
        ['port', 'equal'],
      ],
    );
    assert.deepEqual(edited?.workloads, [{ kind: 'Deployment', namespace, name: 'web' }]);
    assert.equal(edited?.sources[0]?.revision, revision);

    const foreseen = await run('-o', 'json', '--restarts', '--revision', 'feature');
    const preview = JSON.parse(foreseen.stdout) as Preview;
    assert.equal(foreseen.code, 1);
    assert.deepEqual(
      preview.workloads.map(({ workload, action, because }) => [workload.name, action, because[0]?.config.name]),
      [['web', 'restart', 'pages']],
    );

    const table = await run();
    assert.deepEqual(
      findLeaks([found, foreseen, table].map(({ stdout, stderr }) => stdout + stderr).join('\n'), canaries),
      [],
    );
    const requests = (await readAudit(rig.cluster.auditLog)).filter(({ user }) => user === rig.account.user);
    assert.deepEqual([...new Set(requests.map(({ verb }) => verb))].sort(), ['get', 'list']);
  },
);
