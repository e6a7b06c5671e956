// What Lockstep answers for one case: the same parts as in the service, put together without a cluster and without a Git server.
import { gzipSync } from 'node:zlib';
import { argocd } from '../../argocd/engine.ts';
import { flux } from '../../flux/engine.ts';
import type { Declaration } from '../../server/core/declaration.ts';
import { digestValues, type DigestKey } from '../../server/core/digest.ts';
import { compareContent, type LiveContent, type NotComparable } from '../../server/core/drift.ts';
import { describeEngineRef, type EngineRef, type EngineView, type OwnerPlan } from '../../server/core/engine.ts';
import { Hidden } from '../../server/core/hidden.ts';
import { objectKey, splitKey, type ConfigRef } from '../../server/core/object.ts';
import type { Renderer, RenderPorts, SourceTrees } from '../../server/core/rendering.ts';
import { createDeclaring, type Declared } from '../../server/declaring.ts';
import { readInputs } from '../../server/kube/ingest-config.ts';
import { fakeTree } from '../fakes/source-tree.ts';
import { treeRef, type ApiObject, type Case, type Row } from './case.ts';

export const digestKey: DigestKey = { id: 'k1', secret: new Uint8Array(32).fill(7) };

export interface Answers {
  readonly refused: Readonly<Record<string, NotComparable>>;
  readonly objects: Readonly<Record<string, Row>>;
}

/** Of one owner: what Lockstep takes for declared, and the texts that it was read from. */
export interface Outcome {
  readonly declared: Declared;
  readonly texts: readonly string[];
}

const emptyCluster = { kubeVersion: 'v1.36.3', apiVersions: [] };

/** By owner, `configured` for a source without an engine. */
export type Outcomes = ReadonlyMap<string, Outcome>;

interface World {
  readonly views: readonly EngineView[];
  readonly trees: SourceTrees;
  readonly live: RenderPorts['live'];
  readonly cluster: RenderPorts['cluster'];
}

/** Renders every owner of a case. */
export async function renderCase(item: Case, renderer: Renderer, signal: AbortSignal): Promise<Outcomes> {
  const { views, trees, live, cluster } = openWorld(item);
  const texts: string[] = [];
  const recording: Renderer = {
    ...renderer,
    render: async (part, ports, ended) => {
      const result = await renderer.render(part, ports, ended);
      if (result.kind === 'rendered') texts.push(...result.manifests.map(({ text }) => text.reveal()));
      return result;
    },
  };
  const declaring = createDeclaring({ trees, renderer: recording, live, cluster, key: digestKey, now: () => 0 });
  const outcomes = new Map<string, Outcome>();
  for (const [owner, plan] of listPlans(item, views)) {
    const declared = await declaring.declare(plan, signal);
    if (declared.kind === 'failed') throw declared.error;
    outcomes.set(owner, { declared, texts: texts.splice(0) });
  }
  return outcomes;
}

/** Of each config object that is live or declared: whose it is, and how it compares. */
export function answerCase(item: Case, outcomes: Outcomes): Answers {
  const { views } = openWorld(item);
  const refused: Record<string, NotComparable> = {};
  const declarations = new Map<string, Declaration>();
  for (const [owner, { declared }] of outcomes) {
    if (declared.kind === 'declared') declarations.set(owner, declared.declaration);
    if (declared.kind === 'not-rendered') refused[owner] = declared.reason;
  }
  const live = new Map(item.live.map((object) => [objectKey(refOf(object)), object]));
  const keys = [...declarations.values()].flatMap(({ configs }) => [...configs.keys()]);
  const objects: Record<string, Row> = {};
  for (const key of new Set([...live.keys(), ...keys])) {
    const owner = ownerOf(key, live.get(key), { views, declarations });
    objects[key] = answerObject({ key, owner, live: live.get(key), refused, declarations });
  }
  return { refused, objects };
}

function listPlans(item: Case, views: readonly EngineView[]): readonly (readonly [string, OwnerPlan])[] {
  const plans = views.flatMap((view) =>
    view.owners().map((owner) => [describeEngineRef(owner), planOf(view, owner)] as const),
  );
  const configured = planConfigured(item);
  return configured === undefined ? plans : [...plans, ['configured', configured]];
}

function planOf(view: EngineView, owner: EngineRef): OwnerPlan {
  const plan = view.plan(owner, { revisions: new Map() });
  if (plan === undefined) throw new Error(`${describeEngineRef(owner)} has no plan`);
  return plan;
}

function planConfigured({ setup: { source } }: Case): OwnerPlan | undefined {
  if (source === undefined) return undefined;
  const tool =
    source.renderer === 'plain'
      ? ({ tool: 'plain', recurse: false, include: undefined, exclude: undefined } as const)
      : ({ tool: 'kustomize', missing: 'refuse', overlay: undefined, ignoreMissingComponents: false } as const);
  const part = { tree: treeRef('tree'), path: source.path, tool, substitution: undefined, decrypts: false };
  return { sources: [], overrides: [], finish: () => ({ namespace: source.namespace, parts: [part] }) };
}

