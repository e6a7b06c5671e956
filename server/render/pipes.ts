// Named pipes: how values reach a tool that wants to read files. They have a name, and no content on any disk.
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { needTool, type ToolPaths } from './find-tools.ts';
import { Refused } from './refused.ts';

export interface Pipe {
  /** Absolute; nothing is there yet. */
  readonly path: string;
  readonly text: string;
}

/** Runs `work` while each text can be read once from its pipe, in the order given. */
export async function withPipes<T>(tools: ToolPaths, pipes: readonly Pipe[], work: () => Promise<T>): Promise<T> {
  if (pipes.length === 0) return work();
  await makePipes(
    needTool(tools, 'mkfifo'),
    pipes.map(({ path }) => path),
  );
  const feeding = feed(pipes);
  try {
    return await work();
  } finally {
    await feeding.release();
  }
}

function makePipes(mkfifo: string, paths: readonly string[]): Promise<void> {
  const child = spawn(mkfifo, ['-m', '600', '--', ...paths], { env: {}, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Refused('mkfifo could not make a pipe'));
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? resolve() : fail()));
  });
}

interface Feeding {
  /** Ends it, whether or not everything was read. */
  release(): Promise<void>;
}

/**
 * Opening a pipe waits in one of Node's few threads until somebody reads it: they are opened one after the other, and
 * only once the tool that reads them may start.
 */
function feed(pipes: readonly Pipe[]): Feeding {
  const state: { current: string | undefined; isReleased: boolean } = { current: undefined, isReleased: false };
  const run = async (): Promise<void> => {
    for (const { path, text } of pipes) {
      state.current = path;
      const pipe = await open(path, constants.O_WRONLY);
      await pipe.writeFile(text).catch(() => {}); // the reader ended early; its exit code tells
      await pipe.close();
      if (state.isReleased) return;
    }
    state.current = undefined;
  };
  const feeding = run();
  feeding.catch(() => {}); // told by `release`
  return {
    release: async () => {
      state.isReleased = true;
      if (state.current !== undefined) await drain(state.current, feeding);
      await feeding;
    },
  };
}

/** Reads what nobody wants any more, so that the writer's thread comes free. */
async function drain(path: string, feeding: Promise<void>): Promise<void> {
  let isOver = false;
  void feeding.finally(() => (isOver = true)).catch(() => {});
  const reader: FileHandle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const sink = Buffer.alloc(64 * 1024);
  try {
    while (!isOver) {
      await reader.read(sink).catch(() => {}); // nothing there at the moment
      await setImmediate();
    }
  } finally {
    await reader.close();
  }
}
