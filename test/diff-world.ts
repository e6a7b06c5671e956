// A namespace on the fake API server and what stands for engines and Git behind `lockstep diff`: the declared values are written
// down here, digested under the key of the run as a rendering would be.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { digestValues, type DigestKey } from '../server/core/digest.ts';
import type { EngineRef, OwnerPlan } from '../server/core/engine.ts';
import { LockstepError } from '../server/core/errors.ts';
import { objectKey, type ConfigKind, type ConfigRef } from '../server/core/object.ts';
import type { Declared } from '../server/declaring.ts';
import { runDiff } from '../server/diff-command.ts';
import type { DiffPorts } from '../server/diff-facts.ts';
import type { JsonObject } from './fakes/json.ts';
import { startFakeApiServer, writeKubeconfig, type FakeApiServer } from './fakes/server.ts';

/** By `Kind/name`, the values. */
export type Manifests = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface World {
  readonly elsewhere?: readonly EngineRef[];
  /** What each revision of the one repository declares; `failed`: it cannot be read. */
  readonly revisions: Readonly<Record<string, Manifests | 'failed'>>;
  /** Pod templates of Deployments by revision. */
  readonly templates?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const applied = 'a'.repeat(40);
export const feature = 'f'.repeat(40);
export const repository = 'https://git.example/shop.git';
export const application: EngineRef = { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'shop' };

export interface Rig {
  readonly server: FakeApiServer;
  readonly kubeconfig: string;
  run(...argv: string[]): Promise<{ code: number; out: string; err: string }>;
}

export async function startRig(context: TestContext, objects: readonly JsonObject[], world: World): Promise<Rig> {
  const server = await startFakeApiServer({ clock: () => Date.parse('2026-11-22T12:00:00Z') });
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-diff-'));
  context.after(async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  });
  server.seed(objects);
  const kubeconfig = writeKubeconfig(server, directory);
  return {
    server,
    kubeconfig,
    async run(...argv) {
      const said = { out: '', err: '' };
      const code = await runDiff([...argv, '--kubeconfig', kubeconfig], {
        stdout: (text) => void (said.out += text),
        stderr: (text) => void (said.err += text),
        isWatched: false,
        after: () => () => undefined,
        openPorts: ({ key }) => Promise.resolve(fakePorts(world, key)),
        fetch,
        now: Date.now,
        randomBytes,
        signal: AbortSignal.timeout(30_000),
      });
      return { code, ...said };
    },
  };
}

function fakePorts(world: World, key: DigestKey): DiffPorts & { close: () => Promise<void> } {
  const plans = new Map<OwnerPlan, string>();
  return {
    engines: {
      ownerOf: ({ labels }) =>
        labels['app.kubernetes.io/instance'] === 'shop'
          ? { kind: 'owned', owner: application, by: 'label' }
          : { kind: 'not-owned' },
      owners: () => [application],
      elsewhere: () => world.elsewhere ?? [],
      plan: (_, { revisions }) => {
        const revision = revisions.get(repository) ?? applied;
        const plan: OwnerPlan = {
          sources: [{ repository, revision, path: 'apps/shop', renderer: 'plain' }],
          overrides: [],
          finish: () => ({ namespace: 'shop', parts: [] }),
        };
        plans.set(plan, revision);
        return plan;
      },
      gaps: () => [],
    },
    sources: [],
    instanceLabels: [],
    declare: (plan) => Promise.resolve(declare(world, { plan, revision: plans.get(plan) ?? '', key })),
    resolve: (_, ref) => (ref === 'feature' ? Promise.resolve(feature) : Promise.reject(notFound(ref))),
    close: () => Promise.resolve(),
  };
}

interface Asked {
  readonly plan: OwnerPlan;
  readonly revision: string;
  readonly key: DigestKey;
}

function declare({ revisions, templates = {} }: World, { plan, revision, key }: Asked): Declared {
  const manifests = revisions[revision] ?? 'failed';
  if (manifests === 'failed') return { kind: 'failed', error: notFound(revision) };
  const configs = Object.entries(manifests).map(([name, values]) => {
    const ref = refOf(name);
    const inputs = Object.entries(values).map(([dataKey, value]) => {
      return { dataKey, field: 'data', value: Buffer.from(value) } as const;
    });
    const fields = { type: undefined, immutable: undefined };
    const content = { content: digestValues(ref, inputs, key), unclear: new Map(), rest: undefined, fields };
    return [objectKey(ref), { ref, content, path: `apps/shop/${ref.name}.yaml` }] as const;
  });
  const workloads = Object.entries(templates[revision] ?? {}).map(([name, template]) => {
    const ref = { kind: 'Deployment', namespace: 'shop', name } as const;
    return [objectKey(ref), { ref, template }] as const;
  });
  const declaration = { configs: new Map(configs), workloads: new Map(workloads), problems: [] };
  return { kind: 'declared', declaration, sources: plan.sources };
}

function refOf(text: string): ConfigRef {
  const [kind = '', name = ''] = text.split('/');
  return { kind: kind as ConfigKind, namespace: 'shop', name };
}

function notFound(ref: string): LockstepError {
  return new LockstepError('git-not-found', { message: `${repository} has no ${ref}` });
}

/** With the label of the Application, unless `labels` say something else. */
export function config(
  kind: 'Secret' | 'ConfigMap',
  name: string,
  values: JsonObject,
  more: JsonObject = {},
): JsonObject {
  const labels = { 'app.kubernetes.io/instance': 'shop' };
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'shop', labels, ...more },
    ...(kind === 'Secret' ? { stringData: values } : { data: values }),
  };
}

export function deployment(name: string, env: JsonObject): JsonObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', annotations: { 'reloader.stakater.com/auto': 'true' } },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x', ...env }] } },
    },
  };
}
