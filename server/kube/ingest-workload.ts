// Reduces workloads to what decisions need: what they ask for, what they refer to, and how far their rollout is.
import {
  configKinds,
  objectKey,
  workloadKinds,
  type ConfigKind,
  type WorkloadKind,
  type WorkloadKindFacts,
} from '../core/object.ts';
import { isPausedForPeriod, readPause } from '../core/pause-period.ts';
import { listReferences } from '../core/references.ts';
import { annotation, asksForReferences, isWatched, type Annotations } from '../core/reload.ts';
import type { CompiledReload } from '../core/reload-compile.ts';
import { rolloutStrategy } from '../core/reloader-patch.ts';
import { parseRestartKey, type RestartKey } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Metadata, Parsed, Reading } from './ingest.ts';
import { parseOwnershipMarks } from './ingest-ownership.ts';
import { parseMarks } from './ingest-marks.ts';
import { compileOptIn, cronJobOf } from './opt-in.ts';
import type { ApiObject } from './reflector.ts';
import { dormancyOf, formatSelector, templateOf, type WorkloadBody, type WorkloadStatus } from './workload-body.ts';

type Body = WorkloadBody & { readonly metadata: Metadata };

/** A workload of any kind. Without opt-in, and while no change can concern it, it asks for nothing. */
export function parseWorkload(
  kind: WorkloadKind,
  object: ApiObject,
  reading: Omit<Reading, 'keys'>,
): Parsed<SeenWorkload> {
  const body = { spec: {}, ...object } as unknown as Body;
  const { metadata, spec, status = {} } = body;
  const ref = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
  const template = templateOf(kind, body);
  const templateAnnotations = template.metadata?.annotations ?? {};
  const annotations = metadata.annotations ?? {};
  const compiled = compileOptIn(kind, object, reading.rules);
  const runOf = kind === 'Job' ? cronJobOf(object) : undefined;
  const watched = configKinds.filter((config) => isWatched(config, reading.rules));
  const asked = watched.filter((config) => asksForReferences(compiled, config));
  const references = asked.length === 0 ? [] : listReferences(template.spec, reading);
  const isAsking = asked.length > 0 || namesConfigs(compiled, watched);
  const dormant = dormancyOf(kind, body);
  const isPaused = kind !== 'StatefulSet' && kind !== 'DaemonSet' && spec.paused === true;
  const pause = readPause({ kind, annotations, isPaused }, reading.pauseKeys);
  const rollsLater = isPausedForPeriod(pause.facts);
  const ownership = parseOwnershipMarks(workloadKinds[kind].group, kind, object, reading.instanceLabels);
  const value: SeenWorkload = {
    ref,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: timeOf(metadata.creationTimestamp),
    reload: isAsking && dormant === undefined ? compiled : undefined,
    problems: [...compiled.problems.map(({ key, says }) => `annotation ${key} ${says}`), ...pause.problems],
    references: references.filter((reference) => asked.includes(reference.kind)),
    restartKey: readRestartKey(kind, annotations, templateAnnotations),
    marks: parseMarks(template, metadata),
    annotations: Object.fromEntries(
      Object.entries(annotations).filter(([key]) => /^(checksum\.)?lockstep\.dev\//.test(key)),
    ),
    podSelector: formatSelector(spec.selector),
    currentRevision: isObserved(body) && !rollsLater ? currentRevision(kind, body) : undefined,
    podsSince: podsSince(kind, body),
    restart: kind === 'Rollout' ? rolloutRestart(body, reading.granularity) : workloadKinds[kind].restart,
    paused: isPaused && !rollsLater,
    ...(pause.facts === undefined ? {} : { pause: pause.facts }),
    dormant,
    ...(spec.concurrencyPolicy === 'Forbid' ? { runsAlone: true } : {}),
    ...(runOf === undefined ? {} : { runOf }),
    running: spec.concurrencyPolicy === 'Forbid' && Array.isArray(status.active) && status.active.length > 0,
    waitsForDelete:
      spec.updateStrategy?.type === 'OnDelete' || (spec.updateStrategy?.rollingUpdate?.partition ?? 0) > 0,
    rolledOut: isRolledOut(kind, body) && !rollsLater,
    failed: isObserved(body) && hasGivenUp(status),
    deleting: metadata.deletionTimestamp !== undefined,
    ...(ownership === undefined ? {} : { ownership }),
  };
  return { key: objectKey(ref), value };
}

function namesConfigs({ kinds }: CompiledReload, watched: readonly ConfigKind[]): boolean {
  return watched.some(
    (kind) => (kinds[kind].named?.names.size ?? 0) + (kinds[kind].named?.expressions.length ?? 0) > 0,
  );
}

/** A Rollout restarted by time carries the key on itself. Where the way was changed, the higher counter is the later one. */
function readRestartKey(kind: WorkloadKind, own: Annotations, template: Annotations): RestartKey | undefined {
  const key = parseRestartKey(template[annotation.restartedFor]);
  const ownKey = kind === 'Rollout' ? parseRestartKey(own[annotation.restartedFor]) : undefined;
  return (ownKey?.n ?? 0) > (key?.n ?? 0) ? ownKey : key;
}

/**
 * By time, which makes no new revision, unless asked otherwise; Reloader changes the template unless asked otherwise. A Rollout that
 * borrows a Deployment's template (`workloadRef`) may have none of its own.
 */
function rolloutRestart({ metadata, spec }: Body, granularity: Reading['granularity']): WorkloadKindFacts['restart'] {
  if (spec.workloadRef !== undefined) return 'restart-at';
  const asked = metadata.annotations?.[rolloutStrategy];
  const byTime = granularity === 'used-keys' ? asked !== 'rollout' : asked === 'restart';
  return byTime ? 'restart-at' : 'template';
}

function isObserved({ metadata, status }: Body): boolean {
  const observed = Number(status?.observedGeneration ?? NaN);
  return observed >= (metadata.generation ?? 0);
}

/** Deployment, Rollout: the number its controller gave the current ReplicaSet. StatefulSet: the ControllerRevision's name. DaemonSet: the newest. */
function currentRevision(kind: WorkloadKind, { metadata, status }: Body): string | undefined {
  switch (kind) {
    case 'Deployment':
      return metadata.annotations?.['deployment.kubernetes.io/revision'];
    case 'Rollout':
      return metadata.annotations?.['rollout.argoproj.io/revision'];
    case 'StatefulSet':
      return status?.updateRevision;
    case 'DaemonSet':
      return '';
    case 'CronJob':
    case 'Job':
    case 'DeploymentConfig':
      return undefined;
  }
}

/** A Job's pods come after it, a CronJob's last run came on time. */
function podsSince(kind: WorkloadKind, { metadata, status }: Body): number | undefined {
  if (kind === 'DeploymentConfig') return 0;
  if (kind === 'Job') return timeOf(metadata.creationTimestamp);
  return kind === 'CronJob' ? timeOf(status?.lastScheduleTime) : undefined;
}

/** As `kubectl rollout status` judges. A Job is as soon as it is made. */
function isRolledOut(kind: WorkloadKind, body: Body): boolean {
  const { spec, status = {} } = body;
  if (kind === 'Job' || kind === 'CronJob') return true;
  if (!isObserved(body)) return false;
  if (kind === 'Rollout') return status.phase === 'Healthy' && timeOf(status.restartedAt) >= timeOf(spec.restartAt);
  if (kind === 'DaemonSet') {
    const wanted = status.desiredNumberScheduled ?? 0;
    return (status.updatedNumberScheduled ?? 0) >= wanted && (status.numberAvailable ?? 0) >= wanted;
  }
  const wanted = spec.replicas ?? 1;
  const [all, updated, available] = [status.replicas ?? 0, status.updatedReplicas ?? 0, status.availableReplicas ?? 0];
  return updated >= wanted && all <= updated && available >= updated;
}

/** Deployments, Rollouts and DeploymentConfigs have a deadline; the others have no such condition. */
function hasGivenUp({ conditions = [] }: WorkloadStatus): boolean {
  return conditions.some(
    ({ type, status, reason }) => type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
  );
}

function timeOf(text: string | undefined): number {
  return Date.parse(text ?? '') || 0;
}

/** Where a workload kind lives: `/apis/apps/v1/...`. */
export function workloadPath(kind: WorkloadKind, namespace?: string, name?: string): string {
  const { group, version, resource } = workloadKinds[kind];
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/${group}/${version}${scope}/${resource}${name === undefined ? '' : `/${name}`}`;
}
