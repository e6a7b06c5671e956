// The side under measurement: reads the Applications, and at each line of standard input that names a commit compares all that they
// declare at it with what is live. Prints one line of JSON for each comparison.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { argocd } from '../../argocd/engine.ts';
import { compareContent } from '../../server/core/drift.ts';
import { digestValues } from '../../server/core/digest.ts';
import { objectKey, type ConfigRef } from '../../server/core/object.ts';
import { createDeclaring } from '../../server/declaring.ts';
import { createSourceTrees } from '../../server/git/trees.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { createRenderer } from '../../server/render/renderer.ts';
import { provideTools } from '../tools/tools.ts';
import { listApps, listConfigs, namespace, type App } from './monorepo-repository.ts';

/** What one comparison took. */
export interface Round {
  readonly fetchMs: number;
  readonly compareMs: number;
  readonly renders: number;
  readonly answers: Readonly<Record<string, number>>;
}

const [url = '', count = '0', directory = ''] = process.argv.slice(2);
const stop = new AbortController();
const key = { id: 'bench', secret: new Uint8Array(32).fill(1) };
const apps = listApps(Number(count));
const live = new Map(apps.flatMap(digestLive));

const tools = await provideTools(stop.signal);
const trees = createSourceTrees({
  stateDirectory: join(directory, 'state'),
  ambient: process.env,
  policy: { local: 'allowed' },
  credentialsFor: async () => undefined,
  now: Date.now,
  stop: stop.signal,
});
const renderer = createRenderer({
  tools: await findTools({ kustomize: tools.kustomize, helm: tools.helm4 }, process.env['PATH'] ?? ''),
  ageKeyFile: undefined,
  tempDirectory: tmpdir(),
  identityKey: key.secret,
});
const cluster = async () => ({ kubeVersion: 'v1.36.3', apiVersions: [], uncertain: [] });
const declaring = createDeclaring({ trees, renderer, live: async () => undefined, cluster, key, now: Date.now });
const kindOf = (wanted: string) => argocd.resources.find(({ kind }) => kind === wanted)!;
const applications = kindOf('Application');
const everywhere = { server: '*', namespace: '*' };
const view = argocd.open({ namespace: 'argocd', runsHere: true, clusterNames: [], clusterServers: [] });
view.put(kindOf('AppProject'), {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'default', namespace: 'argocd' },
  spec: { sourceRepos: ['*'], destinations: [everywhere] },
});

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await compareAll(line.trim()))}\n`);
}

async function compareAll(revision: string): Promise<Round> {
  const rendersBefore = declaring.rendered();
  const startedAt = performance.now();
  await trees.open({ repository: url, revision }, stop.signal);
  const fetchedAt = performance.now();
  for (const app of apps) view.put(applications, application(app, revision));
  const answers: Record<string, number> = {};
  const tell = (answer: string): void => void (answers[answer] = (answers[answer] ?? 0) + 1);
  await Promise.all(
    view.owners().map(async (owner) => {
      const plan = view.plan(owner, { revisions: new Map() });
      const declared = plan === undefined ? undefined : await declaring.declare(plan, stop.signal);
      if (declared?.kind !== 'declared') {
        process.stderr.write(`${owner.name}: ${JSON.stringify(declared)}\n`);
        return tell(declared?.kind ?? 'no-plan');
      }
      for (const [name, config] of declared.declaration.configs) {
        const contents = live.get(name);
        const found = contents && { contents: [contents], fields: { type: undefined, immutable: undefined } };
        tell(compareContent(config.content, found).answer);
      }
    }),
  );
  return {
    fetchMs: fetchedAt - startedAt,
    compareMs: performance.now() - fetchedAt,
    renders: declaring.rendered() - rendersBefore,
    answers,
  };
}

function application({ name, path, tool }: App, revision: string): object {
  const source = {
    repoURL: url,
    path,
    targetRevision: 'main',
    ...(tool === 'plain' ? { directory: { recurse: true } } : {}),
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', uid: name },
    spec: { project: 'default', destination: { server: 'https://kubernetes.default.svc', namespace }, source },
    status: {
      controllerNamespace: 'argocd',
      sourceType: { plain: 'Directory', kustomize: 'Kustomize', helm: 'Helm' }[tool],
      sync: { status: 'Synced', revision, comparedTo: { source, destination: {} } },
      history: [{ id: 1, revision, source, deployedAt: '2026-11-01T00:00:00Z' }],
    },
  };
}

function digestLive(app: App): [string, ReturnType<typeof digestValues>][] {
  return listConfigs(app).map(({ name, data }) => {
    const ref: ConfigRef = { kind: 'ConfigMap', namespace, name };
    const inputs = Object.entries(data).map(([dataKey, text]) => ({
      dataKey,
      field: 'data' as const,
      value: Buffer.from(text),
    }));
    return [objectKey(ref), digestValues(ref, inputs, key)];
  });
}
