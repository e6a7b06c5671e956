import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { whyNoTools } from '../tools/tools.ts';
import { runMonorepo } from './monorepo.ts';

test(
  'a commit that touches one application renders one, through few requests',
  { skip: await whyNoTools() },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'lockstep-monorepo-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const applications = 40;
    const { rounds } = await runMonorepo(directory, applications);
    const [first, second, third] = rounds;
    assert.deepEqual(
      rounds.map(({ renders }) => renders),
      [applications, 1, 0],
    );
    assert.deepEqual([first?.answers, second?.answers], [{ equal: 200 }, { equal: 199, different: 1 }]);
    assert.ok((first?.requests ?? 99) <= 8, `${first?.requests} requests for the first comparison`);
    assert.ok((second?.requests ?? 99) <= 6, `${second?.requests} requests after a commit`);
    assert.equal(third?.requests, 0);
  },
);
