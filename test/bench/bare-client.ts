// The floor: a process that does only what cannot be left out. One watch of one object; for each of its changes one patch of each
// workload, over kept-alive connections. It remembers nothing, decides nothing, reports nothing to the API server.
//   node bare-client.ts '<JSON of BareClientTask>'      prints `ready`, then `patched <n>` after each change
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

export interface BareClientTask {
  readonly kubeconfig: string;
  /** Of one object: collection, and the object's name. */
  readonly watch: { readonly path: string; readonly name: string };
  readonly workloads: readonly string[];
}

const parallelPatches = 32; // as many as Lockstep's

const task = JSON.parse(process.argv[2] ?? '') as BareClientTask;
const { server, ca, token } = readKubeconfig(task.kubeconfig);
const headers = { authorization: `Bearer ${token}`, 'user-agent': 'bare-client', accept: 'application/json' };
const connect = { ca, keepAlive: true };
const patches = new Agent({ connect, connections: parallelPatches, keepAliveTimeout: 60_000 });
const watches = new Agent({ connect, bodyTimeout: 0 });

process.once('SIGTERM', () => process.exit(0));
await watch();

async function watch(): Promise<never> {
  const query = `watch=true&fieldSelector=metadata.name%3D${task.watch.name}`;
  const answer = await request(`${server}${task.watch.path}?${query}`, { dispatcher: watches, headers });
  if (answer.statusCode !== 200) throw new Error(`watch: ${answer.statusCode} ${await answer.body.text()}`);
  let rest = '';
  for await (const chunk of answer.body.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) await take(JSON.parse(line) as WatchEvent);
  }
  throw new Error('the API server ended the watch');
}

interface WatchEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly resourceVersion: string } };
}

async function take({ type, object }: WatchEvent): Promise<void> {
  if (type === 'ADDED') process.stdout.write('ready\n');
  if (type !== 'MODIFIED') return;
  const rest = [...task.workloads];
  const work = async (): Promise<void> => {
    for (let path = rest.shift(); path !== undefined; path = rest.shift())
      await patch(path, object.metadata.resourceVersion);
  };
  await Promise.all(Array.from({ length: parallelPatches }, work));
  process.stdout.write(`patched ${object.metadata.resourceVersion}\n`);
}

async function patch(path: string, value: string): Promise<void> {
  const answer = await request(`${server}${path}?fieldManager=bare-client`, {
    dispatcher: patches,
    method: 'PATCH',
    headers: { ...headers, 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ spec: { template: { metadata: { annotations: { 'bare-client/changed-at': value } } } } }),
  });
  await answer.body.dump({ limit: 16 * 1024 * 1024 });
  if (answer.statusCode !== 200) throw new Error(`patch ${path}: ${answer.statusCode}`);
}

function readKubeconfig(file: string): { server: string; ca: Buffer; token: string } {
  const config = JSON.parse(readFileSync(file, 'utf8')) as {
    clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
    users: [{ user: { token: string } }];
  };
  const { cluster } = config.clusters[0];
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
  return { server: cluster.server, ca, token: config.users[0].user.token };
}
