// What every engine must do, whichever it is: the same cases for each of the registry.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { EngineRef, EngineView, OwnershipMarks } from '../../server/core/engine.ts';
import { engines } from '../../server/registry.ts';
import * as argo from '../argocd/examples.ts';
import * as flux from '../flux/resources.ts';

type Json = Readonly<Record<string, unknown>>;

/** One owner, in each state that the contract speaks of. */
interface Example {
  readonly engine: keyof typeof engines;
  readonly owner: EngineRef;
  /** What it needs besides itself. */
  readonly around: readonly Json[];
  readonly states: Readonly<
    Record<'settled' | 'elsewhere' | 'syncing' | 'failed' | 'listing-nothing' | 'confidential', Json>
  >;
  /** On an object that it applied. */
  readonly marks: Pick<OwnershipMarks, 'labels' | 'annotations'>;
  readonly repository: string;
  readonly commit: string;
}

const workload = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
const asked = '0123456789abcdef0123456789abcdef01234567';
const canary = 'c4n4ry-value';

const finishedAt = '2026-11-22T12:00:05Z';
const argoExample: Example = {
  engine: 'argocd',
  owner: { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'web' },
  around: [
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
    },
  ],
  states: {
    settled: argo.application(),
    elsewhere: argo.application({ spec: { destination: { name: 'edge' } } }),
    syncing: argo.application({ status: { operationState: argo.running() } }),
    failed: argo.application({ status: { operationState: argo.running({ phase: 'Failed', finishedAt }) } }),
    'listing-nothing': argo.application({ status: { resources: [] } }),
    confidential: argo.application({ spec: { source: { ...argo.source, helm: { values: canary } } } }),
  },
  marks: { labels: {}, annotations: { 'argocd.argoproj.io/tracking-id': 'web:apps/Deployment:shop/web' } },
  repository: argo.repository,
  commit: argo.first,
};

const reconciling = flux.condition('Reconciling', 'True', 'Progressing', 'Applying');
const fluxExample: Example = {
  engine: 'flux',
  owner: { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'shop' },
  around: [flux.gitRepository()],
  states: {
    settled: flux.kustomization(),
    elsewhere: flux.kustomization({ spec: { kubeConfig: { secretRef: { name: 'edge' } } } }),
    syncing: flux.kustomization({ status: { conditions: [reconciling] } }),
    failed: flux.kustomization({ status: { conditions: [flux.condition('Ready', 'False', 'BuildFailed')] } }),
    'listing-nothing': flux.kustomization({ status: { inventory: { entries: [] } } }),
    confidential: flux.kustomization({
      spec: { patches: [{ patch: canary }], postBuild: { substitute: { a: canary } } },
    }),
  },
  marks: {
    labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
    annotations: {},
  },
  repository: flux.gitSpec.url,
  commit: flux.commit,
};

