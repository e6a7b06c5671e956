// A bare repository with manifests and a person's clone of it, in a temporary directory of its own.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RepositoryOptions } from '../../server/git/repository.ts';
import { openRepository } from '../../server/git/repository.ts';
import type { Repository } from '../../server/core/repository.ts';

export interface World {
  readonly root: string;
  /** The bare repository's directory. */
  readonly bare: string;
  /** Runs git in the bare repository. */
  git(...args: string[]): string;
  /** Commits files on a branch as a person would, and pushes. Answers with the commit. */
  person(branch: string, files: Readonly<Record<string, string>>, message?: string): string;
  /** Runs git in the person's clone. */
  clone(...args: string[]): string;
  /** A file's text at a branch. */
  show(branch: string, path: string): string;
  /** Every ref with its commit. */
  refs(): string;
  open(options?: Partial<RepositoryOptions>): Repository;
  [Symbol.dispose](): void;
}

const identity = {
  GIT_AUTHOR_NAME: 'Pat',
  GIT_AUTHOR_EMAIL: 'pat@example.org',
  GIT_COMMITTER_NAME: 'Pat',
  GIT_COMMITTER_EMAIL: 'pat@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

export function createWorld(files: Readonly<Record<string, string>> = {}): World {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-git-'));
  const bare = join(root, 'server', 'shop.git');
  const work = join(root, 'person');
  const run = (cwd: string, args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd,
      env: { ...process.env, ...identity },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  mkdirSync(bare, { recursive: true });
  run(bare, ['init', '-q', '--bare', '-b', 'main', '.']);
  for (const key of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant', 'http.receivepack'])
    run(bare, ['config', key, 'true']);
  mkdirSync(work);
  run(work, ['init', '-q', '-b', 'main', '.']);
  run(work, ['remote', 'add', 'origin', bare]);
  let mirrors = 0;
  const world: World = {
    root,
    bare,
    git: (...args) => run(bare, args).trim(),
    clone: (...args) => run(work, args).trim(),
    person: (branch, changed, message = 'Change by a person') => {
      run(work, ['fetch', '-q', 'origin']);
      const known = world.git('for-each-ref', '--format=x', `refs/heads/${branch}`) !== '';
      run(work, known ? ['checkout', '-q', '-B', branch, `origin/${branch}`] : ['checkout', '-q', '-B', branch]);
      for (const [path, text] of Object.entries(changed)) {
        mkdirSync(dirname(join(work, path)), { recursive: true });
        writeFileSync(join(work, path), text);
      }
      run(work, ['add', '-A']);
      run(work, ['commit', '-q', '--allow-empty', '-m', message]);
      run(work, ['push', '-q', 'origin', branch]);
      return run(work, ['rev-parse', 'HEAD']).trim();
    },
    show: (branch, path) => run(bare, ['cat-file', '-p', `${branch}:${path}`]),
    refs: () => run(bare, ['for-each-ref', '--format=%(refname) %(objectname)']),
    open: (options = {}) => {
      const stateDirectory = join(root, `state-${mirrors++}`);
      mkdirSync(stateDirectory);
      return openRepository({
        url: bare,
        policy: { local: 'allowed' },
        stateDirectory,
        ambient: process.env,
        ...options,
      });
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  world.person('main', { 'README.md': '# Shop\n', ...files }, 'Start');
  return world;
}

/** Text of a file in the test tree. */
export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
