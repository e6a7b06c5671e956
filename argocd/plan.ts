// An Application as a plan: each source at the commit that is applied, with its overrides, as the tool and options that Argo CD would use.
import type { DeclaredSource, OwnerPlan, PlanOptions } from '../server/core/engine.ts';
import type { LeaveRule } from '../server/core/leave-rule.ts';
import type { ConfigRef } from '../server/core/object.ts';
import type { RenderPart, RenderPlan, RenderRefusal, Tool, TreeRef } from '../server/core/rendering.ts';
import { readMap } from '../server/declared/map.ts';
import { instanceName, type Application } from './application.ts';
import type { ClusterIdentity } from './destination.ts';
import { environmentOf } from './environment.ts';
import type { Gap } from './gap.ts';
import { applyOverrides, listOverrides } from './overrides.ts';
import { toLeaves } from './ignores.ts';
import { toHelm } from './plan-helm.ts';
import { toKustomize } from './plan-kustomize.ts';
import { splitResourceKey } from './operation.ts';
import { findForbidden, type Project } from './project.ts';
import { refuse, refuseGap } from './refusal.ts';
import { Problems, Section, type Fields } from './section.ts';
import { checkRefs, readAgain, type ApplicationSource } from './source.ts';
import type { DirectoryOptions } from './tool-options.ts';

export interface PlanFacts {
  readonly application: Application;
  readonly project: Project | undefined;
  /** Of the control plane. */
  readonly namespace: string;
  readonly cluster: ClusterIdentity;
  /** `kustomize.buildOptions` of argocd-cm. */
  readonly buildOptions: string | undefined;
  /** What argocd-cm leaves of everybody's. */
  readonly ignores: readonly LeaveRule[];
}

type Override = Parameters<OwnerPlan['finish']>[0][number];

export function planApplication(facts: PlanFacts, options: PlanOptions): OwnerPlan {
  const { application } = facts;
  const instance = instanceName(application, facts.namespace);
  const sources = resolve(application, options, []);
  const overridesOf = (source: ApplicationSource) => {
    const tree = treeOf(source);
    const isRead = tree !== undefined && source.gives === 'manifests' && source.path !== undefined;
    return isRead ? listOverrides(tree, rootless(source.path), instance) : [];
  };
  const refused = findRefusal(facts);
  const byKey = new Map(sources.flatMap(overridesOf).map((file) => [fileKey(file), file]));
  return {
    sources: sources.map(describe),
    overrides: refused === undefined ? [...byKey.values()] : [],
    finish(texts) {
      if (refused !== undefined) return refused;
      const patches = readPatches(texts);
      if ('kind' in patches) return patches;
      const patchesOf = (source: ApplicationSource): Fields[] =>
        overridesOf(source).flatMap((file): Fields[] => {
          const patch = patches.get(fileKey(file));
          return patch === undefined ? [] : [patch];
        });
      const found = sources.map(patchesOf);
      const plan = toPlan(facts, { sources: resolve(application, options, found), instance });
      return 'kind' in plan || options.revisions.size > 0 ? plan : { ...plan, ...findElsewhere(application) };
    },
  };
}

function findRefusal({ application, project, cluster }: PlanFacts): RenderRefusal | undefined {
  const { cluster: destination } = application.destination;
  if (destination.by === 'unknown') return refuseGap(destination.reason);
  if (application.sources.length === 0) return refuseGap('source-missing');
  if (project === undefined) return refuseGap('project-unseen');
  const forbidden = findForbidden(application, project, cluster);
  return forbidden && refuseGap(forbidden);
}

/** These say which commit is unknown, and so are none where one is asked for. */
const aboutRevision: ReadonlySet<Gap | undefined> = new Set<Gap>([
  'never-synced',
  'revision-missing',
  'source-changed',
  'dry-revision-unknown',
]);

function resolve(
  { given }: Application,
  { revisions }: PlanOptions,
  patches: readonly (readonly Fields[])[],
): readonly ApplicationSource[] {
  const sources = given.map((each, index) => {
    const source = readAgain(each, applyOverrides(each.source.section.content(), patches[index] ?? []));
    const asked = source.from === 'git' ? revisions.get(source.repository) : undefined;
    if (asked === undefined) return source;
    const { reason, ...rest } = source;
    return { ...rest, revision: asked, ...(reason === undefined || aboutRevision.has(reason) ? {} : { reason }) };
  });
  return checkRefs(sources, new Section({}, 'spec', new Problems()));
}

