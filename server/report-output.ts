// A report as a person reads it: a sentence for each section, a table where there is something, gaps in full sentences.
import type { ConfigRef } from './core/object.ts';
import type { PodOwner, ReportGap } from './core/report-facts.ts';
import type {
  CertificateFinding,
  FanOutFinding,
  Report,
  StaleFinding,
  UnmatchedFinding,
} from './core/report-findings.ts';
import { renderTable } from './text-table.ts';

export function renderReport(report: Report): string {
  const { namespace, read } = report;
  const place = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
  const sums = `${count(read.workloads, 'workload')}, ${count(read.pods, 'running pod')}`;
  const head = `Report on ${place}: ${sums}, ${count(read.secrets, 'Secret')}, ${count(read.configMaps, 'ConfigMap')}\n`;
  const gaps = report.gaps.map((gap) => `Not read: ${describeGap(gap)}\n`).join('');
  const sections = [renderStale, renderUnmatched, renderFanOut, renderCertificates].map((render) =>
    render(report, namer(report)),
  );
  return [head + gaps, ...sections].join('\n');
}

const gapSays: Readonly<Record<string, string>> = {
  secrets: 'nothing is said of Secrets and their certificates',
  configmaps: 'nothing is said of ConfigMaps',
  pods: 'nothing is said of stale pods and old certificates, and fan-outs count workloads only',
  replicasets: 'pods of Deployments are told as those of their ReplicaSets',
};

function describeGap({ resource, reason }: ReportGap): string {
  if (resource === 'digest-key') {
    const why = reason === 'forbidden' ? 'the digest key is not readable' : 'there is no digest key';
    return `${why}: what Lockstep noted of Secrets proves nothing here`;
  }
  const consequence = gapSays[resource] ?? `nothing is said of ${resource}, nor of marks that they may search for`;
  return `listing ${resource} is not granted: ${consequence}`;
}

interface Section {
  readonly title: string;
  /** Of all its findings. */
  readonly says: string;
  readonly notes?: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function renderSection({ title, says, notes = [], columns, rows }: Section): string {
  const head = `${title}: ${says}\n${notes.map((note) => `${note}\n`).join('')}`;
  return rows.length === 0 ? head : `${head}\n${renderTable([columns, ...rows])}`;
}

const restartNote = 'To do: kubectl -n <namespace> rollout restart <workload>, or opt it in';
const volumeNote = 'Volumes: nothing to do if the program reads its files again; else restart the workload';

function renderStale({ stale, undated }: Report, nameOf: NameOf): string {
  const podsOf = (verdict: StaleFinding['verdict']): number =>
    stale.filter((finding) => finding.verdict === verdict).reduce((sum, { pods }) => sum + pods, 0);
  const live = stale.filter(({ verdict }) => verdict === 'live-volume').length;
  const says = `${podsOf('stale')} pod uses stale, ${podsOf('may-be-stale')} may be`;
  return renderSection({
    title: 'Stale pods',
    says: `${says}, ${podsOf('live-volume')} have volumes whose files have followed`,
    notes: [
      ...(live === stale.length ? [] : [restartNote]),
      ...(live === 0 ? [] : [volumeNote]),
      ...(undated.length === 0 ? [] : [`Undated, and so not judged by time: ${undated.map(nameOf).join(', ')}`]),
    ],
    columns: ['WORKLOAD', 'PODS', 'OLDEST START', 'CONFIG OBJECT', 'USE', 'KEYS', 'CHANGED', 'BY', 'VERDICT'],
    rows: stale.map((finding) => [
      nameOf(finding.workload),
      String(finding.pods),
      finding.oldestStart,
      nameOf(finding.config),
      finding.use,
      finding.keys === 'all' ? 'all' : finding.keys.join(','),
      finding.changedAt ?? '-',
      finding.changedBy ?? '-',
      `${finding.verdict}: ${finding.reason}`,
    ]),
  });
}

function renderUnmatched({ unmatched }: Report, nameOf: NameOf): string {
  return renderSection({
    title: 'Annotations without effect',
    says: unmatched.length === 0 ? 'none' : String(unmatched.length),
    columns: ['OBJECT', 'ANNOTATION', 'PART', 'WHY', 'DO'],
    rows: unmatched.map(({ object, level, annotation, part, reason, advice }: UnmatchedFinding) => [
      nameOf(object),
      `${annotation}${level === 'template' ? ' (pod template)' : ''}`,
      part === undefined ? '-' : JSON.stringify(part),
      reason,
      advice,
    ]),
  });
}

function renderFanOut({ fanOut }: Report, nameOf: NameOf): string {
  const [largest] = fanOut;
  return renderSection({
    title: 'Largest fan-outs',
    says: largest === undefined ? 'no change would restart anything' : `one change restarts up to ${sizeOf(largest)}`,
    notes: largest === undefined ? [] : [`Before: ${largest.advice}`],
    columns: ['CONFIG OBJECT', 'WORKLOADS', 'PODS'],
    rows: fanOut.map((finding) => [
      nameOf(finding.config),
      String(finding.workloads),
      finding.pods === undefined ? 'unknown' : String(finding.pods),
    ]),
  });
}

function sizeOf({ workloads, pods }: FanOutFinding): string {
  return `${count(workloads, 'workload')}${pods === undefined ? '' : `, ${count(pods, 'pod')}`}`;
}

function renderCertificates({ certificates, unreadableCertificates }: Report, nameOf: NameOf): string {
  const old = certificates.filter(({ reason }) => reason === 'holds-old-certificate').length;
  const notes = [
    ...(old === 0 ? [] : [restartNote]),
    ...(old === certificates.length ? [] : [volumeNote]),
    ...unreadableCertificates.map((ref) => `Its tls.crt is no certificate: ${nameOf(ref)}`),
  ];
  return renderSection({
    title: 'Renewed certificates',
    says: `${old} held in an older form by pods, ${certificates.length - old} renewed in files`,
    notes,
    columns: ['SECRET', 'VALID FROM', 'UNTIL', 'WORKLOAD', 'PODS', 'OLDEST START', 'USE', 'WHY'],
    rows: certificates.map((finding: CertificateFinding) => [
      nameOf(finding.config),
      finding.notBefore,
      finding.notAfter,
      nameOf(finding.workload),
      String(finding.pods),
      finding.oldestStart,
      finding.use,
      finding.reason,
    ]),
  });
}

type NameOf = (object: PodOwner | ConfigRef) => string;

/** The namespace only where there are several. */
function namer({ namespace: only }: Report): NameOf {
  return ({ kind, namespace, name }) => (only === undefined ? `${kind}/${namespace}/${name}` : `${kind}/${name}`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
