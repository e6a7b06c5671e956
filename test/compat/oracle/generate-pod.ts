// Generated pod specs: references of every kind of §3 to the changed object, to others, and of kinds that do not count.
import { hashContent } from './hashes.ts';
import { configNames } from './generate-annotations.ts';
import type { Random } from './random.ts';
import { envVarName, lastReloadedFrom } from './strategies.ts';
import type { Annotations, Change, ConfigKind, ConfigObject, Container, EnvVar, PodSpec, Volume } from './types.ts';

type ByKind<Value> = Readonly<Record<ConfigKind, Value>>;

export interface PodInput {
  readonly config: ConfigObject;
  readonly change: Change;
}

export function generatePod(random: Random, input: PodInput): PodSpec {
  const volumes = Array.from({ length: random.pick([0, 0, 1, 1, 2, 3]) }, (_, index) =>
    generateVolume(random, input.config, `volume-${index}`),
  );
  const container = (name: string): Container => generateContainer(random, { ...input, name, volumes });
  const initContainers = ['init', 'migrate'].slice(0, random.pick([0, 0, 1, 2])).map((name): Container => {
    const restart = random.chance(0.2) ? ({ restartPolicy: 'Always' } as const) : {};
    return { ...container(name), ...restart };
  });
  return {
    containers: ['main', 'proxy', 'metrics'].slice(0, random.pick([1, 1, 2, 3])).map(container),
    ...(initContainers.length > 0 && { initContainers }),
    ...(random.chance(0.1) && { ephemeralContainers: [container('debug')] }),
    ...(volumes.length > 0 && { volumes }),
    ...(random.chance(0.15) && { imagePullSecrets: [{ name: pickName(random, input.config) }] }),
  };
}

/** What the annotations strategy may have left: the same hash, another, another object's, or something malformed. */
export function leaveTrace(random: Random, { config, change }: PodInput): Annotations {
  if (!random.chance(0.3)) return {};
  const name = random.chance(0.8) ? config.name : random.pick(configNames);
  const hash = random.chance(0.7) ? hashAfter(change) : 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
  const type = config.kind.toUpperCase();
  const trace = { type, name, namespace: config.namespace, hash, containerRefs: ['main'], observedAt: 1_700_000_000 };
  return { [lastReloadedFrom]: random.chance(0.1) ? '{' : JSON.stringify(trace) };
}

function generateVolume(random: Random, config: ConfigObject, name: string): Volume {
  const from = pickName(random, config);
  const ref = { name: from, ...(random.chance(0.2) && { optional: true }) };
  const draw = random.below(20);
  if (draw < 4)
    return { name, ...volumeOf(from)[random.pick(['ConfigMap', 'Secret', 'SecretProviderClass'] as const)] };
  if (draw < 7) {
    const others = random.some([{ configMap: { name: 'foo' } }, { secret: { name: 'foo' } }], 0.3);
    return { name, projected: { sources: [...others, random.chance(0.5) ? { configMap: ref } : { secret: ref }] } };
  }
  if (draw < 8) return { name, azureFile: { secretName: from, shareName: 'share' } };
  if (draw < 9) return { name, csi: { driver: 'secrets-store.csi.k8s.io', nodePublishSecretRef: { name: from } } };
  if (draw < 10) return { name, emptyDir: {} };
  return { name, ...volumeOf(from)[config.kind] };
}

function volumeOf(name: string): ByKind<Omit<Volume, 'name'>> {
  return {
    ConfigMap: { configMap: { name } },
    Secret: { secret: { secretName: name } },
    SecretProviderClass: {
      csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: name } },
    },
  };
}

type ContainerInput = PodInput & { readonly name: string; readonly volumes: readonly Volume[] };

function generateContainer(random: Random, { config, change, name, volumes }: ContainerInput): Container {
  const mounted = random.some(volumes, 0.4);
  const env: EnvVar[] = [];
  if (random.chance(0.2)) env.push(generateEnv(random, config));
  if (random.chance(0.15)) env.push({ name: 'LOG_LEVEL', value: config.name });
  if (random.chance(change.action === 'delete' ? 0.4 : 0.2)) {
    const value = random.chance(0.7) ? hashAfter(change) : 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
    env.push({ name: envVarName(config.kind, config.name), value });
  }
  const envFrom = random.some([config.kind === 'ConfigMap', config.kind === 'Secret', random.chance(0.5)], 0.1);
  return {
    name,
    image: `registry.example.com/${name}:1`,
    ...(env.length > 0 && { env }),
    ...(envFrom.length > 0 && {
      envFrom: envFrom.map((isConfigMap) => {
        const ref = { name: pickName(random, config) };
        return isConfigMap ? { configMapRef: ref } : { secretRef: ref };
      }),
    }),
    ...(mounted.length > 0 && {
      volumeMounts: mounted.map((volume) => ({ name: volume.name, mountPath: `/etc/${volume.name}` })),
    }),
  };
}

function generateEnv(random: Random, config: ConfigObject): EnvVar {
  const ref = { name: pickName(random, config), key: 'a', ...(random.chance(0.3) && { optional: true }) };
  const isConfigMap = random.chance(0.8) ? config.kind === 'ConfigMap' : config.kind !== 'ConfigMap';
  return { name: 'VALUE', valueFrom: isConfigMap ? { configMapKeyRef: ref } : { secretKeyRef: ref } };
}

function pickName(random: Random, config: ConfigObject): string {
  return random.chance(0.75) ? config.name : random.pick(configNames);
}

function hashAfter(change: Change): string {
  return hashContent(change.action === 'delete' ? change.before : change.after);
}
