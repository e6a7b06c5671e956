// Seeded cases for a differential test: small alphabets, so that names, keys and values meet often enough to reach every rule.
import { defaultFlags } from './flags.ts';
import { annotateConfig, annotateWorkload, configNames, renameKeys } from './generate-annotations.ts';
import { generatePod, leaveTrace } from './generate-pod.ts';
import { createRandom, type Random } from './random.ts';
import type {
  Annotations,
  Change,
  ConfigKind,
  ConfigObject,
  Content,
  Flags,
  ReloaderCase,
  WorkloadKind,
} from './types.ts';

const workloadKinds: readonly WorkloadKind[] = [
  'Deployment',
  'Deployment',
  'DaemonSet',
  'StatefulSet',
  'CronJob',
  'Job',
  'Rollout',
];
const configKinds: readonly ConfigKind[] = ['ConfigMap', 'ConfigMap', 'Secret', 'Secret', 'SecretProviderClass'];
/** For flags that are text and must be `true`. */
const enabling = ['true', 'true', 'true', 'true', 'true', 'true', 'true', 'true', 'false', 'True', '1', ''];

/** Case `number` of a seed; the same two numbers always give the same case. */
export function generateCase(seed: number, number: number): ReloaderCase {
  const random = createRandom(seed, number);
  const flags = generateFlags(random);
  const kind = random.pick(configKinds);
  const name = random.pick(configNames);
  const config: ConfigObject = { kind, name, namespace: 'shop', annotations: annotateConfig(random, flags) };
  const change = generateChange(random, config);
  const workloadKind = random.pick(workloadKinds);
  const annotations = annotateWorkload(random, { flags, kind, name });
  const strategy = {
    'reloader.stakater.com/rollout-strategy': random.pick(['restart', 'restart', 'rollout', 'Restart', '']),
  };
  return {
    flags,
    config,
    change,
    workload: {
      kind: workloadKind,
      name: 'web',
      namespace: random.chance(0.98) ? 'shop' : 'other',
      annotations: { ...annotations, ...(workloadKind === 'Rollout' && random.chance(0.6) && strategy) },
      templateAnnotations: {
        ...annotateWorkload(random, { flags, kind, name }),
        ...leaveTrace(random, { config, change }),
      } satisfies Annotations,
      podSpec: generatePod(random, { config, change }),
    },
  };
}

/** The first `many` cases of a seed. */
export function* generateCases(seed: number, many: number): Generator<ReloaderCase> {
  for (let number = 0; number < many; number++) yield generateCase(seed, number);
}

function generateFlags(random: Random): Flags {
  return {
    ...defaultFlags,
    ...renameKeys(random),
    autoReloadAll: random.chance(0.3),
    resourcesToIgnore: random.chance(0.08) ? [random.pick(['configmaps', 'configMaps', 'secrets', 'SECRETS'])] : [],
    ignoredWorkloadTypes: random.chance(0.5)
      ? random.pick([['jobs'], ['cronjobs'], ['jobs', 'cronjobs'], ['Jobs'], ['jobs', 'deployments'], ['cronjobs', '']])
      : [],
    isArgoRollouts: random.pick(enabling),
    reloadOnCreate: random.pick(enabling),
    reloadOnDelete: random.pick(enabling),
    reloadStrategy: random.pick(['env-vars', 'annotations']),
    enableCsiIntegration: random.chance(0.9),
  };
}

function generateChange(random: Random, config: ConfigObject): Change {
  const content = (): Content => generateContent(random, config);
  const draw = random.below(20);
  if (draw < 2) return { action: 'create', after: content() };
  if (draw < 5) return { action: 'delete', before: content() };
  if (draw < 6) return collide(config);
  const before = content();
  // Mostly another content; the same one only by chance.
  const after = content();
  return { action: 'update', before, after: random.chance(0.8) && isSame(before, after) ? content() : after };
}

function generateContent(random: Random, { kind, name }: ConfigObject): Content {
  const keys = random.some(['a', 'a.b', 'a-b', 'A', 'tls.crt'], 0.4);
  const entries = keys.map((key) => [key, random.pick(['', '1', '2', '1;b=2', 'café', 'x=y\n', '😀'])] as const);
  const encoded = entries.map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
  switch (kind) {
    case 'ConfigMap': {
      const cut = random.below(keys.length + 1);
      return {
        kind,
        data: Object.fromEntries(entries.slice(cut)),
        binaryData: Object.fromEntries(encoded.slice(0, cut)),
      };
    }
    case 'Secret':
      return { kind, data: Object.fromEntries(encoded) };
    case 'SecretProviderClass':
      return { kind, className: name, objects: entries.map(([id, version]) => ({ id: `secret/${id}`, version })) };
  }
}

/** Two contents with one hash: such an update goes undetected. */
function collide({ kind, name }: ConfigObject): Change {
  const one = { a: '1;b=2' };
  const two = { a: '1', b: '2' };
  const action = 'update';
  const encode = (data: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
  const objects = (data: Readonly<Record<string, string>>): { id: string; version: string }[] =>
    Object.entries(data).map(([id, version]) => ({ id, version }));
  switch (kind) {
    case 'ConfigMap':
      return { action, before: { kind, data: one, binaryData: {} }, after: { kind, data: two, binaryData: {} } };
    case 'Secret':
      return { action, before: { kind, data: encode(one) }, after: { kind, data: encode(two) } };
    case 'SecretProviderClass':
      return {
        action,
        before: { kind, className: name, objects: objects(one) },
        after: { kind, className: name, objects: objects(two) },
      };
  }
}

function isSame(one: Content, other: Content): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