for (const example of [argoExample, fluxExample]) {
  const { engine, owner, states } = example;
  const marks: OwnershipMarks = { ...workload, ...example.marks, owners: [] };
  const options = { revisions: new Map<string, string>() };

  const put = (view: EngineView, object: Json): readonly EngineRef[] => {
    const resource = engines[engine].resources.find(({ kind }) => kind === object['kind']);
    assert.ok(resource);
    return view.put(resource, object);
  };
  const open = (state?: keyof Example['states']): EngineView => {
    const view = engines[engine].open({ namespace: engine, runsHere: true, clusterNames: [], clusterServers: [] });
    for (const object of example.around) put(view, object);
    if (state !== undefined) put(view, states[state]);
    return view;
  };

  suite(`engine ${engine}`, () => {
    test('is registered under its name, and watches each resource once', () => {
      const { name, resources } = engines[engine];
      assert.equal(name, engine);
      assert.equal(new Set(resources.map(({ resource }) => resource)).size, resources.length);
    });

    test('an empty view owns nothing, plans nothing and waits for nothing', () => {
      const view = open();
      assert.deepEqual(view.owners(), []);
      assert.equal(view.plan(owner, options), undefined);
      assert.deepEqual(view.progressOf(owner, workload), { kind: 'idle' });
    });

    test('an object without a mark is not owned', () => {
      assert.equal(open('settled').ownerOf({ ...marks, labels: {}, annotations: {} }).kind, 'not-owned');
    });

    test('an owner that is seen and lists the object owns it', () => {
      const view = open('settled');
      assert.deepEqual(view.owners(), [owner]);
      const answer = view.ownerOf(marks);
      assert.equal(answer.kind, 'owned');
      assert.deepEqual(answer.kind === 'owned' && answer.owner, owner);
    });

    const unconfirmed: (keyof Example['states'] | undefined)[] = [undefined, 'listing-nothing'];
    for (const state of unconfirmed) {
      test(`a mark alone confirms nothing: ${state ?? 'no owner'}`, () => {
        const answer = open(state).ownerOf(marks);
        assert.equal(answer.kind, 'unconfirmed');
        assert.deepEqual(answer.kind === 'unconfirmed' && answer.owner, owner);
      });
    }

    test('an owner of another cluster’s objects owns none here', () => {
      const view = open('elsewhere');
      assert.deepEqual([view.owners(), view.owners('elsewhere')], [[], [owner]]);
      assert.equal(view.plan(owner, options), undefined);
      assert.notEqual(view.ownerOf(marks).kind, 'owned');
    });

    test('a change of the owner, or of what it needs, names it; and it can go', () => {
      const view = open();
      assert.deepEqual(put(view, states.settled), [owner]);
      for (const object of example.around) assert.deepEqual(put(view, object), [owner]);
      const resource = engines[engine].resources.find(({ kind }) => kind === owner.kind);
      assert.deepEqual(resource && view.remove(resource, owner.namespace, owner.name), [owner]);
      assert.deepEqual(view.owners(), []);
      assert.notEqual(view.ownerOf(marks).kind, 'owned');
    });

    for (const [state, kind] of [
      ['settled', 'idle'],
      ['syncing', 'on-its-way'],
      ['failed', 'idle'],
    ] as const) {
      test(`rule 11: ${state} is ${kind}`, () => {
        assert.equal(open(state).progressOf(owner, workload).kind, kind);
      });
    }

    test('the plan is of the applied commit, or of the one that is asked for', () => {
      for (const [revisions, revision] of [
        [[], example.commit],
        [[[example.repository, asked]], asked],
      ] as const) {
        const plan = open('settled').plan(owner, { revisions: new Map(revisions) });
        const result = plan?.finish([]);
        assert.ok(result !== undefined && 'parts' in result);
        assert.deepEqual(
          result.parts.map(({ tree }) => tree),
          [{ repository: example.repository, revision }],
        );
        assert.deepEqual(
          plan?.sources.map((source) => [source.repository, source.revision]),
          [[example.repository, revision]],
        );
      }
    });

    test('a plan is refused without what it needs, and tells why', () => {
      const view = open('settled');
      for (const { kind, metadata } of example.around as {
        kind: string;
        metadata: { namespace: string; name: string };
      }[]) {
        const resource = engines[engine].resources.find((candidate) => candidate.kind === kind);
        if (resource !== undefined) view.remove(resource, metadata.namespace, metadata.name);
      }
      const result = view.plan(owner, options)?.finish([]);
      assert.equal(result !== undefined && 'kind' in result && result.kind, 'not-rendered');
    });

    test('I6: what may be secret shows neither in a view nor in a plan', () => {
      const view = open('confidential');
      const plan = view.plan(owner, options);
      for (const shown of [view, plan?.sources, plan?.finish([]), view.ownerOf(marks)]) {
        assert.ok(!JSON.stringify(shown).includes(canary));
      }
    });
  });
}
