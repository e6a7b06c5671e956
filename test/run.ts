// `npm test`: says what it will run, runs it, and ends with what it could not run and why, then `N passed, N failed, N skipped`.
// Words as arguments choose the files whose path contains one of them.
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { findControlPlane, provideBinaries, type Finding } from './cluster/binaries.ts';
import { describeCluster, startCluster } from './cluster/cluster.ts';
import { findLeftovers, markDescendants } from './leftovers.ts';
import { provideTools, whyNoTools } from './tools/tools.ts';

interface Tally {
  passed: number;
  failed: number;
  /** Why not -> how many. */
  readonly skipped: Map<string, number>;
}

interface Batch {
  readonly title: string;
  readonly files: readonly string[];
  /** Files at a time. */
  readonly concurrency: number;
  /** For each file. */
  readonly timeoutMs: number;
}

/** A file that asks whether there is a control plane needs one. */
const needsPlane = /\bwhySkipped\(/;
/** And those that ask for programs need them: they are built before the clock of their tests runs. */
const needsTools = /\bwhyNoTools\(/;
const needsBinaries = /\bprovideBinaries\(/;
const minute = 60_000;

async function main(words: readonly string[], signal: AbortSignal): Promise<number> {
  const marker = markDescendants();
  const isStrict = !['', '0', 'false'].includes(process.env['CI'] ?? '');
  const files = globSync('test/**/*.test.ts')
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();
  const [units = [], onPlane = []] = [false, true].map((wanted) =>
    files.filter((file) => needsPlane.test(readFileSync(file, 'utf8')) === wanted),
  );
  const plane = await findControlPlane();
  say(`${units.length} files that need nothing, ${onPlane.length} files on a real control plane: ${describe(plane)}`);
  if (isStrict) say('CI is set: what cannot run counts as a failure');

  const wants = (what: RegExp): boolean => files.some((file) => what.test(readFileSync(file, 'utf8')));
  if (wants(needsTools) && (await whyNoTools()) === false) await provideTools(signal);
  if (wants(needsBinaries) && plane.available) await provideBinaries(signal);

  const tally: Tally = { passed: 0, failed: 0, skipped: new Map() };
  await runBatch({ title: 'unit tests', files: units, concurrency: 2, timeoutMs: 3 * minute }, tally, signal);
  const batch = { title: 'on the control plane', files: onPlane, concurrency: 1, timeoutMs: 15 * minute };
  if (onPlane.length > 0 && !signal.aborted) {
    await (plane.available ? withPlane(signal, () => runBatch(batch, tally, signal)) : runBatch(batch, tally, signal));
  }
  const leftovers = await findLeftovers(marker);
  return conclude(tally, { files, leftovers, isStrict, isAborted: signal.aborted });
}

function describe(plane: Finding): string {
  if (!plane.available) return `none here, ${plane.why}`;
  return `Kubernetes ${plane.version}${plane.origin === 'build' ? ', to be built first (some 15 minutes, once)' : ''}`;
}

/** One plane for all files: it takes seconds to start. */
async function withPlane(signal: AbortSignal, use: () => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-tests-'));
  try {
    await using cluster = await startCluster({ signal });
    const file = join(directory, 'cluster.json');
    await describeCluster(cluster, file);
    process.env['LOCKSTEP_TEST_CLUSTER'] = file;
    say(`the control plane runs at ${cluster.url}`);
    await use();
  } finally {
    delete process.env['LOCKSTEP_TEST_CLUSTER'];
    await rm(directory, { recursive: true, force: true });
  }
}

async function runBatch(batch: Batch, tally: Tally, signal: AbortSignal): Promise<void> {
  if (batch.files.length === 0) return;
  say(`${batch.title}: ${batch.files.length} files, ${batch.concurrency} at a time`);
  const { files, concurrency, timeoutMs: timeout } = batch;
  const stream = run({ files, concurrency, timeout, signal });
  stream.on('test:pass', ({ skip, details }) => {
    if (skip !== undefined) count(tally.skipped, typeof skip === 'string' ? skip : 'no reason given');
    else if (details.type !== 'suite') tally.passed++;
  });
  stream.on('test:fail', ({ details }) => {
    if (details.type !== 'suite') tally.failed++;
  });
  const report = stream.compose(spec);
  report.pipe(process.stdout, { end: false });
  await finished(report);
}

interface Outcome {
  readonly files: readonly string[];
  readonly leftovers: readonly string[];
  readonly isStrict: boolean;
  readonly isAborted: boolean;
}

/** The exit status. */
function conclude(tally: Tally, { files, leftovers, isStrict, isAborted }: Outcome): number {
  const skipped = [...tally.skipped.values()].reduce((sum, many) => sum + many, 0);
  say('');
  if (files.length === 0) say('no test file has such a name');
  if (isAborted) say('interrupted: not everything ran');
  for (const process of leftovers) say(`still running: ${process}`);
  say(`ran ${files.length} file${files.length === 1 ? '' : 's'}`);
  for (const [why, many] of tally.skipped) say(`could not run ${many}: ${why}`);
  if (isStrict && skipped > 0) say('CI is set, so skipped tests are failures');
  if (leftovers.length > 0) tally.failed++;
  say(`${tally.passed} passed, ${tally.failed} failed, ${skipped} skipped`);
  if (isAborted) return 130;
  return tally.failed > 0 || tally.passed === 0 || (isStrict && skipped > 0) ? 1 : 0;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
process.exitCode = await main(process.argv.slice(2), interrupted.signal);
