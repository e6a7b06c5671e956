// The digest key: a Secret of Lockstep's namespace, created at first start and never overwritten.
// Keys of its data are key ids, values 32 random bytes; the annotation names the current one (RESTART-PROTOCOL.md rule 13).
import type { DigestKey } from '../core/digest.ts';
import { hasCode, LockstepError } from '../core/errors.ts';
import type { Client } from './client.ts';
import { ownLabel } from './ledger-store.ts';
import { fieldManager } from './patches.ts';

const name = 'lockstep-digest-key';
const currentAnnotation = 'lockstep.dev/current-key';

interface KeySecret {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

export interface KeyOptions {
  readonly namespace: string;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

/** The current key first. Throws `digest-key-unusable`, `api-*`. */
export async function loadDigestKeys(client: Client, options: KeyOptions): Promise<readonly DigestKey[]> {
  const found = await readSecret(client, options);
  if (found !== undefined) return parseKeys(found, options.namespace);
  const created = await createSecret(client, options);
  return parseKeys(created, options.namespace);
}

/** A key for this process only, where nothing may be written; its digests compare with nothing else. */
export function makeDigestKey(randomBytes: (size: number) => Buffer): DigestKey {
  return { id: `k${randomBytes(4).toString('hex')}`, secret: randomBytes(32) };
}

/** As loadDigestKeys, but without creating one. */
export async function readDigestKeys(client: Client, options: KeyOptions): Promise<readonly DigestKey[] | undefined> {
  const found = await readSecret(client, options);
  return found === undefined ? undefined : parseKeys(found, options.namespace);
}

async function readSecret(client: Client, { namespace, signal }: KeyOptions): Promise<KeySecret | undefined> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  try {
    return (await client.send({
      verb: 'get',
      resource: 'secrets',
      subject: `${namespace}/${name}`,
      path,
      signal,
    })) as KeySecret;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

async function createSecret(client: Client, options: KeyOptions): Promise<KeySecret> {
  const { namespace, signal } = options;
  const { id, secret } = makeDigestKey(options.randomBytes);
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name, namespace, labels: { [ownLabel]: 'digest-key' }, annotations: { [currentAnnotation]: id } },
    data: { [id]: Buffer.from(secret).toString('base64') },
  };
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const request = { resource: 'secrets', subject: `${namespace}/${name}`, path, query: { fieldManager }, body, signal };
  try {
    return (await client.send({ verb: 'create', ...request })) as KeySecret;
  } catch (error) {
    const other = hasCode(error, 'api-conflict') ? await readSecret(client, options) : undefined;
    if (other === undefined) throw error;
    return other;
  }
}

function parseKeys({ metadata, data = {} }: KeySecret, namespace: string): readonly DigestKey[] {
  const keys = Object.entries(data).map(([id, text]): DigestKey => ({ id, secret: Buffer.from(text, 'base64') }));
  const current = metadata.annotations?.[currentAnnotation] ?? (keys.length === 1 ? keys[0]?.id : undefined);
  const sorted = [...keys.filter(({ id }) => id === current), ...keys.filter(({ id }) => id !== current)];
  if (
    current === undefined ||
    sorted[0]?.id !== current ||
    sorted.some(({ secret, id }) => secret.length !== 32 || !/^[\w.-]{1,40}$/.test(id))
  ) {
    throw new LockstepError('digest-key-unusable', {
      message: `Secret ${namespace}/${name} holds no usable digest key: each value must be 32 bytes, and ${currentAnnotation} must name one`,
    });
  }
  return sorted;
}
