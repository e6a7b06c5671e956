// Lists a resource once, page by page, so that no more than a page of objects is held at a time.
import { hasCode, LockstepError } from '../core/errors.ts';
import type { Client } from './client.ts';
import type { ApiObject } from './reflector.ts';

export interface PagedList<T> {
  readonly resource: string;
  /** A namespace, or empty: for messages. */
  readonly subject: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly pageSize: number;
  readonly accept?: string;
  readonly signal: AbortSignal;
  readonly parse: (object: ApiObject) => T;
  /** So many so far. */
  readonly onPage: (count: number) => void;
}

/** Pages are of one moment; when the API server has forgotten it, all is listed again, this often. */
const attempts = 3;

/** Throws `api-*`. */
export async function listPages<T>(client: Client, options: PagedList<T>): Promise<readonly T[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listOnce(client, options);
    } catch (error) {
      if (attempt === attempts || !hasCode(error, 'api-expired')) throw error;
    }
  }
}

async function listOnce<T>(client: Client, { pageSize, parse, onPage, ...place }: PagedList<T>): Promise<readonly T[]> {
  const found: T[] = [];
  let token = '';
  do {
    const query = { ...place.query, limit: String(pageSize), ...(token === '' ? {} : { continue: token }) };
    const answer = (await client.send({ verb: 'list', ...place, query })) as {
      readonly metadata?: { readonly continue?: string };
      /** Null when there is no object and only metadata was asked for. */
      readonly items?: readonly ApiObject[] | null;
    };
    if (answer.items === undefined) {
      throw new LockstepError('api-failed', { message: `cannot list ${place.resource}: the answer is no list` });
    }
    for (const object of answer.items ?? []) found.push(parse(object));
    token = answer.metadata?.continue ?? '';
    onPage(found.length);
  } while (token !== '');
  return found;
}
