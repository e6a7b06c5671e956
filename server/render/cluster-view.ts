// What a chart is told of the cluster, so that rendering it here gives what was installed; or that this cannot be.
import { hasCode } from '../core/errors.ts';
import type { ClusterFacts, HelmTool, ManifestTool } from '../core/rendering.ts';
import type { Ask } from './chart-asks.ts';
import type { Job } from './job.ts';
import { Refused } from './refused.ts';

/** Helm's `--kube-version` and `--api-versions`. */
export interface Reading {
  readonly kubeVersion: string | undefined;
  readonly apiVersions: readonly string[];
}

export type Way =
  /** Two where it is not known which of them the chart was told: what they give alike counts. */
  | { readonly by: 'template'; readonly readings: readonly [Reading, ...Reading[]] }
  /** Helm's own, of what it installed. */
  | { readonly by: 'record'; readonly record: ManifestTool };

type Asks = ReadonlySet<Ask>;

export async function chooseWay(job: Job<HelmTool>, asks: Asks): Promise<Way> {
  const { cluster } = job.tool;
  const isDynamic = asks.has('lookup') || asks.has('version') || asks.has('apis');
  if (cluster.view === 'live' && isDynamic && cluster.record !== undefined) {
    return { by: 'record', record: cluster.record };
  }
  if (cluster.view !== 'told' && asks.has('lookup')) {
    throw new Refused('the chart looks up objects of the cluster, which is not done here');
  }
  return { by: 'template', readings: await listReadings(job, asks) };
}

async function listReadings(job: Job<HelmTool>, asks: Asks): Promise<readonly [Reading, ...Reading[]]> {
  const { cluster, kubeVersion, apiVersions } = job.tool;
  const own = { kubeVersion, apiVersions };
  const asksVersion = asks.has('version') || asks.has('apis');
  if (!asksVersion) {
    const isOpen = kubeVersion === undefined && asks.has('constraint');
    return [isOpen ? { ...own, kubeVersion: parse(await readFacts(job)).full } : own];
  }
  switch (cluster.view) {
    case 'told':
      return readTold(job, asks);
    case 'live':
      return [readLive(await readFacts(job), asks)];
    case 'unknown': {
      const facts = await readFacts(job);
      return [own, { kubeVersion: parse(facts).full, apiVersions: asks.has('apis') ? facts.apiVersions : [] }];
    }
  }
}

/** Argo CD tells the minor version up to 3.3, and the whole without its suffix since. */
async function readTold(job: Job<HelmTool>, asks: Asks): Promise<readonly [Reading, ...Reading[]]> {
  const { kubeVersion, apiVersions } = job.tool;
  const wantsVersions = asks.has('apis') && apiVersions.length === 0;
  if (kubeVersion !== undefined && !wantsVersions) return [{ kubeVersion, apiVersions }];
  const facts = await readFacts(job);
  const { minor, full } = parse(facts);
  const [few, all] = wantsVersions
    ? [facts.apiVersions, [...facts.apiVersions, ...facts.uncertain]]
    : [apiVersions, apiVersions];
  const first = { kubeVersion: kubeVersion ?? minor, apiVersions: few };
  const second = { kubeVersion: kubeVersion ?? full, apiVersions: all };
  return kubeVersion !== undefined && facts.uncertain.length === 0 ? [first] : [first, second];
}

/** `helm template` adds APIs to those it knows itself, and Helm 3 leaves a version's suffix out. */
function readLive({ kubeVersion }: ClusterFacts, asks: Asks): Reading {
  if (!asks.has('apis') && /^v\d+\.\d+\.\d+$/.test(kubeVersion)) return { kubeVersion, apiVersions: [] };
  throw new Refused(
    'the chart depends on the cluster’s version or APIs, which helm cannot be told as it finds them itself',
  );
}

function parse({ kubeVersion }: ClusterFacts): { readonly minor: string; readonly full: string } {
  const [full, minor] = /^v(\d+\.\d+)\.\d+/.exec(kubeVersion) ?? [];
  if (full !== undefined && minor !== undefined) return { minor, full };
  throw new Refused('the cluster’s version is not one that Helm could be told');
}

async function readFacts({ ports, signal }: Job<HelmTool>): Promise<ClusterFacts> {
  try {
    return await ports.cluster(signal);
  } catch (error) {
    if (!hasCode(error, 'api-forbidden')) throw error;
    throw new Refused('the chart depends on the cluster’s version or APIs, which may not be read here');
  }
}
