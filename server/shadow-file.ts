// The history of shadow mode as a file of JSON lines in the state directory, and the one before it. Only this file touches the disk.
import { appendFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the history outlives the process. */
export interface HistoryFile {
  /** All lines, oldest first; also those that somebody damaged. */
  read(): Promise<readonly string[]>;
  append(line: string): Promise<void>;
}

/** About 10,000 lines. The file before it is as large. */
const bytesMost = 2_500_000;

export function openHistoryFile(folder: string, most = bytesMost): HistoryFile {
  const [path, before] = [join(folder, 'shadow.jsonl'), join(folder, 'shadow.1.jsonl')];
  let size = 0;
  /** A process that was killed may have left half a line. */
  let isWhole = true;
  return {
    async read() {
      const [old, text] = await Promise.all([readText(before), readText(path)]);
      size = Buffer.byteLength(text);
      isWhole = text === '' || text.endsWith('\n');
      return `${old}\n${text}`.split('\n').filter((line) => line !== '');
    },
    async append(line) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (size >= most) {
        await rename(path, before);
        [size, isWhole] = [0, true];
      }
      const text = `${isWhole ? '' : '\n'}${line}\n`;
      await appendFile(path, text, { mode: 0o600 });
      size += Buffer.byteLength(text);
      isWhole = true;
    },
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
