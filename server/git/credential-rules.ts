// Which of the configured credentials are for a repository: those whose URL is the longest beginning of the repository's.

/** A place on one host: URLs are compared by it, never as text. */
interface Place {
  /** Protocol, user and host with port. */
  readonly site: string;
  /** Without a slash or `.git` at the end. */
  readonly path: string;
}

/** Undefined for what is no URL of a repository or of a folder of them. */
export function parsePlace(text: string): Place | undefined {
  const scp = /^(?:([\w.-]+)@)?([A-Za-z\d][A-Za-z\d.-]*):(?!\/\/)(.+)$/.exec(text);
  if (scp !== null && !/^(?:https?|ssh|file):/i.test(text)) {
    const [, user = '', host = '', path = ''] = scp;
    return { site: `ssh://${user}@${host.toLowerCase()}`, path: trim(`/${path.replace(/^\/+/, '')}`) };
  }
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const port = url.protocol === 'ssh:' && url.port === '22' ? '' : url.port;
  const host = port === '' ? url.hostname : `${url.hostname}:${port}`;
  return { site: `${url.protocol}//${url.username}@${host.toLowerCase()}`, path: trim(url.pathname) };
}

/** True when `prefix` is the repository or a folder that it is in; protocol, user, host and port must be the same. */
export function covers(prefix: string, repository: string): boolean {
  const [outer, inner] = [parsePlace(prefix), parsePlace(repository)];
  if (outer === undefined || inner === undefined || outer.site !== inner.site) return false;
  return inner.path === outer.path || inner.path.startsWith(`${outer.path}/`);
}

/** The rule with the longest URL that covers the repository. */
export function chooseRule<Rule extends { readonly url: string }>(
  rules: readonly Rule[],
  repository: string,
): Rule | undefined {
  const lengthOf = ({ url }: Rule): number => parsePlace(url)?.path.length ?? 0;
  return rules
    .filter(({ url }) => covers(url, repository))
    .reduce<Rule | undefined>(
      (best, rule) => (best !== undefined && lengthOf(best) >= lengthOf(rule) ? best : rule),
      undefined,
    );
}

function trim(path: string): string {
  return path.replace(/\/+$/, '').replace(/\.git$/, '');
}
