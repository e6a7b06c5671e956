// Certificates that were renewed while pods ran: the one in the Secret was not valid yet when they started, so they started with another.
import { adviseRestart } from './report-advice.ts';
import { createPodGroups } from './report-groups.ts';
import type { CertificateDates, ContainerUse, ReportedConfig, ReportedPod, ReportFacts } from './report-facts.ts';
import { formatTime, type CertificateFinding } from './report-findings.ts';
import { objectKey, type ConfigRef } from './object.ts';

/** The data key that holds the certificate of a `kubernetes.io/tls` Secret. */
export const certificateKey = 'tls.crt';

interface Fact {
  readonly pod: ReportedPod;
  readonly config: ReportedConfig;
  readonly use: ContainerUse;
  readonly dates: CertificateDates;
}

/** Those whose pods surely hold the old one first. */
export function findRenewed({ pods, configs }: ReportFacts): readonly CertificateFinding[] {
  const groups = createPodGroups<Fact>((before) => before);
  for (const pod of pods) {
    for (const use of pod.shape.uses) {
      const start = pod.starts.get(use.container);
      const config = configs.get(objectKey({ ...use, namespace: pod.owner.namespace }));
      const dates = config?.certificate;
      if (start === undefined || config === undefined || dates === undefined || dates === 'unreadable') continue;
      const usesIt = use.keys === 'all' || use.keys.includes(certificateKey);
      if (!usesIt || start >= dates.notBefore) continue;
      const rank = use.way === 'volume' ? 1 : 0;
      const id = [rank, objectKey(config.seen.ref), objectKey(pod.owner), use.way].join(' ');
      groups.add(id, { pod, start, fact: { pod, config, use, dates } });
    }
  }
  return groups.list().map(({ fact: { pod, config, use, dates }, pods: count, oldestStart }) => ({
    config: config.seen.ref,
    workload: pod.owner,
    use: use.way,
    reason: use.way === 'volume' ? 'file-renewed' : 'holds-old-certificate',
    notBefore: formatTime(dates.notBefore),
    notAfter: formatTime(dates.notAfter),
    pods: count,
    oldestStart: formatTime(oldestStart),
    advice: adviseRestart(pod.owner, use.way === 'volume' ? 'live-volume' : 'stale'),
  }));
}

export function findUnreadable({ configs }: ReportFacts): readonly ConfigRef[] {
  return [...configs.values()].flatMap(({ certificate, seen }) => (certificate === 'unreadable' ? [seen.ref] : []));
}
