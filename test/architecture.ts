// The rules of the code's shape, as a function of the files: which folder may import what, names, sizes, and who may touch the process.
import { posix } from 'node:path';

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

interface Allowed {
  /** Files and folders of ours; the folder itself need not be named. */
  readonly ours?: readonly string[];
  readonly libraries?: readonly string[];
}

const core = 'server/core';
const declared = 'server/declared';

/** The nearest entry counts. A folder that is missing here may import nothing. */
const rules: Readonly<Record<string, Allowed | 'everything'>> = {
  // core: pure
  'server/core': { libraries: ['node:crypto', 're2js'] },
  'server/declared': { ours: [core], libraries: ['node:crypto', 'yaml'] },
  hooks: { ours: [core], libraries: ['node:crypto'] },
  argocd: { ours: [core, declared] },
  flux: { ours: [core, declared] },
  // loop: observe, decide, act
  'server/state': { ours: [core, declared] },
  'server/reconcile': { ours: [core, declared, 'server/state'] },
  // shell: I/O, no decisions
  'server/kube': {
    ours: [core],
    libraries: ['@kubernetes/client-node', 'undici', 'node:crypto', 'node:path'],
  },
  'server/git': {
    ours: [core, declared],
    libraries: [
      'lru-cache',
      'simple-git',
      'node:child_process',
      'node:crypto',
      'node:fs/promises',
      'node:path',
      'node:stream',
      'undici',
    ],
  },
  'server/render': {
    ours: [core, declared],
    libraries: [
      'node:child_process',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:timers/promises',
      'node:util',
      'node:zlib',
      'yaml',
    ],
  },
  'server/forge': { ours: [core], libraries: ['@octokit/rest', 'node:fs/promises', 'node:path'] },
  'server/http': {
    ours: [core, 'hooks'],
    libraries: ['express', 'express-rate-limit', 'helmet', 'node:events', 'node:http'],
  },
  'server/notify': { ours: [core], libraries: ['node:net', 'undici'] },
  'server/audit': { ours: [core] },
  'server/seal': { ours: [core], libraries: ['node:crypto'] },
  // wiring
  'server/flags.ts': { ours: [core] },
  'server/flags-help.ts': { ours: [core, 'server/flags.ts'] },
  'server/config-place.ts': { ours: ['server/flags.ts'] },
  'server/config-repositories.ts': { ours: ['server/config-place.ts'] },
  'server/config-render.ts': {
    ours: ['server/config-place.ts', 'server/render/find-tools.ts'],
    libraries: ['node:path'],
  },
  'server/config-file.ts': {
    ours: ['server/config-place.ts', 'server/config-render.ts', 'server/config-repositories.ts'],
    libraries: ['yaml'],
  },
  'server/repositories.ts': { ours: [core, 'server/config-repositories.ts', 'server/git'] },
  'server/log-config.ts': { ours: ['server/flags.ts'] },
  'server/reloader-flags.ts': { ours: [core, 'server/flags.ts'] },
  'server/reloader-config.ts': { ours: [core, 'server/flags.ts', 'server/reloader-flags.ts'] },
  'server/config.ts': {
    ours: [
      core,
      'server/config-file.ts',
      'server/engine-flags.ts',
      'server/flags.ts',
      'server/http/listen.ts',
      'server/log-config.ts',
      'server/reloader-config.ts',
      'server/reloader-flags.ts',
    ],
    libraries: ['node:path'],
  },
  'server/logger.ts': { ours: [core], libraries: ['pino'] },
  'server/metrics.ts': { libraries: ['prom-client'] },
  'server/reloader-metrics.ts': { libraries: ['prom-client'] },
  'server/reloader-counts.ts': {
    ours: [core, 'server/kube/client.ts', 'server/reconcile', 'server/reloader-metrics.ts'],
  },
  'server/tenants.ts': { ours: ['server/config-file.ts', 'server/flags.ts', 'server/http/receivers.ts'] },
  'server/hook-command.ts': {
    ours: [core, 'hooks', 'server/flags.ts', 'server/flags-help.ts', 'server/http'],
    libraries: ['node:timers/promises'],
  },
  'server/text-table.ts': {},
  'server/asking-flags.ts': {
    ours: [core, 'server/flags.ts', 'server/reloader-config.ts', 'server/reloader-flags.ts'],
  },
  'server/explain-output.ts': { ours: [core, 'server/text-table.ts'] },
  'server/report-output.ts': { ours: [core, 'server/text-table.ts'] },
  'server/report-progress.ts': {},
  'server/registry.ts': { ours: [core, 'hooks', 'argocd', 'flux', 'server/forge', 'server/notify', 'server/render'] },
  'server/engine-flags.ts': { ours: [core, 'server/asking-flags.ts', 'server/flags.ts', 'server/reloader-config.ts'] },
  'server/engines.ts': { ours: [core, 'server/engine-flags.ts', 'server/kube', 'server/registry.ts'] },
  'server/elsewhere.ts': { ours: [core] },
  'server/trouble.ts': { ours: [core, 'server/metrics.ts', 'server/outcome-report.ts'] },
  'server/pr-arguments.ts': { ours: [core, 'server/flags.ts', 'server/flags-help.ts'] },
  'server/pr-output.ts': { ours: [core] },
  'server/outcome-report.ts': {
    ours: [core, 'server/metrics.ts', 'server/reconcile', 'server/reloader-counts.ts', 'server/pause-report.ts'],
  },
  'server/pause-report.ts': { ours: [core, 'server/metrics.ts', 'server/reconcile'] },
  'server/drift-report.ts': { ours: [core, 'server/metrics.ts', 'server/reconcile'] },
  'server/meta-info.ts': { ours: [core, 'server/config.ts'] },
  'server/shadow-file.ts': { libraries: ['node:fs/promises', 'node:path'] },
  'server/shadow-output.ts': { ours: [core, 'server/text-table.ts'] },
  'server/shadow-metrics.ts': { libraries: ['prom-client'] },
  'server/shadow.ts': {
    ours: [
      core,
      'server/kube/reload-failures.ts',
      'server/reconcile',
      'server/shadow-file.ts',
      'server/shadow-metrics.ts',
      'server/state',
    ],
  },
  'server/app.ts': 'everything',
  // app.ts and cli.ts, split by responsibility to stay readable
  'server/counted-route.ts': 'everything',
  'server/drift.ts': 'everything',
  'server/gitops.ts': 'everything',
  'server/ports.ts': 'everything',
  'server/live-declaring.ts': 'everything',
  'server/open-declaring.ts': 'everything',
  'server/parts.ts': 'everything',
  'server/watching.ts': 'everything',
  'server/webhook-app.ts': 'everything',
  'server/webhook-delivery.ts': 'everything',
  'server/shadow-loop.ts': 'everything',
  'server/shadow-report.ts': 'everything',
  'server/lease.ts': 'everything',
  'server/writer.ts': 'everything',
  'server/rights.ts': 'everything',
  'server/outcomes.ts': 'everything',
  'server/declaring.ts': 'everything',
  'server/sources.ts': 'everything',
  'server/serve.ts': 'everything',
  'server/explain-command.ts': 'everything',
  'server/explain-facts.ts': 'everything',
  'server/explain-namespace.ts': { ours: [core, 'server/explain-reads.ts', 'server/kube', 'server/state'] },
  'server/explain-reads.ts': { ours: [core, 'server/kube'] },
  'server/report-command.ts': 'everything',
  'server/list-reads.ts': { ours: [core, 'server/explain-reads.ts', 'server/kube'] },
  'server/report-reads.ts': { ours: [core, 'server/explain-reads.ts', 'server/kube', 'server/list-reads.ts'] },
  'server/ask-lockstep.ts': { ours: [core, 'server/kube'] },
  'server/markdown.ts': { ours: ['server/text-table.ts'] },
  'server/diff-output.ts': { ours: [core, 'server/text-table.ts'] },
  'server/diff-markdown.ts': { ours: [core, 'server/diff-output.ts', 'server/markdown.ts'] },
  'server/preview-output.ts': {
    ours: [core, 'server/diff-markdown.ts', 'server/markdown.ts', 'server/text-table.ts'],
  },
  'server/diff-reads.ts': { ours: [core, 'server/explain-reads.ts', 'server/kube', 'server/list-reads.ts'] },
  'server/configured-owners.ts': { ours: [core, 'server/config-file.ts', 'server/source-owners.ts'] },
  'server/drift-owners.ts': { ours: [core, 'server/configured-owners.ts', 'server/reconcile'] },
  'server/declared-memory.ts': { ours: [core], libraries: ['lru-cache'] },
  'server/diff-owners.ts': { ours: [core, 'server/declaring.ts'] },
  'server/drift-route.ts': { ours: [core, 'server/drift.ts', 'server/reconcile', 'server/state'] },
  'server/source-owners.ts': { ours: [core, 'server/config-file.ts', 'server/diff-owners.ts'] },
  'server/diff-recorded.ts': { ours: [core, 'server/ask-lockstep.ts', 'server/kube'] },
  'server/diff-facts.ts': 'everything',
  'server/diff-ports.ts': 'everything',
  'server/diff-command.ts': 'everything',
  'server/pr-command.ts': 'everything',
  'server/cli.ts': 'everything',
  'server/main.ts': 'everything',
};

