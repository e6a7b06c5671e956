// What the demo prints: one line a step, with the time since the start and who did it.
import type { Verdict, Figures } from './judge.ts';

export interface Screen {
  heading(text: string): void;
  /** One step: `  1.2 s  cert-manager  renews ...`. */
  step(actor: string, text: string): void;
  /** A line that belongs to the step above. */
  detail(text: string): void;
  summary(figures: Figures, verdicts: readonly Verdict[]): void;
  text(text: string): void;
}

export interface ScreenOptions {
  readonly write: (text: string) => void;
  readonly style: 'colours' | 'plain';
  /** Milliseconds since the demo began. */
  readonly elapsed: () => number;
}

const codes = { bold: '1', dim: '2', red: '31', green: '32', cyan: '36' };
const actorWidth = 13;
const labelWidth = 42;
const indent = ' '.repeat(11 + actorWidth);

/** What each figure counts, in plain words. */
const meanings: Readonly<Record<string, string>> = {
  restarts: 'pod templates changed by Lockstep',
  rollouts: 'pod templates changed by anybody',
  pullRequests: 'pull requests',
  diffLines: 'lines that the merge changed',
  rolloutsAfterMerge: 'pod templates changed after the merge',
  driftsFound: 'edits told as drift, with their writer',
  driftRollouts: 'pod templates changed for the edit',
  driftsGone: 'drifts ended by reverting',
  revertRollouts: 'pod templates changed for what came back',
  takenBackRollouts: 'pod templates changed for the second edit',
  missed: 'workloads left with old content',
};

export function createScreen({ write, style, elapsed }: ScreenOptions): Screen {
  const paint = (code: keyof typeof codes, text: string): string =>
    style === 'colours' ? `\u001b[${codes[code]}m${text}\u001b[0m` : text;
  const time = (): string => `${(elapsed() / 1000).toFixed(1).padStart(6)} s`;
  return {
    heading: (text) => write(`\n${paint('bold', text)}\n`),
    step: (actor, text) => write(`${paint('dim', time())}  ${paint('cyan', actor.padEnd(actorWidth))} ${text}\n`),
    detail(text) {
      const isAdded = text.startsWith('+');
      write(`${indent}${isAdded ? paint('green', text) : text.startsWith('-') ? paint('red', text) : text}\n`);
    },
    summary(figures, verdicts) {
      for (const { figure, value, wanted, isRight } of verdicts) {
        const mark = isRight ? paint('green', 'ok') : paint('red', `wrong, want ${wanted}`);
        write(`  ${(meanings[figure] ?? figure).padEnd(labelWidth)}${String(value).padStart(6)}   ${mark}\n`);
      }
      write(
        `  ${'milliseconds from the change to the patch'.padEnd(labelWidth)}${String(figures.restartMs).padStart(6)}\n`,
      );
    },
    text: (text) => write(text),
  };
}
