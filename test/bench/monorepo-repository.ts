// A monorepo of many applications, ten manifests each: most plain, some kustomize, a few Helm charts; made by one git fast-import.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

export type AppTool = 'plain' | 'kustomize' | 'helm';

export interface App {
  readonly name: string;
  readonly path: string;
  readonly tool: AppTool;
}

export const namespace = 'shop';
const configsOfEach = 5;
/** In every twenty: one chart, four kustomizations. */
const toolOf = (index: number): AppTool => (index % 20 === 0 ? 'helm' : index % 5 === 1 ? 'kustomize' : 'plain');

export function listApps(count: number): readonly App[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `app-${String(index).padStart(4, '0')}`;
    return { name, path: `teams/team-${String(index % 40).padStart(2, '0')}/${name}`, tool: toolOf(index) };
  });
}

/** ConfigMaps of an application as they are live: what its manifests declare. */
export function listConfigs({
  name,
}: App): readonly { readonly name: string; readonly data: Record<string, string> }[] {
  return Array.from({ length: configsOfEach }, (_, at) => ({
    name: `${name}-c${at}`,
    data: { 'app.properties': `name=${name}\nlevel=info\nnumber=${at}\n`, mode: 'fast' },
  }));
}

/** Path below the repository's root -> text. */
export function filesOf(app: App): ReadonlyMap<string, string> {
  const configs = listConfigs(app).map(({ name, data }): [string, string] => [`${name}.yaml`, configMap(name, data)]);
  const others = ['deployment', 'service', 'account', 'policy'].map((kind): [string, string] => [
    `${kind}.yaml`,
    otherManifest(kind, app.name),
  ]);
  const manifests = [...configs, ...others];
  const index: [string, string] =
    app.tool === 'kustomize'
      ? ['kustomization.yaml', `resources:\n${manifests.map(([file]) => `  - ${file}\n`).join('')}`]
      : app.tool === 'helm'
        ? ['Chart.yaml', `apiVersion: v2\nname: ${app.name}\nversion: 0.1.0\n`]
        : ['budget.yaml', otherManifest('budget', app.name)];
  const folder = app.tool === 'helm' ? 'templates/' : '';
  const placed = manifests.map(([file, text]): [string, string] => [`${app.path}/${folder}${file}`, text]);
  return new Map([...placed, [`${app.path}/${index[0]}`, index[1]]]);
}

/** Makes the bare repository; answers with the number of manifests. */
export function makeMonorepo(directory: string, apps: readonly App[]): number {
  mkdirSync(directory, { recursive: true });
  git(directory, ['init', '--quiet', '--bare', '--initial-branch=main', '.']);
  for (const name of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'])
    git(directory, ['config', name, 'true']);
  const files = new Map(apps.flatMap((app) => [...filesOf(app)]));
  commit(directory, files, undefined);
  return files.size;
}

/** One more commit, which changes one value of one application's ConfigMap. */
export function touch(directory: string, app: App): void {
  const [path = '', text = ''] = [...filesOf(app)].find(([name]) => name.endsWith('-c0.yaml')) ?? [];
  commit(directory, new Map([[path, text.replace('level=info', 'level=debug')]]), 'refs/heads/main^0');
}

export function headOf(directory: string): string {
  return git(directory, ['rev-parse', 'main']).trim();
}

function commit(directory: string, files: ReadonlyMap<string, string>, onto: string | undefined): void {
  const parts = [`commit refs/heads/main\ncommitter Bench <bench@lockstep.dev> 1780000000 +0000\ndata 0\n`];
  if (onto !== undefined) parts.push(`from ${onto}\n`);
  for (const [path, text] of files) parts.push(`M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`);
  execFileSync('git', ['fast-import', '--quiet'], { cwd: directory, input: parts.join('') });
}

function git(directory: string, args: readonly string[]): string {
  return execFileSync('git', [...args], { cwd: directory, encoding: 'utf8' });
}

function configMap(name: string, data: Record<string, string>): string {
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }, undefined, 2)}\n`;
}

/** Real kinds are larger; about 40 lines are typical of what nobody compares here. */
function otherManifest(kind: string, name: string): string {
  const labels = Array.from({ length: 12 }, (_, at) => `    example.com/label-${at}: ${name}\n`).join('');
  return kind === 'deployment'
    ? `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\n  labels:\n${labels}spec:\n  selector:\n    matchLabels: {app: ${name}}\n  template:\n    metadata:\n      labels: {app: ${name}}\n    spec:\n      containers:\n        - name: main\n          image: example.com/${name}:1\n          envFrom:\n            - configMapRef: {name: ${name}-c0}\n`
    : `apiVersion: example.com/v1\nkind: ${kind[0]?.toUpperCase()}${kind.slice(1)}\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\n  labels:\n${labels}spec: {}\n`;
}
