// Paths inside a repository, as text with slashes. node:path would do, but what is pure imports nothing that reaches outside.

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** '' for a file of the root. */
export function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** Resolves `.` and `..`; what would leave the root keeps its `..`, and so names no file. */
export function joinPath(directory: string, relative: string): string {
  const parts: string[] = [];
  for (const part of `${directory}/${relative}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
