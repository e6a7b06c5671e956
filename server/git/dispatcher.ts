// HTTP connections of our own under the rules that git's have: the environment's proxies, the repository's roots.
import { readFile } from 'node:fs/promises';
import { EnvHttpProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';

export interface DispatcherOptions {
  readonly ambient: Readonly<Record<string, string | undefined>>;
  /** PEM file with the only roots that are trusted; else the system's. */
  readonly caFile: string | undefined;
}

/** Throws when the file cannot be read. To be destroyed after use. */
export async function createDispatcher({ ambient, caFile }: DispatcherOptions): Promise<Dispatcher> {
  const connect = caFile === undefined ? {} : { ca: await readFile(caFile) };
  const variable = (name: string): string => ambient[name] ?? ambient[name.toUpperCase()] ?? '';
  return new EnvHttpProxyAgent({
    // curl, and so git, reads the lower-case name only: a server's CGI variables cannot set it.
    httpProxy: withScheme(ambient['http_proxy'] ?? ambient['all_proxy'] ?? ''),
    httpsProxy: withScheme(variable('https_proxy') || variable('all_proxy')),
    noProxy: variable('no_proxy'),
    connect,
    requestTls: connect,
  });
}

/** curl takes `proxy.example.com:3128` for an http proxy. */
function withScheme(proxy: string): string {
  return proxy === '' || proxy.includes('://') ? proxy : `http://${proxy}`;
}
