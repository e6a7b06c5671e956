// What a SecretProviderClass is after what its status objects went through, and whether that was a change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestValues } from '../../server/core/digest.ts';
import { beforeEveryPod, judgeClass, noClassMemory, type SeenStatus } from '../../server/core/provider-class.ts';
import type { SeenConfig, SeenEvent } from '../../server/core/seen.ts';
import { createProviderClasses, type ProviderClasses } from '../../server/state/provider-classes.ts';

const providerClass = { kind: 'SecretProviderClass', namespace: 'shop', name: 'db' } as const;
const digestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };
const writtenAt = 1_700_000_000_000;
const contents = (content: string) => [
  digestValues(providerClass, [{ dataKey: 'id', field: 'data', value: Buffer.from(content) }], digestKey),
];
const versionsOf = new Map(['v1', 'v2', 'v3'].map((content) => [contents(content)[0]?.values.get('id'), content]));

interface Given {
  readonly pod: string;
  readonly version: number;
  readonly content: string;
  readonly rotated?: boolean;
  readonly uid?: string;
}

const status = ({ pod, version, content, rotated = false, uid = pod }: Given): SeenStatus => ({
  key: `shop/${pod}`,
  providerClass,
  uid,
  resourceVersion: String(version),
  contents: contents(content),
  writtenAt,
  writers: ['driver'],
  rotated,
});
type How = 'listed' | 'found' | 'added' | 'modified';
const seen = (how: How, given: Given): SeenEvent<SeenStatus> => ({
  present: true,
  how,
  object: status(given),
  version: String(given.version),
});
const gone = (pod: string): SeenEvent<SeenStatus> => ({
  present: false,
  watched: true,
  key: `shop/${pod}`,
  version: '99',
});
const describe = (object: SeenConfig): string => {
  const content = versionsOf.get(object.contents[0]?.values.get('id'));
  return `${content}@${object.resourceVersion}${object.dataWrittenAt === beforeEveryPod ? ' before every pod' : ''}`;
};
const tell = (event: SeenEvent<SeenConfig>): string =>
  event.present ? `${event.how} ${describe(event.object)}` : 'absent';
const openWith = (...events: readonly SeenEvent<SeenStatus>[]): ProviderClasses => {
  const classes = createProviderClasses();
  const object = { ref: providerClass, uid: 'c', annotations: {}, ignored: false };
  classes.onClass({ present: true, how: 'listed', object, version: '1' });
  for (const event of events) classes.onStatus(event);
  return classes;
};

const old = seen('listed', { pod: 'a', version: 10, content: 'v1' });
const second = seen('listed', { pod: 'b', version: 11, content: 'v1' });
const rows: Readonly<
  Record<string, readonly [before: SeenEvent<SeenStatus>[], then: SeenEvent<SeenStatus>, told: string[]]>
> = {
  'the first pod': [[], old, ['listed v1@10 before every pod']],
  'a new pod with newer content': [[old], seen('added', { pod: 'c', version: 30, content: 'v2' }), []],
  'a rotation': [
    [old, second],
    seen('modified', { pod: 'a', version: 20, content: 'v2', rotated: true }),
    ['modified v2@20'],
  ],
  'a rotation that its generation does not tell': [
    [old],
    seen('modified', { pod: 'a', version: 20, content: 'v2' }),
    ['modified v2@20'],
  ],
  'a rotation that a list tells': [
    [old],
    seen('listed', { pod: 'a', version: 20, content: 'v2', rotated: true }),
    ['listed v2@20'],
  ],
  'the second pod follows': [
    [old, second, seen('modified', { pod: 'a', version: 20, content: 'v2', rotated: true })],
    seen('modified', { pod: 'b', version: 21, content: 'v2', rotated: true }),
    ['modified v2@21'],
  ],
  'an old pod rotates to what a new one started with': [
    [old, seen('added', { pod: 'c', version: 30, content: 'v2' })],
    seen('modified', { pod: 'a', version: 40, content: 'v2', rotated: true }),
    ['modified v2@40'],
  ],
  'metadata of the status object': [
    [old],
    seen('modified', { pod: 'a', version: 12, content: 'v1' }),
    ['listed v1@12 before every pod'],
  ],
  'the last old pod ends': [
    [old, seen('added', { pod: 'c', version: 30, content: 'v2' })],
    gone('a'),
    ['listed v2@30 before every pod'],
  ],
  'the last pod ends': [[old], gone('a'), []],
  'a pod of the same name is another pod': [
    [old, gone('a')],
    seen('added', { pod: 'a', version: 30, content: 'v2', uid: 'a2' }),
    ['listed v2@30 before every pod'],
  ],
};

