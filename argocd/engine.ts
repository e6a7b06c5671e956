// Argo CD as an engine: its resources put together, by which its owners are found, planned and asked how far they are.
import { Hidden } from '../server/core/hidden.ts';
import type {
  Engine,
  EngineOptions,
  EngineProgress,
  EngineRef,
  EngineResource,
  EngineView,
  OwnerPlan,
  Ownership,
  OwnershipMarks,
  PlanOptions,
} from '../server/core/engine.ts';
import type { LeaveRule } from '../server/core/leave-rule.ts';
import { isProducer } from '../server/core/producer.ts';
import { readApplication, type Application } from './application.ts';
import { isThisCluster, type ClusterIdentity } from './destination.ts';
import { readSystemIgnores } from './ignores.ts';
import type { ResourceId } from './operation.ts';
import { findMakersOwner } from './makers.ts';
import { findOwner } from './ownership.ts';
import { planApplication } from './plan.ts';
import { readProject, type Project } from './project.ts';
import { isFields, Problems, Section } from './section.ts';
import { readTrackingSettings, type TrackingSettings } from './tracking.ts';
import { findProgress, type Progress } from './wait.ts';

const group = { group: 'argoproj.io', version: 'v1alpha1' };

export const argocd: Engine = {
  name: 'argocd',
  // What the Applications are judged by comes first.
  resources: [
    { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', name: 'argocd-cm' },
    { ...group, resource: 'appprojects', kind: 'AppProject' },
    { ...group, resource: 'applications', kind: 'Application' },
  ],
  open: (options) => new ArgoView(options),
};

/** Of argocd-cm; the rest of it, which may hold credentials, is not kept. */
interface Settings {
  readonly tracking: TrackingSettings;
  readonly buildOptions: string | undefined;
  readonly ignores: readonly LeaveRule[];
}

class ArgoView implements EngineView {
  readonly #namespace: string;
  readonly #cluster: ClusterIdentity;
  /** Hidden, since their tool options may hold values of Secrets. */
  readonly #applications = new Map<string, Hidden<Application>>();
  readonly #projects = new Map<string, Project>();
  #settings: Settings = readSettings(undefined);

  constructor({ namespace, runsHere, clusterNames, clusterServers }: EngineOptions) {
    this.#namespace = namespace;
    this.#cluster = { holdsApplications: runsHere, names: clusterNames, servers: clusterServers };
  }

  put({ kind }: EngineResource, object: unknown): readonly EngineRef[] {
    const { namespace, name } = identify(object);
    switch (kind) {
      case 'Application': {
        const reading = readApplication(object);
        if (reading.kind === 'unreadable') return this.remove({ kind }, namespace, name);
        this.#applications.set(keyOf({ namespace, name }), new Hidden(reading.application));
        return [refOf(namespace, name)];
      }
      case 'AppProject': {
        const project = readProject(object);
        if (project === undefined) return this.remove({ kind }, namespace, name);
        this.#projects.set(keyOf(project), project);
        return this.#ofProject(namespace, name);
      }
      default:
        return this.#putSettings(object, { namespace, name });
    }
  }

  remove({ kind }: Pick<EngineResource, 'kind'>, namespace: string, name: string): readonly EngineRef[] {
    if (kind === 'Application') {
      this.#applications.delete(keyOf({ namespace, name }));
      return [refOf(namespace, name)];
    }
    if (kind === 'AppProject') {
      this.#projects.delete(keyOf({ namespace, name }));
      return this.#ofProject(namespace, name);
    }
    return this.#putSettings(undefined, { namespace, name });
  }

  ownerOf(marks: OwnershipMarks): Ownership {
    const object = { id: marks, labels: toMap(marks.labels), annotations: toMap(marks.annotations) };
    const own = findOwner(object, {
      namespace: this.#namespace,
      tracking: this.#settings.tracking,
      cluster: this.#cluster,
      find: (ref) => this.#find(ref) ?? 'absent',
    });
    if (own.kind === 'owned') return this.#heals(own.owner) ? { ...own, heals: true } : own;
    return (marks.owners.some(isProducer) ? findMakersOwner(marks, this.#ours()) : undefined) ?? own;
  }

  owners(where?: 'elsewhere'): readonly EngineRef[] {
    const wanted = where === undefined ? 'yes' : 'no';
    return this.#all().flatMap((application) => (this.#isOurs(application, wanted) ? [application.ref] : []));
  }

  plan({ kind, ...ref }: EngineRef, options: PlanOptions): OwnerPlan | undefined {
    const application = kind === 'Application' ? this.#find(ref) : undefined;
    if (application === undefined || isThisCluster(application.destination, this.#cluster) === 'no') return undefined;
    const namespace = application.controllerNamespace ?? this.#namespace;
    const project = this.#projects.get(keyOf({ namespace, name: application.project }));
    const { buildOptions, ignores } = this.#settings;
    const cluster = this.#cluster;
    return planApplication({ application, project, namespace, cluster, buildOptions, ignores }, options);
  }

  progressOf({ kind, ...ref }: EngineRef, workload: ResourceId): EngineProgress {
    const application = kind === 'Application' ? this.#find(ref) : undefined;
    if (application === undefined || !this.#isOurs(application)) return { kind: 'idle' };
    return toProgress(findProgress(application, workload));
  }

  #putSettings(object: unknown, { namespace, name }: Omit<ResourceId, 'group' | 'kind'>): readonly EngineRef[] {
    if (namespace !== this.#namespace || name !== 'argocd-cm') return [];
    this.#settings = readSettings(object);
    return this.owners();
  }

  #ofProject(namespace: string, name: string): readonly EngineRef[] {
    return this.#all()
      .filter(
        ({ project, controllerNamespace = this.#namespace }) => project === name && controllerNamespace === namespace,
      )
      .map(({ ref }) => ref);
  }

  #ours(): readonly Application[] {
    return this.#all().filter((application) => this.#isOurs(application));
  }

  #all(): readonly Application[] {
    return [...this.#applications.values()].map((hidden) => hidden.reveal());
  }

  #find(ref: { readonly namespace: string; readonly name: string }): Application | undefined {
    return this.#applications.get(keyOf(ref))?.reveal();
  }

  #heals(owner: EngineRef): boolean {
    const policy = this.#find(owner)?.policy;
    return policy !== undefined && policy.selfHeal && !policy.skipsReconcile;
  }

  /** Kept by this control plane, with its objects in this cluster, or (`no`) in another one. */
  #isOurs({ destination, controllerNamespace = this.#namespace }: Application, here: 'yes' | 'no' = 'yes'): boolean {
    return controllerNamespace === this.#namespace && isThisCluster(destination, this.#cluster) === here;
  }
}

function readSettings(object: unknown): Settings {
  const data = new Section(isFields(object) ? object : {}, '', new Problems()).textMap('data');
  return {
    tracking: readTrackingSettings(data),
    buildOptions: data.get('kustomize.buildOptions') || undefined,
    ignores: readSystemIgnores(data),
  };
}

function identify(object: unknown): { readonly namespace: string; readonly name: string } {
  const metadata = new Section(isFields(object) ? object : {}, '', new Problems()).section('metadata');
  return { namespace: metadata?.text('namespace') ?? '', name: metadata?.text('name') ?? '' };
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function refOf(namespace: string, name: string): EngineRef {
  return { engine: 'argocd', kind: 'Application', namespace, name };
}

function toMap(record: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(record));
}

/** Whether it is retrying, blocked, failed or past the workload is all one to who would wait: nothing comes soon. */
function toProgress(progress: Progress): EngineProgress {
  if (progress.kind === 'none') return { kind: 'idle' };
  const reasons = {
    'not-handled': 'syncing',
    requested: 'sync-requested',
    'not-attempted': 'revision-not-attempted',
  } as const;
  return { kind: 'on-its-way', reason: reasons[progress.reason] };
}
