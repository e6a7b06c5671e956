// The certificates of one control plane: an authority of its own, one serving certificate, one client certificate per identity.
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const validDays = '30';

/** Who speaks to the API server with a client certificate: file name -> subject. */
export const clients = {
  admin: '/O=system:masters/CN=cluster-admin',
  'fake-node': '/O=system:masters/CN=fake-node',
  'controller-manager': '/CN=system:kube-controller-manager',
} as const;

export type Client = keyof typeof clients;

/** PEM texts with which one client authenticates itself and the server. */
export interface ClientCredentials {
  ca: string;
  cert: string;
  key: string;
}

/** Writes ca, apiserver, service-account and every client as `<name>.key` and `<name>.crt` into `directory`. */
export async function createCertificates(directory: string, signal?: AbortSignal): Promise<void> {
  await writeFile(join(directory, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
  const issue = async (name: string, subject: string, ...extensions: string[]) => {
    await writeKey(directory, name);
    const argv = ['req', '-x509', '-new', '-config', 'openssl.cnf', '-days', validDays, '-subj', subject];
    const signer = name === 'ca' ? [] : ['-CA', 'ca.crt', '-CAkey', 'ca.key'];
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    await run('openssl', [...argv, '-key', `${name}.key`, '-out', `${name}.crt`, ...signer, ...added], {
      cwd: directory,
      ...(signal && { signal }),
    });
  };
  const leaf = 'basicConstraints=critical,CA:FALSE';
  await issue('ca', '/CN=lockstep-test-ca', 'basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign');
  await Promise.all([
    writeKey(directory, 'service-account'),
    issue(
      'apiserver',
      '/CN=kube-apiserver',
      leaf,
      'extendedKeyUsage=serverAuth',
      'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc',
    ),
    ...Object.entries(clients).map(([name, subject]) => issue(name, subject, leaf, 'extendedKeyUsage=clientAuth')),
  ]);
}

/** Reads what `createCertificates` wrote for a client. */
export async function readCredentials(directory: string, client: Client): Promise<ClientCredentials> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', `${client}.crt`, `${client}.key`].map((file) => readFile(join(directory, file), 'utf8')),
  );
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

/** SEC 1, because the API server reads its service-account key in no other form of elliptic curve key. */
async function writeKey(directory: string, name: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  await writeFile(join(directory, `${name}.key`), privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
}
