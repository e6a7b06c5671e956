// Starts the HTTP servers on free loopback ports with everything behind them in memory.
import type { TestContext } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { fluxSender } from '../../hooks/flux.ts';
import type { OwedWorkload } from '../../server/core/hook.ts';
import type { Look } from '../../server/core/route-event.ts';
import { startHttp, type HttpDeps, type RunningHttp } from '../../server/http/app.ts';

export interface Rig extends RunningHttp {
  readonly looks: Look[];
  readonly hooks: string[];
  readonly logged: { message: string; fields: Readonly<Record<string, unknown>> }[];
  readonly owed: OwedWorkload[];
  readonly unsynced: string[];
}

export async function startRig(context: TestContext, more: Partial<HttpDeps> = {}): Promise<Rig> {
  const rig = { looks: [], hooks: [], logged: [], owed: [], unsynced: [] } as Omit<Rig, keyof RunningHttp>;
  const log = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void rig.logged.push({ message, fields });
  const tenants = { prod: { key: Buffer.from('s3cr3t'), namespaces: ['apps'] } };
  const running = await startHttp({
    address: { host: '127.0.0.1', port: 0 },
    metricsAddress: { host: '127.0.0.1', port: 0 },
    receivers: { flux: { sender: fluxSender, tenant: (name) => (name === 'prod' ? tenants.prod : undefined) } },
    look: (looks) => void rig.looks.push(...looks),
    countHook: (sender, result) => void rig.hooks.push(`${sender} ${result}`),
    owed: (namespace) => rig.owed.filter(({ workload }) => workload.namespace === namespace),
    isWatched: (namespace) => namespace !== 'elsewhere',
    unsynced: () => rig.unsynced,
    shadow: () => {
      throw new LockstepError('shadow-off', { message: 'this Lockstep does not observe' });
    },
    recorded: () => [],
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('lockstep_up 1\n') },
    log: { debug: log, info: log, warn: log, error: log },
    ...more,
  });
  context.after(() => running.stop());
  return { ...rig, ...running };
}
