// Every row of rules.ts against the pure decision.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shouldReload } from '../../server/core/reload.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { rows } from './rules.ts';

for (const [paragraph, about, rule, given, expected] of rows) {
  test(`${paragraph} ${about}: ${rule}`, () => {
    const decision = shouldReload({
      rules: { ...defaultReloadRules, csi: true, ...given.flags },
      config: { kind: 'ConfigMap', name: 'app', annotations: {}, ...given.config },
      workload: {
        kind: given.kind ?? 'Deployment',
        annotations: given.workload ?? {},
        templateAnnotations: given.template ?? {},
      },
    });
    assert.equal(decision.kind === 'yes' ? decision.how : decision.reason, expected);
  });
}

test('every row has a name of its own', () => {
  const names = rows.map(([paragraph, about, rule]) => `${paragraph} ${about}: ${rule}`);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
});
