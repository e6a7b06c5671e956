// (next commit)
import type { KustomizeTool } from '../core/rendering.ts';
import type { Method } from './job.ts';
import { Refused } from './refused.ts';

const refuse = async (): Promise<never> => {
  throw new Refused('kustomize is not run yet');
};

export const kustomize: Method<KustomizeTool> = { inputs: refuse, render: refuse };
