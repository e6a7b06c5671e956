// Kubeconfig files, written as JSON (which is YAML) with every credential inline, so that a copy works anywhere on the machine.
import { writeFile } from 'node:fs/promises';

export type KubeconfigUser = { token: string } | { cert: string; key: string };

/** Writes a kubeconfig with one context, `lockstep-test`; `ca` and the user's credentials are PEM texts or a token. */
export async function writeKubeconfig(
  file: string,
  { url, ca, user }: { url: string; ca: string; user: KubeconfigUser },
): Promise<string> {
  const name = 'lockstep-test';
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    users: [{ name, user: credentials }],
  };
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
  return file;
}