const linesMost = 300;
const emptyNames = /^(utils?|common|helpers?|misc|lib)$/;

/** Clocks, chance, the network and the console: handed in, never reached for, where things are decided. */
const impure =
  /\b(?:Date\.now|performance\.now|Math\.random|randomUUID|randomBytes|setTimeout|setInterval|setImmediate|fetch)\s*\(|\bnew Date\(\)|\bconsole\./;
const pureFolders = ['server/core', 'server/declared', 'hooks', 'argocd', 'flux', 'server/state', 'server/reconcile'];

/** One sentence per broken rule; the files are those of server, hooks, argocd, flux (code) and test (names only). */
export function findViolations(files: readonly SourceFile[]): string[] {
  const code = files.filter(({ path }) => path.endsWith('.ts') && !path.startsWith('test/'));
  return [
    ...code.flatMap(checkImports),
    ...findCycles(code),
    ...files.flatMap(({ path }) => checkNames(path)),
    ...code.flatMap(checkText),
    ...findUnread(files),
  ];
}

function checkImports({ path, text }: SourceFile): string[] {
  const key = ruleFor(path);
  const allowed = key === undefined ? {} : rules[key];
  if (allowed === 'everything') return [];
  const ours = [...(allowed?.ours ?? []), ...(key === undefined || key.endsWith('.ts') ? [] : [key])];
  const libraries = allowed?.libraries ?? [];
  return importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith('.'))
      return libraries.includes(specifier) ? [] : [`${path} must not import ${specifier}`];
    const target = resolve(path, specifier);
    return ours.some((place) => isWithin(target, place)) ? [] : [`${path} must not import ${target}`];
  });
}

