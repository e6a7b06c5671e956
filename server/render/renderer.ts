// Carries out one part of a plan: chooses the way, renders, decrypts, substitutes. Read this file first.
import { createHmac } from 'node:crypto';
import { Hidden } from '../core/hidden.ts';
import type { Renderer, RenderPart, RenderPorts, RenderedText, Tool } from '../core/rendering.ts';
import type { ToolPaths } from './find-tools.ts';
import type { Job, Method } from './job.ts';
import { createQueue } from './queue.ts';
import { Refused } from './refused.ts';
import { createToolRunner, defaultLimits, type RunnerLimits } from './run-tool.ts';
import { chooseTool } from './auto.ts';
import { methods } from './methods.ts';
import { decryptTexts } from './decrypt.ts';
import { readVariables, substitute } from './substitute.ts';
import { folderId } from './tree-paths.ts';

export interface RendererOptions {
  readonly tools: ToolPaths;
  /** age identities for SOPS; without it encrypted documents stay encrypted. */
  readonly ageKeyFile: string | undefined;
  /** Best in memory: kustomize and helm need what they render as files. */
  readonly tempDirectory: string;
  /** Random, for this process: identities hold digests of values. */
  readonly identityKey: Uint8Array;
  readonly limits?: Partial<RunnerLimits>;
  /** Tools that run at once. */
  readonly concurrency?: number;
}

const usualConcurrency = 2;

export function createRenderer(options: RendererOptions): Renderer {
  const { tools, tempDirectory, ageKeyFile, identityKey } = options;
  const run = createToolRunner({
    limits: { ...defaultLimits, ...options.limits },
    queue: createQueue(options.concurrency ?? usualConcurrency),
    tools,
  });
  const workshop = { tools, run, tempDirectory, ageKeyFile, asks: new Map() };
  const open = async (part: RenderPart, ports: RenderPorts, signal: AbortSignal): Promise<Job> => {
    const tree = await ports.trees(part.tree, signal);
    return { part, tool: part.tool, tree, ports, workshop, signal };
  };
  return {
    identify: async (part, ports, signal) => {
      const job = await open(part, ports, signal);
      const inputs = await listInputs(job);
      const hash = createHmac('sha256', identityKey);
      for (const line of [describePart(part), JSON.stringify(tools), ageKeyFile ?? '', ...inputs]) {
        hash.update(`${line.length} ${line}`);
      }
      return hash.digest('base64url');
    },
    render: async (part, ports, signal) => {
      try {
        const manifests = await renderJob(await open(part, ports, signal));
        return { kind: 'rendered', manifests };
      } catch (error) {
        if (error instanceof Refused) return error.toRefusal();
        throw error;
      }
    },
  };
}

/** A refusal depends on anything in the tree. */
async function listInputs(job: Job): Promise<readonly string[]> {
  try {
    const [inputs, variables] = [await methodOf(job).inputs(), await readVariables(job)];
    return [...inputs, ...variables.versions];
  } catch (error) {
    if (error instanceof Refused) return [error.message, folderId(job.tree, '')];
    throw error;
  }
}

async function renderJob(job: Job): Promise<readonly RenderedText[]> {
  const variables = await readVariables(job);
  const rendered = await methodOf(job).render();
  const clear = job.part.decrypts ? await decryptTexts(job, rendered) : rendered;
  const { substitution } = job.part;
  return substitution === undefined
    ? clear
    : clear.flatMap((text) => substitute(text, variables, substitution.strategy));
}

interface BoundMethod {
  inputs(): Promise<readonly string[]>;
  render(): Promise<readonly RenderedText[]>;
}

function methodOf(job: Job): BoundMethod {
  const tool = chooseTool(job.tree, job.part.path, job.tool);
  switch (tool.tool) {
    case 'plain':
      return bind(methods.plain, { ...job, tool });
    case 'kustomize':
      return bind(methods.kustomize, { ...job, tool });
    case 'helm':
      return bind(methods.helm, { ...job, tool });
    case 'helm-release':
      return bind(methods['helm-release'], { ...job, tool });
  }
}

function bind<T extends Tool>(method: Method<T>, job: Job<T>): BoundMethod {
  return { inputs: () => method.inputs(job), render: () => method.render(job) };
}

/** The part as text, values included, but not the revisions: what is in the files counts, not when it was committed. */
function describePart(part: RenderPart): string {
  return JSON.stringify(part, function (this: Record<string, unknown>, key: string, value: unknown): unknown {
    const own = this[key];
    if (own instanceof Hidden) return JSON.stringify(plain(own.reveal()));
    return key === 'tree' ? (own as { repository?: string } | undefined)?.repository : value;
  });
}

function plain(value: unknown): unknown {
  return value instanceof Map ? [...(value as ReadonlyMap<unknown, unknown>)] : value;
}