function readPatches(texts: readonly Override[]): ReadonlyMap<string, Fields> | RenderRefusal {
  const patches = new Map<string, Fields>();
  for (const file of texts) {
    const reading = readMap(file.text);
    if (reading.kind === 'refused') return refuse(`${file.path} cannot be read: ${reading.refusal}`, 'unreadable');
    patches.set(fileKey(file), reading.map);
  }
  return patches;
}

function fileKey({ tree, path }: Pick<Override, 'tree' | 'path'>): string {
  return JSON.stringify([tree.repository, tree.revision, path]);
}

/** A sync that is or was not the whole one leaves what it came to at its own revision. */
function findElsewhere({ partly, operation }: Application): Pick<RenderPlan, 'elsewhere'> {
  const elsewhere = [...operation.handled].flatMap((key): ConfigRef[] => {
    const { group, kind, namespace, name } = splitResourceKey(key);
    return group === '' && (kind === 'ConfigMap' || kind === 'Secret') ? [{ kind, namespace, name }] : [];
  });
  return partly === undefined || elsewhere.length === 0 ? {} : { elsewhere };
}

interface Resolved {
  readonly sources: readonly ApplicationSource[];
  readonly instance: string;
}

function toPlan(facts: PlanFacts, resolved: Resolved): RenderPlan | RenderRefusal {
  const parts: RenderPart[] = [];
  for (const source of resolved.sources) {
    if (source.gives === 'ref-only') continue;
    const part = toPart(facts, resolved, source);
    if ('kind' in part) return part;
    parts.push(part);
  }
  const leaves = toLeaves([...facts.ignores, ...facts.application.ignores], facts.application.policy);
  const namespace = facts.application.destination.namespace ?? '';
  return { namespace, parts, ...(leaves.length === 0 ? {} : { leaves }) };
}

function toPart(facts: PlanFacts, resolved: Resolved, source: ApplicationSource): RenderPart | RenderRefusal {
  if (source.from === 'chart') return refuse('a chart comes from a Helm repository, which is not read here');
  if (source.from === 'oci') return refuse('a source is an OCI artifact, which is not pulled here');
  if (source.reason !== undefined) return refuseGap(source.reason);
  const tree = treeOf(source);
  if (tree === undefined) return refuse('the applied revision of a source is no commit');
  const tool = toTool(facts, resolved, source);
  if ('kind' in tool) return tool;
  return { tree, path: rootless(source.path), tool, substitution: undefined, decrypts: false };
}

function toTool(facts: PlanFacts, resolved: Resolved, source: ApplicationSource): Tool | RenderRefusal {
  const { application, buildOptions } = facts;
  const { renderer } = source;
  if (renderer === 'unknown') return refuseGap('plugin');
  const environment = environmentOf(application, source, resolved.instance);
  const plain = toPlain(source.directory);
  if (renderer === 'plain') {
    return source.directory?.jsonnet === true ? refuse('it configures jsonnet, which is not run here') : plain;
  }
  const kustomize = toKustomize(source.kustomize, environment);
  if (kustomize === undefined) return refuse('an annotation has a variable whose value is not known here');
  if (renderer !== 'helm' && buildOptions !== undefined) return refuse('argocd-cm sets kustomize.buildOptions');
  if (renderer === 'kustomize') return kustomize;
  const helm = toHelm(source.helm, {
    name: application.ref.name,
    namespace: application.destination.namespace ?? '',
    path: rootless(source.path),
    environment,
    treeOf: (ref) => {
      const named = resolved.sources.find((candidate) => candidate.ref === ref);
      return named && treeOf(named);
    },
  });
  if ('refused' in helm) return refuse(helm.refused);
  return renderer === 'helm' ? helm : { tool: 'auto', plain, kustomize, helm };
}

function toPlain(directory: DirectoryOptions | undefined) {
  const { recurse = false, include, exclude } = directory ?? {};
  return { tool: 'plain', recurse, include, exclude } as const;
}

/** Undefined: no commit of a Git repository is known. */
function treeOf({ from, repository, revision }: ApplicationSource): TreeRef | undefined {
  const isCommit = revision !== undefined && /^(?:[\da-f]{40}|[\da-f]{64})$/.test(revision);
  return from === 'git' && isCommit ? { repository, revision } : undefined;
}

function describe({ repository, revision, path, renderer, reason }: ApplicationSource): DeclaredSource {
  const place = { repository, revision, path: path && rootless(path), renderer };
  return reason === undefined ? place : { ...place, reason };
}

/** '' is the root. */
function rootless(path: string | undefined): string {
  return path === undefined || path === '.' ? '' : path;
}
