// What Reloader gets wrong with SecretProviderClasses and Lockstep does not (contract §4 W18): the same events for both.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { digestValues } from '../../server/core/digest.ts';
import type { SeenStatus } from '../../server/core/provider-class.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { SeenEvent } from '../../server/core/seen.ts';
import { createProviderClasses } from '../../server/state/provider-classes.ts';
import { createRig, key, revision, workload } from '../reconcile/rig.ts';

/** The driver gives one pod's mount of a class another version. */
interface Rotation {
  readonly pod: string;
  readonly providerClass: string;
  readonly content: string;
}

const rotations = (content: string): Rotation[] =>
  ['a', 'b', 'c'].flatMap((pod) => ['api', 'db'].map((providerClass) => ({ pod, providerClass, content })));

/** Its annotations strategy: name and hash are looked for in the annotation that the last restart left, of whichever class. */
function countByReloader(script: readonly Rotation[]): number {
  let last = '';
  let restarts = 0;
  for (const { providerClass, content } of script) {
    const hash = createHash('sha1').update(`SecretProviderClassName=${providerClass};id=${content}`).digest('hex');
    if (last.includes(providerClass) && last.includes(hash)) continue;
    last = JSON.stringify({ type: 'SECRETPROVIDERCLASS', name: providerClass, hash });
    restarts++;
  }
  return restarts;
}

const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };

function toEvent({ pod, providerClass, content }: Rotation, version: number): SeenEvent<SeenStatus> {
  const ref = { kind: 'SecretProviderClass', namespace: 'shop', name: providerClass } as const;
  const rotated = content !== 'v1';
  const object: SeenStatus = {
    key: `shop/${pod}-${providerClass}`,
    providerClass: ref,
    uid: `${pod}-${providerClass}`,
    resourceVersion: String(version),
    contents: [digestValues(ref, [{ dataKey: 'id', field: 'data', value: Buffer.from(content) }], digestKey)],
    writtenAt: 1,
    writers: ['driver'],
    rotated,
  };
  return { present: true, how: rotated ? 'modified' : 'listed', object, version: String(version) };
}

async function countByLockstep(script: readonly Rotation[]): Promise<number> {
  const classes = createProviderClasses();
  const rig = await createRig();
  const annotations = { 'secretproviderclass.reloader.stakater.com/auto': 'true' };
  const given = { kind: 'Deployment', annotations, templateAnnotations: {} } as const;
  const reload = compileReload(given, { ...defaultReloadRules, csi: true });
  const references = ['api', 'db'].map((name) => {
    return { kind: 'SecretProviderClass', name, keys: 'all', optional: false } as const;
  });
  rig.deps.reads.config = async ({ name }) => classes.retained(`SecretProviderClass/shop/${name}`);
  let version = 100;
  const see = async (rotation: Rotation): Promise<void> => {
    for (const told of classes.onStatus(toEvent(rotation, ++version))) rig.state.configs.apply(told, rig.live.now);
    await rig.reconcile();
    const record = rig.state.ledger.workload(key);
    const restartKey = record !== undefined && record.n > 0 ? { n: record.n, acks: record.acks } : undefined;
    rig.see({ workload: workload(++version, { reload, references, restartKey }) });
  };
  rig.see({ workload: workload(21, { reload, references }) });
  for (const rotation of rotations('v1')) await see(rotation);
  rig.state.revisions.apply({ present: true, how: 'listed', object: revision, version: '9' });
  const before = rig.patches.length;
  for (const rotation of script) await see(rotation);
  return rig.patches.length - before;
}

test('W18 two SecretProviderClasses that alternate', async () => {
  const script = rotations('v2');
  assert.equal(countByReloader(script), 6, 'Reloader: once for each pod and class');
  assert.equal(await countByLockstep(script), 2, 'Lockstep: once for each class');
});
