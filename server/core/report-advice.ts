// What to do about a finding, in one sentence each.
import type { PodOwner } from './report-facts.ts';
import type { UnmatchedReason, Verdict } from './report-findings.ts';

const restartable = ['Deployment', 'StatefulSet', 'DaemonSet'];

export function adviseRestart({ kind, namespace, name }: PodOwner, verdict: Verdict): string {
  const command = restartable.includes(kind)
    ? `kubectl -n ${namespace} rollout restart ${kind.toLowerCase()}/${name}`
    : 'replace its pods';
  return verdict === 'live-volume' ? `nothing if the program reads its files again; else ${command}` : command;
}

export const unmatchedAdvice: Readonly<Record<UnmatchedReason, string>> = {
  'names-nothing': 'correct the name, or create the object',
  'expression-matches-nothing': 'correct the expression: it must fit the whole name',
  'excludes-nothing': 'correct the name: exclude lists hold exact names',
  'auto-without-reference': 'remove it, or name the objects: the pod template refers to none',
  'search-without-reference': 'remove it, or name the objects: the pod template refers to none',
  'search-finds-nothing': 'mark an object that the pod template refers to with match, or use auto',
  'match-unsearched': 'remove it, or set search on a workload that refers to it',
  'unreadable-value': 'correct the value',
  'not-exactly-true': 'write "true": other spellings count as false',
  'wrong-place': 'move it to where it is read',
  'deployment-only': 'remove it: only Deployments pause',
  'hidden-by-workload': 'move it to the workload: its own annotations hide those of the pod template',
};

export const fanOutAdvice = 'split it, or see that --max-rollouts bounds what a change restarts at once';
