// An API server in memory that answers from a script: one answer for each request, in order.
import type { ApiRequest, Client } from '../../server/kube/client.ts';

export type Answer = object | Error | readonly string[] | AsyncIterable<Buffer>;

export interface FakeClient extends Client {
  readonly requests: ApiRequest[];
}

/** A list of texts answers a stream by these chunks; an Error is thrown; the script's end aborts. */
export function createFakeClient(script: Answer[], onEnd: () => void = () => undefined): FakeClient {
  const requests: ApiRequest[] = [];
  const next = (request: ApiRequest): Answer => {
    requests.push(request);
    const answer = script.shift();
    if (script.length === 0) onEnd();
    if (answer === undefined) throw request.signal.reason ?? new Error('the script has ended');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    server: 'https://test',
    requests,
    send: async (request) => next(request),
    async stream(request) {
      const answer = next(request);
      return Array.isArray(answer) ? chunks(answer as readonly string[]) : (answer as AsyncIterable<Buffer>);
    },
  };
}

export async function* chunks(texts: readonly string[], end?: Error): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
  if (end !== undefined) throw end;
}
