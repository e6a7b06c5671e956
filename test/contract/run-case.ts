// Runs one case against one server and writes down everything that came back.
import type { Case, RequestStep, Step, WatchStep } from './case.ts';
import type { Answer, Target } from './target.ts';

export interface Entry {
  readonly request: string;
  readonly status: number;
  readonly contentType: string;
  readonly warnings: string;
  readonly retryAfter: string;
  readonly body: unknown;
  /** A watch's events. */
  readonly events?: readonly unknown[];
}

const groups: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  controllerrevisions: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  cronjobs: '/apis/batch/v1',
  leases: '/apis/coordination.k8s.io/v1',
};
const userAgent = 'conformance/1.0 (case)';

export async function runCase(target: Target, one: Case, namespace: string): Promise<Entry[]> {
  const run = new Run(target, namespace);
  await run.send({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  });
  for (const step of one.steps) await run.perform(step);
  return run.entries;
}

class Run {
  readonly entries: Entry[] = [];
  readonly #target: Target;
  readonly #namespace: string;

  constructor(target: Target, namespace: string) {
    this.#target = target;
    this.#namespace = namespace;
  }

  async perform(step: Step): Promise<void> {
    if ('nextSecond' in step) await untilNextSecond();
    else if ('watch' in step) await this.#watch(step);
    else this.entries.push(await this.send(step));
  }

  async send(step: RequestStep): Promise<Entry> {
    const path = this.#resolve(step.path);
    const headers: Record<string, string> = {
      'user-agent': step.userAgent ?? userAgent,
      accept: step.accept ?? 'application/json',
    };
    const body =
      step.body === undefined
        ? undefined
        : this.#fill(typeof step.body === 'string' ? step.body : JSON.stringify(step.body));
    if (body !== undefined) headers['content-type'] = step.contentType ?? 'application/json';
    const answer = await this.#target.call({ method: step.method, path, headers, body });
    return describe(`${step.method} ${step.path}`, answer);
  }

  async #watch(step: WatchStep): Promise<void> {
    const path = this.#resolve(`${step.watch}${step.watch.includes('?') ? '&' : '?'}watch=1`);
    const abort = new AbortController();
    const stream = await this.#target.watch(
      path,
      { 'user-agent': userAgent, accept: 'application/json' },
      abort.signal,
    );
    const inner: Entry[] = [];
    const sent = (async () => {
      for (const request of step.during ?? []) inner.push(await this.send(request));
    })();
    const events: unknown[] = [];
    for await (const line of stream.lines) {
      const event = JSON.parse(line) as { type?: string; object?: { metadata?: { annotations?: unknown } } };
      if (event.type === 'BOOKMARK' && event.object?.metadata?.annotations === undefined) continue;
      events.push(event);
      if (events.length === step.events) break;
    }
    await sent;
    abort.abort();
    const [contentType = ''] = [stream.headers['content-type']].flat();
    this.entries.push(
      {
        request: `WATCH ${step.watch}`,
        status: stream.status,
        contentType,
        warnings: '',
        retryAfter: '',
        body: null,
        events,
      },
      ...inner,
    );
  }

  #resolve(path: string): string {
    const filled = this.#fill(path);
    if (filled.startsWith('/')) return filled;
    const [resource = ''] = filled.split(/[/?]/);
    return `${groups[resource] ?? '/api/v1'}/namespaces/${this.#namespace}/${filled}`;
  }

  #fill(text: string): string {
    return text
      .replaceAll('{ns}', this.#namespace)
      .replaceAll(/\{\{(\d+)\.([\w.]+)\}\}/g, (_all, index: string, path: string) => {
        let value: unknown = this.entries[Number(index)]?.body;
        for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
        if (typeof value !== 'string') throw new Error(`step ${index} answered nothing at ${path}`);
        return value;
      });
  }
}

function describe(request: string, answer: Answer): Entry {
  const header = (name: string) => [answer.headers[name] ?? []].flat().join(', ');
  const contentType = header('content-type');
  const body: unknown = contentType.startsWith('application/json') ? JSON.parse(answer.text) : answer.text;
  return {
    request,
    status: answer.status,
    contentType,
    warnings: header('warning'),
    retryAfter: header('retry-after'),
    body,
  };
}

/** Resolves when the clock shows another second. */
async function untilNextSecond(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 1010 - (Date.now() % 1000)));
}
