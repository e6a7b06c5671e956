// Which workloads a change in Git would restart, rule by rule: what changes, and whom it concerns.
// Long because it is tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeclaredConfig } from '../../server/core/declaration.ts';
import type { DiffConfig } from '../../server/core/diff.ts';
import type { DiffOwner } from '../../server/core/diff-declared.ts';
import type { ExplainedWorkload } from '../../server/core/explain.ts';
import { objectKey } from '../../server/core/object.ts';
import { makePreview, type PreviewFacts } from '../../server/core/preview.ts';
import type { PreviewChange, PreviewRow } from '../../server/core/preview-row.ts';
import { application, declared, declaring, live, refOf, undeclared, workload } from './diff-facts.ts';

const app = refOf('app');
const one = { level: 'info', port: '80' };
const two = { level: 'debug', port: '80' };

interface World {
  readonly before: DiffOwner;
  readonly after: DiffOwner;
  readonly configs?: readonly DiffConfig[];
  readonly workloads?: readonly ExplainedWorkload[];
  readonly more?: Partial<PreviewFacts>;
}

const never = { onCreate: false, onDelete: false, atStart: false };

function preview({ before, after, configs = [live(app, one)], workloads = [], more = {} }: World) {
  return makePreview({
    namespace: 'shop',
    revision: 'feature',
    owners: [{ owner: application, before: before.declared, after: after.declared }],
    configs: new Map(configs.map((config) => [objectKey(config.ref), { live: config.live, annotations: {} }])),
    unread: new Set(),
    workloads,
    paused: new Set(),
    presence: never,
    gaps: [],
    ...more,
  });
}

const of = (...configs: DeclaredConfig[]): DiffOwner => declaring(configs);
type Told = Pick<PreviewChange, 'what' | 'keys' | 'reasons'>;
const told = (what: PreviewChange['what'], keys: readonly string[], ...reasons: PreviewChange['reasons']): Told => ({
  what,
  keys,
  reasons,
});
const sealed = declared(app, { port: '80' }, { unclear: { level: 'encrypted' } });

const changes: Readonly<Record<string, [world: World, expected: Told | undefined]>> = {
  'the same content': [{ before: of(declared(app, one)), after: of(declared(app, one)) }, undefined],
  'another value': [{ before: of(declared(app, one)), after: of(declared(app, two)) }, told('changed', ['level'])],
  'a key more and a key less': [
    { before: of(declared(app, one)), after: of(declared(app, { level: 'info', host: 'x' })) },
    told('changed', ['host', 'port']),
  ],
  'another value that is live already': [
    { before: of(declared(app, one)), after: of(declared(app, two)), configs: [live(app, two)] },
    undefined,
  ],
  'what drifted and is the same in Git is not Git’s change': [
    { before: of(declared(app, one)), after: of(declared(app, one)), configs: [live(app, two)] },
    undefined,
  ],
  'declared anew, and not live': [
    { before: of(), after: of(declared(app, one)), configs: [] },
    told('created', ['level', 'port']),
  ],
  'declared anew, and live with another value': [
    { before: of(), after: of(declared(app, two)) },
    told('changed', ['level']),
  ],
  'declared no more': [{ before: of(declared(app, one)), after: of() }, told('removed', ['level', 'port'])],
  'declared no more, and not live': [{ before: of(declared(app, one)), after: of(), configs: [] }, undefined],
  'rendered from other files, and encrypted': [
    { before: of(sealed), after: of({ ...sealed, content: { ...sealed.content } }) },
    told('unclear', ['level'], 'encrypted'),
  ],
  'encrypted, and rendered from the same files': [{ before: of(sealed), after: of(sealed) }, undefined],
  'one key surely changes beside an encrypted one': [
    { before: of(sealed), after: of(declared(app, { port: '81' }, { unclear: { level: 'encrypted' } })) },
    told('changed', ['port'], 'encrypted'),
  ],
  'what is live may not be read: what is applied stands for it': [
    {
      before: of(declared(app, one)),
      after: of(declared(app, two)),
      configs: [],
      more: { unread: new Set(['ConfigMap']) },
    },
    told('changed', ['level']),
  ],
  'one of the two cannot be rendered': [
    { before: of(declared(app, one)), after: undeclared('not-rendered', 'helm is not on PATH') },
    undefined,
  ],
  'of another namespace': [{ before: of(), after: of(declared(refOf('app', 'ConfigMap', 'prod'), one)) }, undefined],
};

