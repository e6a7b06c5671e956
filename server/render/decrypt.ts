// Opens SOPS documents with an age key, from pipe to pipe: what is decrypted is never on disk.
import { Hidden } from '../core/hidden.ts';
import type { RenderedText } from '../core/rendering.ts';
import { splitDocuments } from '../declared/read.ts';
import { needTool, type Job } from './job.ts';
import { withPrivateTree } from './private-tree.ts';

/** SOPS writes its block last, at the first column. */
const sopsBlock = /^sops:\s*$/m;

/** Flux leaves such an object as it is. */
const keepsEncrypted = /^\s+["']?kustomize\.toolkit\.fluxcd\.io\/decrypt["']?:\s*["']?disabled["']?\s*$/im;

/** Documents that no held key opens stay encrypted, and are told as such by whoever compares them. */
export async function decryptTexts(job: Job, texts: readonly RenderedText[]): Promise<readonly RenderedText[]> {
  const { ageKeyFile } = job.workshop;
  if (ageKeyFile === undefined || !texts.some(({ text }) => sopsBlock.test(text.reveal()))) return texts;
  needTool(job.workshop, 'sops');
  return Promise.all(texts.map((text) => decryptText(job, text, ageKeyFile)));
}

async function decryptText(job: Job, rendered: RenderedText, ageKeyFile: string): Promise<RenderedText> {
  const documents = await Promise.all(
    splitDocuments(rendered.text.reveal()).map(async ({ text }) => {
      if (!sopsBlock.test(text) || keepsEncrypted.test(text)) return text;
      return (await decrypt(job, text, ageKeyFile)) ?? text;
    }),
  );
  return { ...rendered, text: new Hidden(documents.join('')) };
}

/** The MAC is not checked: Flux does not either, and kustomize has changed the document since. */
async function decrypt(job: Job, document: string, ageKeyFile: string): Promise<string | undefined> {
  const { workshop, signal } = job;
  return withPrivateTree(workshop.tempDirectory, async ({ directory, home }) => {
    const { code, stdout } = await workshop.run({
      program: needTool(workshop, 'sops'),
      name: 'sops',
      args: ['decrypt', '--ignore-mac', '--input-type', 'yaml', '--output-type', 'yaml'],
      home,
      directory,
      env: { SOPS_AGE_KEY_FILE: ageKeyFile },
      input: document.replace(/^---[^\n]*\n/, ''),
      signal,
    });
    return code === 0 ? `---\n${stdout}${stdout.endsWith('\n') ? '' : '\n'}` : undefined;
  });
}
