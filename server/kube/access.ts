// Asks the API server what Lockstep itself may do: one SelfSubjectAccessReview for each verb, many at a time.
import type { Client, Verb } from './client.ts';

/** `namespace` undefined: all of them, or a resource of the cluster. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly name?: string;
  readonly verbs: readonly Verb[];
  readonly namespace: string | undefined;
}

/** Reviews are cheap, but a list of a hundred namespaces asks for thousands. */
const atOnce = 16;

/** The rights with those verbs that are not granted; a right that is granted in full is left out. Throws `api-*`. */
export async function findMissing(
  client: Client,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<readonly Right[]> {
  const questions = rights.flatMap((right) => right.verbs.map((verb) => ({ right, verb })));
  const denied = new Map<Right, Verb[]>();
  for (let at = 0; at < questions.length; at += atOnce) {
    const answers = questions.slice(at, at + atOnce).map(async ({ right, verb }) => {
      if (!(await isAllowed(client, { ...right, verb }, signal)))
        denied.set(right, [...(denied.get(right) ?? []), verb]);
    });
    await Promise.all(answers);
  }
  return rights.flatMap((right) => {
    const verbs = denied.get(right) ?? [];
    return verbs.length === 0 ? [] : [{ ...right, verbs: right.verbs.filter((verb) => verbs.includes(verb)) }];
  });
}

interface Question extends Omit<Right, 'verbs'> {
  readonly verb: Verb;
}

async function isAllowed(client: Client, question: Question, signal: AbortSignal): Promise<boolean> {
  const { group, resource, name, namespace, verb } = question;
  const resourceAttributes = { group, resource, verb, ...(name === undefined ? {} : { name }), namespace };
  const answer = (await client.send({
    verb: 'create',
    resource: 'selfsubjectaccessreviews',
    subject: '',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
    signal,
  })) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
}
