// What the rows about Jobs ask of the API server in memory: which Jobs there are, and what was done to them.
import { waitFor } from '../cluster/wait.ts';
import type { Fault, FaultRequest } from '../fakes/faults.ts';
import { namespace, type World } from './world.ts';

export interface LiveJob {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec: {
    readonly template: {
      readonly metadata: {
        readonly labels?: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: { readonly containers: readonly { readonly env?: readonly { name: string; value?: string }[] }[] };
    };
  };
}

export const deadlineMs = 15_000;

export async function listJobs({ server }: World): Promise<readonly LiveJob[]> {
  const reply = await fetch(`${server.url}/apis/batch/v1/namespaces/${namespace}/jobs`);
  return ((await reply.json()) as { items: LiveJob[] }).items;
}

export async function getJob(world: World, name: string): Promise<LiveJob | undefined> {
  return (await listJobs(world)).find(({ metadata }) => metadata.name === name);
}

/** The Jobs that are runs of a CronJob. */
export async function runsOf(world: World, cronJob: string): Promise<readonly LiveJob[]> {
  const jobs = await listJobs(world);
  return jobs.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === cronJob));
}

export async function untilRuns(world: World, cronJob: string, count: number): Promise<void> {
  const areMade = async (): Promise<boolean> => (await runsOf(world, cronJob)).length >= count;
  await waitFor(areMade, { what: `${count} runs of ${cronJob}`, deadlineMs });
}

export async function untilReplaced(world: World, name: string, uid: string | undefined): Promise<LiveJob> {
  const find = async (): Promise<LiveJob | undefined> => {
    const job = await getJob(world, name);
    return job?.metadata.uid === uid ? undefined : job;
  };
  return waitFor(find, { what: `another Job ${name}`, deadlineMs });
}

/** What Lockstep did to Jobs, refused tries left out. */
export function jobWrites({ server }: World): string[] {
  return server.changes
    .filter(({ resource, userAgent, code }) => resource === 'jobs.batch' && userAgent === 'lockstep' && code < 300)
    .map(({ verb, isDryRun }) => (isDryRun ? `try to ${verb}` : verb));
}

/** The state that its controller would write. */
export async function setStatus({ server }: World, name: string, status: object): Promise<void> {
  const reply = await fetch(`${server.url}/apis/batch/v1/namespaces/${namespace}/${name}/status`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json', 'user-agent': 'controller' },
    body: JSON.stringify({ status }),
  });
  if (!reply.ok) throw new Error(`${name}: ${reply.status} ${await reply.text()}`);
}

export const finished = { conditions: [{ type: 'Complete', status: 'True' }] } as const;

/** Lockstep's requests of this verb on Jobs fail so, in this order; undefined lets one pass. */
export function failJobs(world: World, verb: FaultRequest['verb'], faults: readonly (Fault | undefined)[]): void {
  const left = [...faults];
  world.setFaults((request) => {
    const isIt = request.resource === 'jobs.batch' && request.verb === verb && request.userAgent === 'lockstep';
    return isIt ? left.shift() : undefined;
  });
}
