// `npm run demo`: tells the story, judges it, and ends or waits for Ctrl-C.
import { once } from 'node:events';
import { countFigures, judge } from './judge.ts';
import { readOptions, type DemoOptions } from './options.ts';
import { setUp, type Cast } from './cast.ts';
import { driftAndRevert } from './drift-story.ts';
import { invite, narrate } from './play.ts';
import { createScreen } from './screen.ts';
import { openStage, type Stage } from './stage.ts';
import {
  awaitPullRequest,
  collectEvidence,
  mergePullRequest,
  renewCertificate,
  waitForQuiet,
  type Plot,
} from './story.ts';

const parentCheckMs = 500;

async function main(argv: readonly string[]): Promise<number> {
  const asked = readOptions(argv);
  switch (asked.kind) {
    case 'help':
      process.stdout.write(asked.text);
      return 0;
    case 'refused':
      process.stderr.write(`${asked.problems.join('\n')}\n--help lists what there is\n`);
      return 2;
    case 'run':
      return run(asked.options);
  }
}

async function run(options: DemoOptions): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  if (process.env['npm_lifecycle_event'] !== undefined) onParentGone(interrupt);
  try {
    const { code, lastLine } = await perform(options, interrupted.signal);
    process.stdout.write(lastLine); // when everything is stopped: nothing comes after it
    return code;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    process.stderr.write(`\n${messageOf(error)}\n`);
    return 1;
  }
}

interface Ending {
  readonly code: number;
  readonly lastLine: string;
}

async function perform({ cluster, ending, output }: DemoOptions, signal: AbortSignal): Promise<Ending> {
  const stream = output === 'json' ? process.stderr : process.stdout;
  const screen = createScreen({
    write: (text) => void stream.write(text),
    style: stream.isTTY ? 'colours' : 'plain',
    elapsed: () => performance.now(),
  });
  await using stack = new AsyncDisposableStack();
  screen.heading('A shop that is deployed from Git, with a certificate that is not');
  const stage = await openStage({ kind: cluster, screen, signal, stack });
  const cast = await setUp(stage);
  const plot: Plot = { changesBefore: 0, merge: undefined, drift: undefined };
  const failure = await tell(stage, cast, plot).then(() => '', messageOf);
  signal.throwIfAborted();
  if (failure !== '') screen.step('demo', `gives up: ${failure}`);
  const figures = countFigures(await collectEvidence(stage, plot));
  const verdicts = judge(figures);
  screen.heading(`Counted from ${stage.cluster.recordName} and from Git`);
  screen.summary(figures, verdicts);
  if (ending === 'until-interrupted' && failure === '') {
    invite(stage, cast);
    narrate(stage, cast);
    if (!signal.aborted) await once(signal, 'abort');
  }
  const code = failure === '' && verdicts.every(({ isRight }) => isRight) ? 0 : 1;
  return { code, lastLine: output === 'json' ? `${JSON.stringify(figures)}\n` : '' };
}

async function tell(stage: Stage, cast: Cast, plot: Plot): Promise<void> {
  const { screen } = stage;
  screen.heading('The certificate is renewed: one restart');
  await renewCertificate(stage, cast, plot);
  screen.heading('Git learns of it: one pull request');
  await awaitPullRequest(stage);
  screen.heading('It is merged: nothing rolls again');
  await mergePullRequest(stage, plot);
  await waitForQuiet(stage, cast, plot);
  screen.heading('A ConfigMap is edited by hand: drift, a restart, and back to what Git declares');
  if (!stage.cluster.hasFlux)
    return screen.text('  (left out: the demo defines no kinds of Flux in a cluster of yours)\n');
  await driftAndRevert(stage, cast, plot);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** npm passes a SIGTERM to its shell only, which dies of it and leaves this process behind. */
function onParentGone(act: () => void): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && act(), parentCheckMs).unref();
}

process.exitCode = await main(process.argv.slice(2));