for (const [rule, [before, then, told]] of Object.entries(rows)) {
  test(rule, () =>
    assert.deepEqual(
      openWith(...before)
        .onStatus(then)
        .map(tell),
      told,
    ),
  );
}

test('the class goes with its last content, and not before its pods', () => {
  const classes = openWith(old);
  const deletion = { present: false, watched: true, key: 'SecretProviderClass/shop/db', version: '50' } as const;
  assert.deepEqual(classes.onClass(deletion).map(tell), ['listed v1@10 before every pod']);
  assert.deepEqual(classes.onStatus(gone('a')).map(tell), ['absent']);
  const idle = openWith(old, gone('a'));
  assert.deepEqual(idle.onClass(deletion).map(tell), ['absent']);
});

test('its marks are those of the class object, and tell anew', () => {
  const classes = openWith(old);
  const object = { ref: providerClass, uid: 'c', annotations: { m: 'true' }, ignored: true };
  const [event] = classes.onClass({ present: true, how: 'modified', object, version: '50' });
  assert.ok(event?.present === true && event.how === 'listed' && event.object.ignored);
  assert.deepEqual(event.object.annotations, { m: 'true' });
});

/** Pods that start, rotate and end in any order, one resource version after the other. */
const steps = fc.array(
  fc.record({
    pod: fc.constantFrom('a', 'b', 'c'),
    deed: fc.constantFrom('rotate', 'end'),
    content: fc.constantFrom('v1', 'v2', 'v3'),
  }),
  { maxLength: 25 },
);

test('a list of what is there in the end says the same as the watch did', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const watching = openWith();
      const live = new Map<string, Given>();
      let version = 0;
      for (const { pod, deed, content } of script) {
        const before = live.get(pod);
        version++;
        const after = { pod, version, content, uid: before?.uid ?? `${pod}-${version}`, rotated: before !== undefined };
        if (deed === 'end') live.delete(pod);
        else live.set(pod, after);
        if (deed === 'end' && before === undefined) continue;
        watching.onStatus(deed === 'end' ? gone(pod) : seen(before === undefined ? 'added' : 'modified', after));
      }
      if (live.size === 0) return;
      const listed = openWith(...[...live.values()].map((given) => seen('listed', given)));
      const read = judgeClass(providerClass, [...live.values()].map(status), {
        providerClass: { ref: providerClass, uid: 'c', annotations: {}, ignored: false },
        memory: noClassMemory,
      });
      const key = 'SecretProviderClass/shop/db';
      assert.deepEqual(listed.retained(key), watching.retained(key));
      assert.deepEqual(read, watching.retained(key));
    }),
  );
});

test('only a rotation is told as a change, however pods start and end', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const classes = openWith();
      const live = new Set<string>();
      script.forEach(({ pod, deed, content }, at) => {
        const how = live.has(pod) ? 'modified' : 'added';
        const isRotation = deed === 'rotate' && how === 'modified';
        const given = { pod, version: at + 1, content, rotated: isRotation };
        const told = classes.onStatus(deed === 'end' ? gone(pod) : seen(how, given));
        if (deed === 'end') live.delete(pod);
        else live.add(pod);
        if (!isRotation) assert.ok(told.every((event) => event.present && event.how === 'listed'));
      });
    }),
  );
});
