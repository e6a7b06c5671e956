// `npm test`: runs every test file that this machine can run and ends with `N passed, N failed, N skipped`.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const only = process.argv.slice(2);
const files = globSync('test/**/*.test.ts').filter(
  (file) => only.length === 0 || only.some((word) => file.includes(word)),
);
const counts = { passed: 0, failed: 0, skipped: 0 };
const stream = run({ files: files.sort(), concurrency: 2, timeout: 600_000 });
stream.on('test:pass', (event) => {
  if (event.details.type !== 'suite') counts[event.skip === undefined ? 'passed' : 'skipped']++;
});
stream.on('test:fail', (event) => {
  if (event.details.type !== 'suite') counts.failed++;
});
stream.compose(spec).pipe(process.stdout);
stream.on('end', () => {
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  process.exitCode =
    counts.failed > 0 || (process.env['CI'] !== undefined && counts.skipped > 0) || counts.passed === 0 ? 1 : 0;
});
