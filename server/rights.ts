// The rights that Lockstep needs under a configuration, and a question at the start whether it has them: all that are missing are
// named at once, before one after the other is met.
import type { Config } from './config.ts';
import { LockstepError } from './core/errors.ts';
import { classResource, configResources, statusResource, workloadKinds, type WorkloadKind } from './core/object.ts';
import { isWatched } from './core/reload.ts';
import { findMissing, type Right } from './kube/access.ts';
import { leasePlace } from './lease.ts';
import type { Verb } from './kube/client.ts';
import type { Ports } from './parts.ts';
import { watchedKinds, type ReloaderConfig } from './reloader-config.ts';

const read = ['list', 'watch'] as const;

/** `manifests/lockstep.yaml` grants these; a test compares them. */
export function listRights(config: Config): readonly Right[] {
  const scopes = config.namespaces.length === 0 ? [undefined] : config.namespaces;
  return [
    ...scopes.flatMap((namespace) => watchedRights(config).map((right) => ({ ...right, namespace }))),
    ...namespaceRights(config),
    ...(config.mode === 'observe' ? [] : ownRights(config)),
  ];
}

type Unplaced = Omit<Right, 'namespace'>;

function watchedRights({ reloader, mode }: Config): readonly Unplaced[] {
  const { rules, webhookUrl, reloadOnCreate, reloadOnDelete, resourceLabelSelector } = reloader;
  const kinds = (['Secret', 'ConfigMap'] as const).filter((kind) => isWatched(kind, rules));
  const asksAgain = (reloadOnCreate || reloadOnDelete) && resourceLabelSelector.text !== '';
  const verbs = webhookUrl === undefined || asksAgain ? (['get', ...read] as const) : read;
  const configs = [
    ...kinds.map((kind): Unplaced => ({ group: '', resource: configResources[kind], verbs })),
    ...(isWatched('SecretProviderClass', rules) ? classRights(webhookUrl === undefined ? ['get', ...read] : read) : []),
  ];
  return webhookUrl === undefined ? [...configs, ...restartRights(reloader, mode)] : configs;
}

/** Where the flag asks for them; whether the driver is installed is found out later. */
function classRights(verbs: readonly Verb[]): readonly Unplaced[] {
  const { group, resource } = statusResource;
  return [
    { group, resource: classResource.resource, verbs },
    { group, resource, verbs: read },
  ];
}

function restartRights(reloader: ReloaderConfig, mode: Config['mode']): readonly Unplaced[] {
  // Rollouts are watched where a flag asks for it; whether a cluster has the others that it may not have is found out later.
  const kinds = watchedKinds(reloader).filter((kind) => kind === 'Rollout' || workloadKinds[kind].mayBeAbsent !== true);
  return [
    ...kinds.map((kind): Unplaced => {
      const { group, resource } = workloadKinds[kind];
      return { group, resource, verbs: ['get', ...read, ...(mode === 'enforce' ? writesOf(kind) : [])] };
    }),
    ...['replicasets', 'controllerrevisions'].map((resource) => ({ group: 'apps', resource, verbs: read })),
    { group: '', resource: 'pods', verbs: ['list'] },
    ...(mode === 'enforce' ? [{ group: '', resource: 'events', verbs: ['create'] } as const] : []),
  ];
}

/** A CronJob is run by a Job, which is asked for under Job. */
function writesOf(kind: WorkloadKind): readonly Verb[] {
  switch (workloadKinds[kind].restart) {
    case 'template':
    case 'restart-at':
      return ['patch'];
    case 'recreate':
      return ['create', 'delete'];
    case 'run':
      return [];
  }
}

/** For the pause switch, and for what is selected by label. */
function namespaceRights({ namespaces, reloader }: Config): readonly Right[] {
  const isNeeded = reloader.webhookUrl === undefined || reloader.namespaceSelector.requirements.length > 0;
  if (namespaces.length > 0 || !isNeeded) return [];
  return [{ group: '', resource: 'namespaces', verbs: read, namespace: undefined }];
}

function ownRights(config: Config): readonly Right[] {
  const { stateNamespace, reloader } = config;
  const lease = leasePlace(config);
  const leases = { group: 'coordination.k8s.io', resource: 'leases', namespace: lease.namespace } as const;
  const configMaps = { group: '', resource: 'configmaps' } as const;
  const state: readonly Right[] = [
    { group: '', resource: 'secrets', verbs: ['create'], namespace: stateNamespace },
    { group: '', resource: 'secrets', name: 'lockstep-digest-key', verbs: ['get'], namespace: stateNamespace },
    { ...configMaps, verbs: ['list', 'create', 'update'], namespace: stateNamespace },
  ];
  const info: readonly Right[] =
    reloader.metaInfo === undefined
      ? []
      : [
          { ...configMaps, verbs: ['create'], namespace: reloader.metaInfo.namespace },
          {
            ...configMaps,
            name: 'reloader-meta-info',
            verbs: ['get', 'update'],
            namespace: reloader.metaInfo.namespace,
          },
        ];
  return [
    ...(reloader.webhookUrl === undefined ? state : []),
    { ...leases, verbs: ['create'] },
    { ...leases, name: lease.name, verbs: ['get', 'update'] },
    ...info,
  ];
}

const unreachableMs = 2_000;

/** Says once which rights are missing. Lockstep goes on trying: they may be granted while it runs. */
export async function reportMissingRights(config: Config, ports: Ports, signal: AbortSignal): Promise<void> {
  const { client, log, metrics, sleep } = ports;
  while (!signal.aborted) {
    try {
      const missing = await findMissing(client, listRights(config), signal);
      if (missing.length === 0) return;
      const error = new LockstepError('rights-missing', {
        message: `missing rights: ${missing.map(describe).join('; ')}`,
      });
      metrics.errors.inc({ code: error.code });
      return log.error({ err: error, advice: error.advice }, 'rights are missing');
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof LockstepError) || error.code !== 'api-unreachable')
        return log.debug({ err: error }, 'rights not checked');
      await sleep(unreachableMs, signal);
    }
  }
}

function describe({ group, resource, name, verbs, namespace }: Right): string {
  const of = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
  return `${verbs.join(', ')} ${of} in ${namespace === undefined ? 'all namespaces' : namespace}`;
}
