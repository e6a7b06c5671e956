// The rows of rules.ts with live objects: each in a namespace of its own, a Lockstep process beside them, on the API server in memory
// and on the real one. What was restarted is read from the objects.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { startLockstep, type Lockstep } from '../e2e/lockstep.ts';
import { openPlane, type Plane, type PlaneName } from './live-plane.ts';
import { rows, type Row } from './rules.ts';

const resources: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
};
const groups = [
  { flags: [], takes: ([, , , { flags }]: Row) => flags === undefined },
  { flags: ['--auto-reload-all'], takes: ([, , , { flags }]: Row) => isOnly(flags, 'autoReloadAll') },
];
const deadlineMs = 60_000;
const atOnce = 16;

function isOnly(flags: Row[3]['flags'], name: string): boolean {
  return flags !== undefined && Object.keys(flags).join() === name && flags.autoReloadAll === true;
}

/** Other kinds, and classes, need more than a flag: their own files. A name that no object can have is in rules.test.ts only. */
function isLive([, , , { kind = 'Deployment', config = {} }]: Row): boolean {
  const isKnown = Object.hasOwn(resources, kind) && config.kind !== 'SecretProviderClass';
  return isKnown && /^[a-z\d]([-a-z\d.]*[a-z\d])?$/.test(config.name ?? 'app');
}

for (const name of ['fake', 'real'] satisfies PlaneName[]) {
  const skip = name === 'real' ? await whySkipped() : false;
  for (const [at, { flags, takes }] of groups.entries()) {
    const chosen = rows.filter((row) => isLive(row) && takes(row));
    suite(`live on the ${name} API server ${flags.join(' ')}`, { skip, timeout: 240_000 }, () => {
      let plane: Plane;
      let lockstep: Lockstep;
      const namespaceOf = (index: number): string => `${plane.prefix}-${at}-${index}`;
      before(async () => {
        plane = await openPlane(name);
        const own = [`--kubeconfig=${plane.kubeconfig}`, `--state-namespace=${plane.stateNamespace}`];
        await eachOf([...chosen.keys(), 'sentinel'], async (index) => {
          const row = index === 'sentinel' ? sentinel : (chosen[index as number] ?? sentinel);
          await createRow(plane, `${plane.prefix}-${at}-${index}`, row);
        });
        lockstep = await startLockstep([...own, ...flags, '--settle=100ms', '--identity=live', '--restart-burst=0']);
        await lockstep.untilReady();
        await untilQuiet(plane, `${plane.prefix}-${at}-sentinel`);
        await eachOf([...chosen.entries()], ([index, row]) =>
          change(plane, namespaceOf(index), { row, text: 'second' }),
        );
        await untilQuiet(plane, `${plane.prefix}-${at}-sentinel`);
      });
      after(async () => {
        await lockstep?.stop();
        await plane?.[Symbol.asyncDispose]();
      });
      for (const [index, row] of chosen.entries()) {
        const [paragraph, about, rule, , expected] = row;
        test(`${paragraph} ${about}: ${rule}`, async () => {
          const isYes = expected === 'named' || expected === 'search' || expected === 'auto';
          assert.equal(await countRestarts(plane, namespaceOf(index), row), isYes ? 1 : 0);
        });
      }
    });
  }
}

const sentinel: Row = ['', '', '', { workload: { 'reloader.stakater.com/auto': 'true' } }, 'auto'];

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function createRow(plane: Plane, namespace: string, row: Row): Promise<void> {
  const { workload = {}, template = {}, kind = 'Deployment', config = {} } = row[3];
  const { kind: configKind = 'ConfigMap', name: configName = 'app', annotations = {} } = config;
  await plane.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await plane.ask('POST', configPath(namespace, row).replace(/\/[^/]+$/, ''), {
    apiVersion: 'v1',
    kind: configKind,
    metadata: { name: configName, annotations },
    ...content(row, 'first'),
  });
  const from = configKind === 'Secret' ? 'secretRef' : 'configMapRef';
  const containers = [{ name: 'main', image: 'example.com/app:1', envFrom: [{ [from]: { name: configName } }] }];
  const labels = { app: 'web' };
  await plane.ask('POST', workloadPath(namespace, row).replace(/\/web$/, ''), {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', annotations: workload },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations: template }, spec: { containers } },
      ...(kind === 'DaemonSet' ? {} : { replicas: 0 }),
      ...(kind === 'StatefulSet' ? { serviceName: 'web' } : {}),
    },
  });
  await untilObserved(plane, namespace, row);
}

/** Until the controller has taken up the template: a change made earlier is one that the rollout includes. */
async function untilObserved(plane: Plane, namespace: string, row: Row): Promise<void> {
  const isObserved = async (): Promise<boolean> => {
    const { metadata, status } = (await plane.ask('GET', workloadPath(namespace, row))) as Observable;
    return (status?.observedGeneration ?? 0) >= metadata.generation;
  };
  await waitFor(isObserved, { what: `the controller of ${namespace}`, deadlineMs });
}

interface Observable {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number };
}

function change(plane: Plane, namespace: string, { row, text }: { row: Row; text: string }): Promise<void> {
  return plane.ask('PATCH', configPath(namespace, row), content(row, text)).then(() => undefined);
}

function content([, , , { config }]: Row, text: string): object {
  return config?.kind === 'Secret' ? { stringData: { key: text } } : { data: { key: text } };
}

function configPath(namespace: string, [, , , { config }]: Row): string {
  const resource = config?.kind === 'Secret' ? 'secrets' : 'configmaps';
  return `/api/v1/namespaces/${namespace}/${resource}/${config?.name ?? 'app'}`;
}

function workloadPath(namespace: string, [, , , { kind = 'Deployment' }]: Row): string {
  return `/apis/apps/v1/namespaces/${namespace}/${resources[kind]}/web`;
}

/** The counter that Lockstep leaves with each restart. */
async function countRestarts(plane: Plane, namespace: string, row: Row): Promise<number> {
  const live = (await plane.ask('GET', workloadPath(namespace, row))) as {
    spec: { template: { metadata: { annotations?: Record<string, string> } } };
  };
  const text = live.spec.template.metadata.annotations?.['lockstep.dev/restarted-for'];
  return text === undefined ? 0 : (JSON.parse(text) as { n: number }).n;
}

/** Changes reach Lockstep in their order, and every key settles as long: twice, so that what had to be read is done too. */
async function untilQuiet(plane: Plane, namespace: string): Promise<void> {
  for (const _ of ['taken up', 'done']) {
    await untilObserved(plane, namespace, sentinel);
    const before = await countRestarts(plane, namespace, sentinel);
    await change(plane, namespace, { row: sentinel, text: `round ${before + 1}` });
    const isRestarted = async (): Promise<boolean> => (await countRestarts(plane, namespace, sentinel)) > before;
    await waitFor(isRestarted, { what: `the sentinel of ${namespace}`, deadlineMs });
  }
}
