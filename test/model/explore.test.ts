// Random interleavings of everything that can happen around a restart: no pod keeps old content (I1), no restart beyond the
// content changes (I2), none without one (I3). A failure prints its seed and shortest trace; `SEED=n` runs one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, shorten, type Found } from './explore.ts';
import { mutants } from './mutants.ts';

const only = process.env['SEED'];
const runs = Number(process.env['RUNS'] ?? 20_000);
const mutantRuns = 30_000;

async function describe(found: Found): Promise<string> {
  return `seed ${found.seed}, ${found.scenario.processes} processes: ${found.violation}\n${(await shorten(found)).join('\n')}`;
}

test('no interleaving breaks I1, I2 or I3', { timeout: 300_000 }, async (context) => {
  const seeds = only === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(only)];
  for (const seed of seeds) {
    const found = await explore(seed);
    if (found !== undefined) assert.fail(await describe(found));
  }
  context.diagnostic(`${seeds.length} runs, seeds ${seeds[0]} to ${seeds.at(-1)}`);
});

for (const [name, mutant] of Object.entries(mutants)) {
  test(`the planted bug is found: ${name}`, { timeout: 60_000 }, async (context) => {
    for (let seed = 1; seed <= mutantRuns; seed++) {
      const found = await explore(seed, mutant);
      if (found === undefined) continue;
      context.diagnostic(`seed ${found.seed}: ${found.violation}`);
      return;
    }
    assert.fail(`not found in ${mutantRuns} runs`);
  });
}