function ruleFor(path: string): string | undefined {
  return Object.keys(rules)
    .filter((place) => isWithin(path, place))
    .sort((a, b) => b.length - a.length)[0];
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function resolve(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

/** What a file imports or re-exports, statically or not, for types or for values. */
export function importsOf(text: string): string[] {
  const source = withoutComments(text);
  const statements = source.matchAll(/^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm);
  const others = source.matchAll(/(?:^\s*import|\bimport\s*\(|\brequire\s*\()\s*['"]([^'"]+)['"]/gm);
  return [...statements, ...others].map(([, specifier = '']) => specifier);
}

function findCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => resolve(path, specifier)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      return void cycles.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

function checkNames(path: string): string[] {
  const empty = path.split('/').find((part) => emptyNames.test(part.replace(/(\.test)?\.[a-z]+$/, '')));
  return empty === undefined ? [] : [`${path}: ${empty} names nothing`];
}

function checkText({ path, text }: SourceFile): string[] {
  const source = withoutComments(text);
  const found: string[] = [];
  const lines = text.split('\n').length - 1;
  if (lines > linesMost) found.push(`${path} has ${lines} lines, more than ${linesMost}`);
  const touched =
    /\bprocess\.(?:env|exit|exitCode|argv)\b/.exec(source)?.[0] ??
    importsOf(text).find((specifier) => /^(?:node:)?process$/.test(specifier));
  if (touched !== undefined && path !== 'server/main.ts')
    found.push(`${path} uses ${touched}: only server/main.ts may`);
  const reached = impure.exec(source)?.[0];
  if (reached !== undefined && pureFolders.some((folder) => isWithin(path, folder))) {
    found.push(`${path} uses ${reached}: it must be handed in`);
  }
  return found;
}

/** Every folder with code has a README. */
function findUnread(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const folders = new Set(files.filter(({ path }) => !path.startsWith('test/')).map(({ path }) => posix.dirname(path)));
  return [...folders]
    .filter((folder) => folder !== '.' && !folder.endsWith('/examples') && !paths.has(`${folder}/README.md`))
    .sort()
    .map((folder) => `${folder} has no README.md`);
}

/** Comments may name what code may not use. Strings stay; a `//` in one costs the rest of its line, which no import is on. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[\s;{}(),])\/\/.*$/gm, '$1');
}
