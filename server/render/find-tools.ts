// Where the programs are that rendering needs: those that were configured, else on PATH.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Refused } from './refused.ts';

export const toolNames = ['kustomize', 'kubectl', 'helm', 'sops', 'prlimit', 'mkfifo'] as const;
export type ToolName = (typeof toolNames)[number];
/** Absolute paths; one that is missing is not there. */
export type ToolPaths = Readonly<Partial<Record<ToolName, string>>>;

/** `configured` wins over `path`, the value of the PATH variable. Programs that are not executable are left out. */
export async function findTools(configured: ToolPaths, path: string): Promise<ToolPaths> {
  const folders = path.split(':').filter(isAbsolute);
  const found = await Promise.all(
    toolNames.map(async (name) => {
      const own = configured[name];
      const candidates = own === undefined ? folders.map((folder) => join(folder, name)) : [own];
      for (const candidate of candidates) if (await isExecutable(candidate)) return [name, candidate] as const;
      return undefined;
    }),
  );
  return Object.fromEntries(found.filter((entry) => entry !== undefined));
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The path of a program; refuses with how to provide it. */
export function needTool(tools: ToolPaths, name: ToolName): string {
  const path = tools[name];
  if (path !== undefined) return path;
  throw new Refused(`${name} is not installed here: put it on PATH, or name it in the configuration`);
}
