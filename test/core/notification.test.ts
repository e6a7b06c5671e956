import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Owed } from '../../server/core/decide-workload.ts';
import { LockstepError } from '../../server/core/errors.ts';
import {
  alertTexts,
  heldEvents,
  haltedAlert,
  haltedEvent,
  haltEndedAlert,
  lateEvent,
  refusedEvents,
  restartedEvents,
  throttledAlert,
  throttledEvent,
  type EventText,
  type Telling,
} from '../../server/core/notification.ts';

const web = { kind: 'StatefulSet', namespace: 'shop', name: 'web' } as const;
const owed = (...names: string[]): readonly Owed[] => names.map((name) => ({ name, reason: 'changed' }));
const updated = `Updated 'web' of type 'StatefulSet' in namespace 'shop'`;
const reloaded = (name: string, type: string, component: string): EventText => ({
  type: 'Normal',
  reason: 'Reloaded',
  message: `Changes detected in '${name}' of type '${type}' in namespace 'shop', ${updated}`,
  component,
});

const restarted: [rule: string, telling: readonly Telling[], names: string[], texts: EventText[]][] = [
  [
    'Lockstep: one for all, with reasons',
    ['lockstep'],
    ['Secret/db', 'ConfigMap/app'],
    [{ type: 'Normal', reason: 'Restarted', message: 'Restarted for Secret/db (changed), ConfigMap/app (changed)' }],
  ],
  ['a Secret', ['env-vars', 'annotations'], ['Secret/db'], [reloaded('db', 'SECRET', 'reloader-secrets')]],
  [
    'a ConfigMap',
    ['env-vars', 'annotations'],
    ['ConfigMap/app'],
    [reloaded('app', 'CONFIGMAP', 'reloader-configmaps')],
  ],
  [
    'a SecretProviderClass',
    ['env-vars', 'annotations'],
    ['SecretProviderClass/vault'],
    [reloaded('vault', 'SECRETPROVIDERCLASS', 'reloader-secretproviderclasspodstatuses')],
  ],
  [
    'one for each config object, each once',
    ['env-vars', 'annotations'],
    ['Secret/db', 'ConfigMap/app', 'Secret/db'],
    [reloaded('db', 'SECRET', 'reloader-secrets'), reloaded('app', 'CONFIGMAP', 'reloader-configmaps')],
  ],
];
for (const [rule, tellings, names, texts] of restarted) {
  for (const telling of tellings) {
    test(`Events of a restart, ${telling}: ${rule}`, () => {
      assert.deepEqual(restartedEvents(telling, web, owed(...names)), texts);
    });
  }
}

const forbidden = new LockstepError('api-forbidden', { message: 'cannot patch statefulsets shop/web: Forbidden' });
const failed = (why: string, component: string): EventText => ({
  type: 'Warning',
  reason: 'ReloadFail',
  message: `Update for 'web' of type 'StatefulSet' in namespace 'shop' failed with error ${why}`,
  component,
});
const both = ['Secret/db', 'Secret/tls', 'ConfigMap/app'];
const refused: [rule: string, telling: Telling, error: unknown, texts: EventText[]][] = [
  [
    'Lockstep: what is owed, why not, what to do',
    'lockstep',
    forbidden,
    [
      {
        type: 'Warning',
        reason: 'RestartRefused',
        message:
          'Owed a restart for Secret/db (changed), Secret/tls (changed), ConfigMap/app (changed), but ' +
          `${forbidden.message}; ${forbidden.advice}. Tried again in 10 minutes.`,
      },
    ],
  ],
  [
    'one for each source',
    'env-vars',
    forbidden,
    [failed(forbidden.message, 'reloader-secrets'), failed(forbidden.message, 'reloader-configmaps')],
  ],
  [
    'what is not of the catalogue is not quoted',
    'annotations',
    new Error('s3cr3t'),
    [failed('an internal error', 'reloader-secrets'), failed('an internal error', 'reloader-configmaps')],
  ],
];
for (const [rule, telling, error, texts] of refused) {
  test(`Events of a refusal, ${telling}: ${rule}`, () => {
    assert.deepEqual(refusedEvents(telling, web, { owed: owed(...both), error }), texts);
  });
}

const said = (name: string, type: string): string =>
  `Reloader detected changes in *${name}* of type *${type}* in namespace *shop*. ` +
  'Hence reloaded *web* of type *StatefulSet* in namespace *shop*';
const alerts: [rule: string, info: string, names: string[], texts: string[]][] = [
  ['a Secret', '', ['Secret/db'], [said('db', 'SECRET')]],
  ['one for each', '', ['Secret/db', 'ConfigMap/a'], [said('db', 'SECRET'), said('a', 'CONFIGMAP')]],
  ['what stands before it, trimmed', ' cluster 7\n', ['Secret/db'], [`cluster 7 : ${said('db', 'SECRET')}`]],
];
for (const [rule, info, names, texts] of alerts) {
  test(`alert: ${rule}`, () => assert.deepEqual(alertTexts(web, owed(...names), info), texts));
}

test('Events of a hold that a person has to end, in both vocabularies; others are told by log and metric', () => {
  const held = { owed: owed('Secret/db'), reason: 'pause-period-invalid' } as const;
  const why = 'its pause period is no duration: write one such as 5m or 90s, or remove the annotation';
  const message = `Owed a restart for Secret/db (changed), but ${why}`;
  assert.deepEqual(heldEvents('lockstep', web, held), [{ type: 'Warning', reason: 'RestartHeld', message }]);
  assert.deepEqual(heldEvents('env-vars', web, held), [failed(why, 'reloader-secrets')]);
  assert.deepEqual(heldEvents('lockstep', web, { ...held, reason: 'rollout-cap' }), []);
});
const throttling = {
  flaps: [
    { name: 'Secret/tls', changes: 31, writers: ['cert-manager', 'kubectl'] },
    { name: 'ConfigMap/app', changes: 1, writers: [] },
  ],
  windowMs: 3_000_000,
  everyMs: 300_000,
};
const throttled =
  'Its config objects change too often, so that it is restarted once in 5m from now on, always for the latest content. ' +
  'Changed in the last 50m: Secret/tls (31 changes, written by cert-manager, kubectl); ' +
  'ConfigMap/app (1 change, written by unknown writers)';
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `Deployment/shop/w${at}`);
const halted = (many: number, list: string): string =>
  `Lockstep restarts nothing else: of the rollouts that it caused, ${many} failed: ${list}. ` +
  'It goes on when enough of them are available, or deleted';

const others: [rule: string, text: string, expected: string][] = [
  ['flapping: the Event', throttledEvent(throttling).message, throttled],
  [
    'flapping: the alert',
    throttledAlert(web, throttling, ' cluster 7'),
    `cluster 7 : *web* of type *StatefulSet* in namespace *shop*: ${throttled}`,
  ],
  ['halted: the Event', haltedEvent(names(2)).message, halted(2, 'Deployment/shop/w0, Deployment/shop/w1')],
  ['halted: the alert names five', haltedAlert(names(7), ''), halted(7, `${names(5).join(', ')} and 2 more`)],
  ['halted: its end', haltEndedAlert('x'), 'x : Lockstep restarts workloads again: enough failed rollouts got through'],
  [
    'a late rollout',
    lateEvent('not-available-in-time').message,
    'The rollout that Lockstep caused is not available after 10 minutes (not-available-in-time)',
  ],
];
for (const [rule, text, expected] of others) test(`text: ${rule}`, () => assert.equal(text, expected));
