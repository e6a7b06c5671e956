// Which tool a folder wants, by the files in it, as Argo CD finds out.
import type { AutoTool, SourceTree, Tool } from '../core/rendering.ts';

export const kustomizationFiles = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/** Both there: kustomize, which Argo CD meets later and so prefers. */
export function chooseTool(tree: SourceTree, path: string, tool: Tool): Exclude<Tool, AutoTool> {
  if (tool.tool !== 'auto') return tool;
  const has = (name: string): boolean => tree.entry(path === '' ? name : `${path}/${name}`)?.kind === 'file';
  if (kustomizationFiles.some(has)) return tool.kustomize;
  return has('Chart.yaml') ? tool.helm : tool.plain;
}