for (const [rule, [world, expected]] of Object.entries(changes)) {
  test(`change: ${rule}`, () => {
    const found = preview(world).changes.map(({ what, keys, reasons }) => ({ what, keys, reasons }));
    assert.deepEqual(found, expected === undefined ? [] : [expected]);
  });
}

const edit = { before: of(declared(app, one)), after: of(declared(app, two)) };
const create = { before: of(), after: of(declared(app, one)), configs: [] };
const remove = { before: of(declared(app, one)), after: of() };
const rolled = {
  before: declaring([declared(app, one)], { templates: { web: 'a' } }),
  after: declaring([declared(app, two)], { templates: { web: 'b' } }),
};
const web = workload('web', [{}]);
type Action = PreviewRow['action'] | `held: ${string}`;

const actions: Readonly<Record<string, [world: World, expected: Action | undefined]>> = {
  'it uses the key': [{ ...edit, workloads: [workload('web', [{ keys: ['level'] }])] }, 'restart'],
  'it uses all keys': [{ ...edit, workloads: [web] }, 'restart'],
  'it uses another key': [{ ...edit, workloads: [workload('web', [{ keys: ['port'] }])] }, undefined],
  'it uses another object': [{ ...edit, workloads: [workload('web', [{ name: 'other' }])] }, undefined],
  'it is not opted in': [{ ...edit, workloads: [workload('web', [{}], { annotations: {} })] }, undefined],
  'its annotation names the object': [
    { ...edit, workloads: [workload('web', [], { annotations: { 'configmap.reloader.stakater.com/reload': 'app' } })] },
    'restart',
  ],
  'restarts are switched off in its namespace': [
    { ...edit, workloads: [web], more: { paused: new Set(['shop']) } },
    'held: pause-switch',
  ],
  'it is paused by a person': [{ ...edit, workloads: [workload('web', [{}], { paused: true })] }, 'held: paused'],
  'created, and its pods wait for it': [{ ...create, workloads: [web] }, undefined],
  'created, and its pods run without': [{ ...create, workloads: [workload('web', [{ optional: true }])] }, 'restart'],
  'created, and creations count': [
    { ...create, workloads: [web], more: { presence: { ...never, onCreate: true } } },
    'restart',
  ],
  removed: [{ ...remove, workloads: [web] }, undefined],
  'removed, and deletions count': [
    { ...remove, workloads: [web], more: { presence: { ...never, onDelete: true } } },
    'restart',
  ],
  'its pod template changes, too': [{ ...rolled, workloads: [web] }, 'rollout'],
  'whether it changes cannot be judged': [
    { before: of(sealed), after: of({ ...sealed, content: { ...sealed.content } }), workloads: [web] },
    'unknown',
  ],
};

for (const [rule, [world, expected]] of Object.entries(actions)) {
  test(`restart: ${rule}: ${expected ?? 'no'}`, () => {
    const found = preview(world).workloads.map(({ action, reason }) =>
      reason === undefined ? action : `${action}: ${reason}`,
    );
    assert.deepEqual(found, expected === undefined ? [] : [expected]);
  });
}

test('a row says because of which keys, of all objects at once', () => {
  const other = refOf('other', 'Secret');
  const world = {
    before: of(declared(app, one), declared(other, { a: '1' })),
    after: of(declared(app, two), declared(other, { a: '2' })),
    configs: [live(app, one), live(other, { a: '1' })],
    workloads: [
      workload('web', [{ keys: ['level', 'port'] }, { kind: 'Secret', name: 'other' }], { waitsForDelete: true }),
    ],
  };
  assert.deepEqual(preview(world).workloads, [
    {
      workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
      action: 'restart',
      because: [
        { config: app, what: 'changed', keys: ['level'] },
        { config: other, what: 'changed', keys: ['a'] },
      ],
      waitsForDelete: true,
    },
  ]);
});

test('a rollout by the engine needs no config object', () => {
  const after = declaring([declared(app, one)], { templates: { web: 'b' } });
  assert.deepEqual(preview({ ...rolled, after }).workloads, [
    { workload: { kind: 'Deployment', namespace: 'shop', name: 'web' }, action: 'rollout', because: [] },
  ]);
});
