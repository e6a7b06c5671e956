// Whether rendering a chart here gives what was installed, where the chart asks something of the cluster.
import type { ClusterView, ManifestTool } from '../core/rendering.ts';
import type { Ask } from './chart-asks.ts';
import { Refused } from './refused.ts';

export type Way =
  | { readonly by: 'template' }
  /** Helm's own, of what it installed. */
  | { readonly by: 'record'; readonly record: ManifestTool };

export function chooseWay(cluster: ClusterView, asks: ReadonlySet<Ask>): Way {
  if (cluster.view === 'told' || !asks.has('lookup')) return { by: 'template' };
  if (cluster.view === 'live' && cluster.record !== undefined) return { by: 'record', record: cluster.record };
  throw new Refused('the chart looks up objects of the cluster, which is not done here');
}
