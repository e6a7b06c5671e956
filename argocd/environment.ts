// The variables that Argo CD fills into tool options while it renders (docs/user-guide/build-environment.md).
import type { Application } from './application.ts';
import type { ApplicationSource } from './source.ts';

export type Environment = ReadonlyMap<string, string>;

export function environmentOf(application: Application, source: ApplicationSource, instance: string): Environment {
  const revision = source.revision ?? '';
  return new Map([
    ['ARGOCD_APP_NAME', instance],
    ['ARGOCD_APP_NAMESPACE', application.destination.namespace ?? ''],
    ['ARGOCD_APP_PROJECT_NAME', application.project],
    ['ARGOCD_APP_REVISION', revision],
    ['ARGOCD_APP_REVISION_SHORT', revision.slice(0, 7)],
    ['ARGOCD_APP_REVISION_SHORT_8', revision.slice(0, 8)],
    ['ARGOCD_APP_SOURCE_REPO_URL', source.repository],
    ['ARGOCD_APP_SOURCE_PATH', source.path ?? ''],
    ['ARGOCD_APP_SOURCE_TARGET_REVISION', source.targetRevision],
  ]);
}

/** These depend on the cluster, as Argo CD sees it. */
const unknown: ReadonlySet<string> = new Set(['KUBE_VERSION', 'KUBE_API_VERSIONS']);

/** As Go's os.Expand, with `$$` for a dollar; other variables are empty. Undefined: one has a value that is not known here. */
export function substitute(text: string, environment: Environment): string | undefined {
  let isKnown = true;
  const result = text.replaceAll(/\$(?:\{([^}]*)\}|([A-Za-z_]\w*)|([$*#@!?\-\d]))/g, (_, braced, plain, special) => {
    const name = String(braced ?? plain ?? special);
    if (unknown.has(name)) isKnown = false;
    return name === '$' ? '$' : (environment.get(name) ?? '');
  });
  return isKnown ? result : undefined;
}
