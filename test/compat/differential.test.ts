// The server's decision against the oracle's, for generated cases: §1's flags through the real parser, §2's ordered rules, and §3's
// container. Another seed: LOCKSTEP_SEED=7 node --test test/compat/differential.test.ts
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { shouldReload } from '../../server/core/reload.ts';
import type { ReloadRules } from '../../server/core/reloader-keys.ts';
import { findChangedContainer } from '../../server/core/reloader-references.ts';
import {
  askServer,
  expectMeaning,
  expectVerdict,
  meaningOf,
  readFlags,
  type Verdict,
} from './differential-decision.ts';
import { mutants } from './differential-mutants.ts';
import { referenceMutants, type Find } from './differential-reference-mutants.ts';
import { generateCases } from './oracle/generate.ts';
import { findTarget, findings, type Found } from './oracle/references.ts';
import { rules as oracleRules } from './oracle/should-reload.ts';
import type { ReloaderCase } from './oracle/types.ts';

const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_260_814);
const many = 20_000;

interface Judged {
  readonly number: number;
  readonly one: ReloaderCase;
  readonly rules: ReloadRules;
  readonly expected: Verdict;
}

suite(`the server against the oracle, seed ${seed}`, () => {
  const judged: Judged[] = [...generateCases(seed, many)].map((one, number) => {
    const config = readFlags(one.flags);
    assert.deepEqual(meaningOf(config), expectMeaning(one.flags), `§1, case ${number}`);
    return { number, one, rules: config.rules, expected: expectVerdict(one) };
  });

  test(`§2: ${many} decisions, each by the same rule`, (t) => {
    for (const { number, one, rules, expected } of judged) {
      assert.deepEqual(askServer(one, rules, shouldReload), expected, describe(number, one));
    }
    const counts = countBy<string>(judged.map(({ expected }) => expected.rule));
    print(t, counts);
    for (const rule of [...oracleRules, 'config-not-watched']) {
      assert.ok((counts.get(rule) ?? 0) >= 100, `${rule} decides only ${counts.get(rule) ?? 0} cases`);
    }
  });

  test(`§3: the container of ${2 * many} references, needed or not`, (t) => {
    const found: (Found | 'nothing')[] = [];
    for (const { number, one } of judged) {
      for (const how of ['auto', 'named'] as const) {
        const expected = expectPlace(one, how);
        assert.deepEqual(findPlace(one, how, findChangedContainer), expected, describe(number, one));
        found.push(expected?.found ?? 'nothing');
      }
    }
    const counts = countBy(found);
    print(t, counts);
    for (const how of findings) assert.ok((counts.get(how) ?? 0) >= 100, `${how}: ${counts.get(how) ?? 0} cases`);
  });

  for (const [mistake, decide] of Object.entries(mutants)) {
    test(`planted: ${mistake}`, (t) => {
      const differs = ({ one, rules, expected }: Judged): boolean =>
        !isDeepStrictEqual(askServer(one, rules, decide), expected);
      const first = judged.find(differs);
      assert.ok(first, 'no case finds it');
      t.diagnostic(`found by case ${first.number}`);
    });
  }

  for (const [mistake, find] of Object.entries(referenceMutants)) {
    test(`planted: ${mistake}`, (t) => {
      const first = judged.find(({ one }) =>
        (['auto', 'named'] as const).some(
          (how) => !isDeepStrictEqual(findPlace(one, how, find), expectPlace(one, how)),
        ),
      );
      assert.ok(first, 'no case finds it');
      t.diagnostic(`found by case ${first.number}`);
    });
  }
});

interface Place {
  /** In `containers`. */
  readonly index: number;
  readonly found: Found;
}

function findPlace({ workload, config }: ReloaderCase, how: 'auto' | 'named', find: Find): Place | undefined {
  const use = find(workload.podSpec, { kind: config.kind, name: config.name }, how);
  return use && { index: use.container, found: use.foundBy === 'named' ? 'first' : use.foundBy };
}

function expectPlace({ workload, config }: ReloaderCase, how: 'auto' | 'named'): Place | undefined {
  const { kind, name } = config;
  const target = findTarget(workload.podSpec, { kind, name, auto: how === 'auto' });
  return target && { index: target.index, found: target.found };
}

function describe(number: number, one: ReloaderCase): string {
  return `case ${number} of seed ${seed}: ${JSON.stringify(one)}`;
}

function countBy<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function print(t: TestContext, counts: ReadonlyMap<string, number>): void {
  t.diagnostic(`seed ${seed}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
}
