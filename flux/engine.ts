// Flux as an engine: its resources put together, by which its owners are found, planned and asked how far they are.
import type {
  Engine,
  EngineProgress,
  EngineRef,
  EngineResource,
  EngineView,
  OwnerPlan,
  Ownership,
  OwnershipMarks,
  PlanOptions,
} from '../server/core/engine.ts';
import { mapAt, readBuild } from './build.ts';
import { chartResource, type HelmChart, readHelmChart } from './helmchart.ts';
import { type HelmRelease, helmGroup, judgeHelmRelease, readHelmRelease } from './helmrelease.ts';
import { inventoryId } from './inventory.ts';
import { judgeKustomization, type Kustomization, kustomizeGroup, readKustomization } from './kustomization.ts';
import { findOwner } from './ownership.ts';
import { type HelmReleaseEntry, planHelmRelease, readReleaseValues } from './plan-helmrelease.ts';
import { type KustomizationEntry, planKustomization } from './plan-kustomization.ts';
import type { Reference } from './reference.ts';
import { type FluxSource, readSource, sourceGroup } from './sources.ts';
import type { SyncState } from './sync-state.ts';

const source = { group: sourceGroup, version: 'v1' };

export const flux: Engine = {
  name: 'flux',
  // Sources first: who applies them is judged by what they offer.
  resources: [
    { ...source, resource: 'gitrepositories', kind: 'GitRepository' },
    { ...source, resource: 'ocirepositories', kind: 'OCIRepository' },
    { ...source, resource: 'buckets', kind: 'Bucket' },
    { ...source, resource: 'externalartifacts', kind: 'ExternalArtifact' },
    { ...source, resource: 'helmcharts', kind: 'HelmChart' },
    { group: kustomizeGroup, version: 'v1', resource: 'kustomizations', kind: 'Kustomization' },
    { group: helmGroup, version: 'v2', resource: 'helmreleases', kind: 'HelmRelease' },
  ],
  open: () => new FluxView(),
};

interface Place {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

class FluxView implements EngineView {
  readonly #kustomizations = new Map<string, KustomizationEntry>();
  readonly #releases = new Map<string, HelmReleaseEntry>();
  /** By what Helm knows it as. */
  readonly #installed = new Map<string, HelmRelease>();
  readonly #charts = new Map<string, HelmChart>();
  readonly #sources = new Map<string, FluxSource>();

  put({ kind }: EngineResource, object: unknown): readonly EngineRef[] {
    const metadata = mapAt(object, 'metadata');
    const place = { kind, namespace: String(metadata['namespace']), name: String(metadata['name']) };
    // What can no longer be read is not what it was before either.
    this.#forget(place);
    switch (kind) {
      case 'Kustomization':
        this.#putKustomization(object);
        break;
      case 'HelmRelease':
        this.#putRelease(object);
        break;
      case 'HelmChart': {
        const reading = readHelmChart(object);
        if (reading.kind === 'read') this.#charts.set(keyOf(reading.value.ref), reading.value);
        break;
      }
      default: {
        const reading = readSource(object);
        if (reading.kind === 'read') this.#sources.set(keyOf(reading.value.ref), reading.value);
      }
    }
    return this.#concerned(place);
  }

  remove({ kind }: EngineResource, namespace: string, name: string): readonly EngineRef[] {
    const concerned = this.#concerned({ kind, namespace, name });
    this.#forget({ kind, namespace, name });
    return concerned;
  }

  ownerOf(marks: OwnershipMarks): Ownership {
    const found = findOwner(marks, {
      kustomization: (namespace, name) => this.#kustomization({ namespace, name })?.owner,
      helmRelease: (namespace, name) => this.#release({ namespace, name })?.owner,
      helmReleaseOf: (namespace, name) => this.#installed.get(`${namespace}/${name}`),
      listing: (object) => this.#listing(inventoryId(object)),
    });
    return found.kind === 'owned' && this.#heals(found.owner) ? { ...found, heals: true } : found;
  }

