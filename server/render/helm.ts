// (next commit)
import type { HelmTool } from '../core/rendering.ts';
import type { Method } from './job.ts';
import { Refused } from './refused.ts';

const refuse = async (): Promise<never> => {
  throw new Refused('helm is not run yet');
};

export const helm: Method<HelmTool> = { inputs: refuse, render: refuse };
