// Lockstep as a user runs it: `lockstep serve` in a process of its own, asked by its probes and metrics.
import { waitFor } from '../cluster/wait.ts';
import { startNode } from './child.ts';

export interface Lockstep {
  /** From the start of the process until /readyz says so. */
  readonly readyMs: number;
  /** Restarts it says it made; cheap to ask, checked against the audit log afterwards. */
  restarts(): Promise<number>;
  /** Content changes it says it saw. */
  changes(): Promise<number>;
  /** Until its queue is empty and it has sent nothing for a moment but Lease renewals and Events, which follow at a pace of their own. */
  untilQuiet(): Promise<void>;
  peakBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface LockstepOptions {
  readonly kubeconfig: string;
  readonly outputFile: string;
  /** Where a CPU profile is written when it ends. */
  readonly profileDirectory: string | undefined;
}

const deadlineMs = 120_000;
const quietMs = 500;

export async function startLockstep(options: LockstepOptions): Promise<Lockstep> {
  const { kubeconfig, outputFile, profileDirectory } = options;
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    '--identity=bench',
    '--settle=0',
    '--max-rollouts=0',
    '--restart-burst=0',
    '--log-format=json',
  ];
  const ports = ['--address=127.0.0.1:0', '--metrics-address=127.0.0.1:0'];
  const profile = profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
  const startedAt = performance.now();
  const child = startNode({ argv: [...profile, 'server/main.ts', ...flags, ...ports], outputFile });
  const url = await child.untilLine((line) => /"metricsUrl":"([^"]+)"/.exec(line)?.[1]);
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;
  await waitFor(isReady, { what: 'Lockstep to be ready', deadlineMs, everyMs: 20 });
  const readyMs = performance.now() - startedAt;
  const sum = async (metric: string, matching = /./): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(metric) && matching.test(line));
    return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  };
  let seen = { requests: -1, at: 0 };
  const isQuiet = async (): Promise<boolean> => {
    const requests = await sum('lockstep_api_requests_total', /^(?!.*resource="(leases|events)")/);
    if (requests !== seen.requests) seen = { requests, at: performance.now() };
    return (await sum('lockstep_queue_depth')) === 0 && performance.now() - seen.at > quietMs;
  };
  return {
    readyMs,
    restarts: () => sum('lockstep_restarts_total', /result="success"/),
    changes: () => sum('lockstep_changes_total'),
    untilQuiet: async () => void (await waitFor(isQuiet, { what: 'Lockstep to be quiet', deadlineMs, everyMs: 100 })),
    peakBytes: () => child.peakBytes(),
    stop: () => child.stop(),
  };
}