  owners(where?: 'elsewhere'): readonly EngineRef[] {
    const entries = [...this.#kustomizations.values(), ...this.#releases.values()];
    return entries.flatMap(({ owner }) => (owner.otherCluster === (where === 'elsewhere') ? [owner.ref] : []));
  }

  plan(owner: EngineRef, options: PlanOptions): OwnerPlan | undefined {
    const kustomization = owner.kind === 'Kustomization' ? this.#kustomization(owner) : undefined;
    if (kustomization?.owner.otherCluster === false) {
      return planKustomization(kustomization, this.#source(kustomization.owner.source), options);
    }
    const release = owner.kind === 'HelmRelease' ? this.#release(owner) : undefined;
    if (release === undefined || release.owner.otherCluster) return undefined;
    const helmChart = this.#chartOf(release.owner);
    const { chart } = release.owner;
    const from = chart?.source.kind === 'HelmChart' ? helmChart?.chart?.source : chart?.source;
    return planHelmRelease(release, { helmChart, source: this.#source(from) }, options);
  }

  progressOf(owner: EngineRef): EngineProgress {
    const kustomization = owner.kind === 'Kustomization' ? this.#kustomization(owner)?.owner : undefined;
    if (kustomization !== undefined) {
      return toProgress(judgeKustomization(kustomization, this.#source(kustomization.source)?.artifact?.revision));
    }
    const release = owner.kind === 'HelmRelease' ? this.#release(owner)?.owner : undefined;
    if (release === undefined) return { kind: 'idle' };
    const offered = this.#chartOf(release)?.version ?? this.#source(release.chart?.source)?.artifact?.revision;
    return toProgress(judgeHelmRelease(release, offered));
  }

  #putKustomization(object: unknown): void {
    const reading = readKustomization(object);
    if (reading.kind === 'unreadable') return;
    const { value: owner, problems } = reading;
    this.#kustomizations.set(keyOf(owner.ref), { owner, build: readBuild(object), problems });
  }

  #putRelease(object: unknown): void {
    const reading = readHelmRelease(object);
    if (reading.kind === 'unreadable') return;
    const { value: owner, problems } = reading;
    this.#releases.set(keyOf(owner.ref), { owner, values: readReleaseValues(object), problems });
    const installed = installedName(owner);
    if (installed !== undefined) this.#installed.set(installed, owner);
  }

  #forget(place: Place): void {
    const key = keyOf(place);
    const release = place.kind === 'HelmRelease' ? this.#releases.get(key)?.owner : undefined;
    const installed = release && installedName(release);
    if (installed !== undefined && this.#installed.get(installed) === release) this.#installed.delete(installed);
    for (const known of [this.#kustomizations, this.#releases, this.#charts, this.#sources]) known.delete(key);
  }

  /** A Kustomization applies everything each time that it is looked at; a HelmRelease only where it detects drift. */
  #heals(owner: EngineRef): boolean {
    if (owner.kind === 'Kustomization') return this.#kustomization(owner)?.owner.progress.suspended === false;
    const release = this.#release(owner)?.owner;
    return release?.driftDetection === 'enabled' && !release.progress.suspended;
  }

  /** The owners to which a resource matters. */
  #concerned(place: Place): readonly EngineRef[] {
    const { kind, namespace, name } = place;
    if (kind === 'Kustomization' || kind === 'HelmRelease') return [{ engine: 'flux', kind, namespace, name }];
    const key = keyOf(place);
    const uses = (reference: Place | undefined): boolean => reference !== undefined && keyOf(reference) === key;
    const kustomizations = [...this.#kustomizations.values()].filter(({ owner }) => uses(owner.source));
    const releases = [...this.#releases.values()].filter(
      ({ owner }) =>
        uses(owner.chart?.source) || uses(chartResource(owner)) || uses(this.#chartOf(owner)?.chart?.source),
    );
    return [...kustomizations, ...releases].map(({ owner }) => owner.ref);
  }

  #listing(id: string): readonly (Kustomization | HelmRelease)[] {
    const entries = [...this.#kustomizations.values(), ...this.#releases.values()];
    return entries.flatMap(({ owner }) => (owner.inventory?.ids.has(id) === true ? [owner] : []));
  }

  #kustomization({ namespace, name }: Omit<Place, 'kind'>): KustomizationEntry | undefined {
    return this.#kustomizations.get(keyOf({ kind: 'Kustomization', namespace, name }));
  }

  #release({ namespace, name }: Omit<Place, 'kind'>): HelmReleaseEntry | undefined {
    return this.#releases.get(keyOf({ kind: 'HelmRelease', namespace, name }));
  }

  #source(reference: Reference<string> | undefined): FluxSource | undefined {
    return reference && this.#sources.get(keyOf(reference));
  }

  #chartOf(release: HelmRelease): HelmChart | undefined {
    const reference = chartResource(release);
    return reference && this.#charts.get(keyOf(reference));
  }
}

function keyOf({ kind, namespace, name }: Place): string {
  return `${kind}/${namespace}/${name}`;
}

function installedName({ release: { name, namespace } }: HelmRelease): string | undefined {
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/** A failed, stalled or suspended owner writes nothing soon; health is awaited after everything is applied. */
function toProgress(state: SyncState): EngineProgress {
  switch (state.kind) {
    case 'applying':
      return { kind: 'on-its-way', reason: 'syncing' };
    case 'revision-not-attempted':
    case 'spec-not-attempted':
      return { kind: 'on-its-way', reason: state.kind };
    case 'health-checking':
    case 'failed':
    case 'stalled':
    case 'suspended':
    case 'deleting':
    case 'settled':
    case 'unknown':
      return { kind: 'idle' };
  }
}
