// A world with a Git server over http and the port that reads its trees, with a clock that is set by hand.
import { join } from 'node:path';
import type { SourceTree } from '../../server/core/rendering.ts';
import type { SourceTreesOptions } from '../../server/git/trees.ts';
import { createSourceTrees } from '../../server/git/trees.ts';
import type { GitServer, GitServerOptions } from './server.ts';
import { startGitServer } from './server.ts';
import type { World } from './world.ts';
import { createWorld } from './world.ts';

export interface TreeWorld {
  readonly world: World;
  readonly server: GitServer;
  readonly url: string;
  readonly trees: ReturnType<typeof createSourceTrees>;
  readonly stateDirectory: string;
  /** Milliseconds, added to by tests. */
  readonly clock: { now: number };
  readonly signal: AbortSignal;
  open(revision: string): Promise<SourceTree>;
  /** Requests that carried a question to git, since the last call. */
  posts(): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TreeWorldOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly server?: Partial<GitServerOptions>;
  readonly trees?: Partial<SourceTreesOptions>;
}

export async function createTreeWorld({
  files,
  server: serverOptions,
  trees: treesOptions,
}: TreeWorldOptions = {}): Promise<TreeWorld> {
  const world = createWorld(files);
  const server = await startGitServer({ directory: join(world.root, 'server'), ...serverOptions });
  const stateDirectory = join(world.root, 'state');
  const clock = { now: 1_800_000_000_000 };
  const stop = new AbortController();
  const signal = AbortSignal.timeout(150_000);
  const url = `${server.url}/shop.git`;
  const trees = createSourceTrees({
    stateDirectory,
    ambient: { PATH: process.env['PATH'] },
    policy: { local: 'allowed' },
    credentialsFor: () => undefined,
    now: () => clock.now,
    stop: stop.signal,
    ...treesOptions,
  });
  return {
    ...{ world, server, url, trees, stateDirectory, clock, signal },
    open: (revision) => trees.open({ repository: url, revision }, signal),
    posts: () => server.requests.splice(0).filter((line) => line.startsWith('POST')),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('the test is over'));
      await server.stop();
      world[Symbol.dispose]();
    },
  };
}

/** The files at these paths as text. */
export async function readTexts(tree: SourceTree, paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  const files = await tree.read(paths, signal);
  return paths.map((path) => Buffer.from(files.get(path) ?? []).toString());
}