function openWorld(item: Case): World {
  const engines = [argocd, flux].map((engine) => {
    const namespace = engine.name === 'argocd' ? 'argocd' : 'flux-system';
    return { engine, view: engine.open({ namespace, runsHere: true, clusterNames: [], clusterServers: [] }) };
  });
  for (const { engine, view } of engines) {
    for (const resource of engine.resources) {
      const own = item.engine.filter(
        ({ kind, apiVersion }) => kind === resource.kind && apiVersion.startsWith(`${resource.group}/`),
      );
      for (const object of own) view.put(resource, object);
    }
  }
  return { views: engines.map(({ view }) => view), ...openPorts(item) };
}

function openPorts(item: Case): Omit<World, 'views'> {
  const trees = new Map(
    [...item.trees].map(([name, files]) => [
      treeRef(name).repository,
      fakeTree(Object.fromEntries(files), treeRef(name)),
    ]),
  );
  const objects = item.release === undefined ? item.live : [...item.live, releaseSecret(item.release)];
  return {
    trees: {
      resolve: async () => Promise.reject(new Error('no case follows a branch')),
      open: async ({ repository, revision }) => {
      const tree = [...trees].find(([url]) => url.replace(/\.git$/, '') === repository.replace(/\.git$/, ''))?.[1];
      if (tree?.ref.revision !== revision) throw new Error(`no tree ${repository} at ${revision}`);
      return tree;
      },
    },
    cluster: async () => ({ uncertain: [], ...(item.setup.cluster ?? emptyCluster) }),
    live: async ({ kind, namespace, name }) => {
      const object = objects.find(
        (one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name,
      );
      if (object === undefined) return undefined;
      const encoding = kind === 'Secret' ? 'base64' : 'utf8';
      const data = Object.entries(object.data ?? {}).map(
        ([key, value]) => [key, Buffer.from(value, encoding).toString('utf8')] as const,
      );
      return { resourceVersion: '1', data: new Hidden(new Map(data)) };
    },
  };
}

/** As Helm stores it: JSON, zipped, as base64, and once more for the API server. */
function releaseSecret({ name, namespace, version, manifest }: NonNullable<Case['release']>): ApiObject {
  const release = { name, namespace, version, info: { status: 'deployed' }, manifest };
  const packed = gzipSync(JSON.stringify(release)).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: `sh.helm.release.v1.${name}.v${version}` },
    type: 'helm.sh/release.v1',
    data: { release: Buffer.from(packed).toString('base64') },
  };
}

interface Known {
  readonly views: readonly EngineView[];
  readonly declarations: ReadonlyMap<string, Declaration>;
}

/** Its own marks first; without any, whoever declares it. */
function ownerOf(key: string, live: ApiObject | undefined, { views, declarations }: Known): string {
  const claims = live === undefined ? [] : views.map((view) => view.ownerOf(marksOf(live)));
  for (const kind of ['owned', 'unconfirmed'] as const) {
    const claim = claims.find((one) => one.kind === kind);
    if (claim?.kind === 'owned') return describeEngineRef(claim.owner);
    if (claim?.kind === 'unconfirmed') return `unconfirmed ${describeEngineRef(claim.owner)}: ${claim.reason}`;
  }
  return [...declarations].find(([, { configs }]) => configs.has(key))?.[0] ?? 'none';
}

function marksOf(object: ApiObject) {
  const { name, namespace, labels = {}, annotations = {}, ownerReferences = [] } = object.metadata;
  const owners = ownerReferences.map((owner) => ({
    group: owner.apiVersion.split('/')[0] ?? '',
    kind: owner.kind,
    name: owner.name,
  }));
  return { group: '', kind: object.kind, namespace, name, labels, annotations, owners };
}

interface Question {
  readonly key: string;
  readonly owner: string;
  readonly live: ApiObject | undefined;
  readonly refused: Readonly<Record<string, NotComparable>>;
  readonly declarations: ReadonlyMap<string, Declaration>;
}

function answerObject({ key, owner, live, refused, declarations }: Question): Row {
  const reason = refused[owner];
  if (reason !== undefined) return { owner, answer: 'not-comparable', reasons: [reason] };
  const declared = declarations.get(owner)?.configs.get(key);
  if (declared === undefined) {
    // It may be among what could not be read.
    const problems = declarations.get(owner)?.problems ?? [];
    return problems.length === 0
      ? { owner, answer: 'not-declared' }
      : { owner, answer: 'not-comparable', reasons: ['unreadable'] };
  }
  const comparison = compareContent(declared.content, live === undefined ? undefined : liveContent(live));
  const keys = [...comparison.keys].map(([name, answer]) => [name, 'reason' in answer ? answer.reason : answer.answer]);
  return {
    owner,
    answer: live === undefined ? 'missing' : comparison.answer,
    ...(keys.length === 0 ? {} : { keys: Object.fromEntries(keys) as Record<string, string> }),
    ...(comparison.fields.length === 0 ? {} : { fields: comparison.fields }),
    ...(comparison.reasons.length === 0 ? {} : { reasons: [...comparison.reasons].sort() }),
  };
}

function liveContent(object: ApiObject): LiveContent {
  const ref = refOf(object);
  const inputs = readInputs(ref.kind, { ...object, metadata: { ...object.metadata, resourceVersion: '1' } } as never);
  return {
    contents: [digestValues(ref, inputs, digestKey)],
    fields: { type: object.type, immutable: object.immutable },
  };
}

function refOf({ kind, metadata: { namespace, name } }: ApiObject): ConfigRef {
  const ref = splitKey(`${kind}/${namespace}/${name}`);
  if (ref === undefined) throw new Error(`live.yaml holds a ${kind}`);
  return ref;
}
