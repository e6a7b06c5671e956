// Every case, in one table.
import type { Case } from '../case.ts';
import { applyCases } from './apply.ts';
import { configObjectCases } from './config-objects.ts';
import { jobCases } from './jobs.ts';
import { listCases, watchCases } from './lists-and-watches.ts';
import { jsonPatchCases, mergePatchCases, strategicPatchCases } from './patches.ts';
import { leaseAndEventCases, workloadCases } from './workloads.ts';

export const cases: readonly Case[] = [
  ...configObjectCases,
  ...listCases,
  ...watchCases,
  ...jsonPatchCases,
  ...mergePatchCases,
  ...strategicPatchCases,
  ...applyCases,
  ...workloadCases,
  ...leaseAndEventCases,
  ...jobCases,
];
