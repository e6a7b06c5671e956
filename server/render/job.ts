// What the parts of a rendering are handed: one part of a plan, its tree, and the programs.
import type { RenderPart, RenderPorts, RenderedText, SourceTree, Tool } from '../core/rendering.ts';
import type { KnownAsks } from './chart-asks.ts';
import type { ToolPaths } from './find-tools.ts';
import type { RunTool } from './run-tool.ts';

export interface Workshop {
  readonly tools: ToolPaths;
  readonly run: RunTool;
  readonly tempDirectory: string;
  readonly ageKeyFile: string | undefined;
  readonly asks: KnownAsks;
}

export interface Job<T extends Tool = Tool> {
  readonly part: RenderPart;
  readonly tool: T;
  readonly tree: SourceTree;
  readonly ports: RenderPorts;
  readonly workshop: Workshop;
  readonly signal: AbortSignal;
}

/** One way to render. Both throw `Refused`. */
export interface Method<T extends Tool> {
  /** What the result depends on beside the part's own text: ids of files and versions of live objects. */
  inputs(job: Job<T>): Promise<readonly string[]>;
  render(job: Job<T>): Promise<readonly RenderedText[]>;
}
