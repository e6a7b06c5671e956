// Opens SOPS documents with an age key, from pipe to pipe: what is decrypted is never on disk.
import { Hidden } from '../core/hidden.ts';
import type { RenderedText } from '../core/rendering.ts';
import { splitDocuments } from '../declared/read.ts';
import { needTool } from './find-tools.ts';
import type { Job } from './job.ts';
import { withPrivateTree } from './private-tree.ts';

/** SOPS writes its block last, at the first column. */
const sopsBlock = /^sops:\s*$/m;

/** Flux leaves such an object as it is. */
const keepsEncrypted = /^[ \t]+["']?kustomize\.toolkit\.fluxcd\.io\/decrypt["']?:[ \t]*["']?disabled["']?[ \t\r]*$/im;

/** Documents that no held key opens stay encrypted, and are told as such by whoever compares them. */
export async function decryptTexts(
  { workshop, signal }: Pick<Job, 'workshop' | 'signal'>,
  texts: readonly RenderedText[],
): Promise<readonly RenderedText[]> {
  const { ageKeyFile, tools } = workshop;
  if (ageKeyFile === undefined || !texts.some(({ text }) => isEncrypted(text.reveal()))) return texts;
  const program = needTool(tools, 'sops');
  return withPrivateTree(workshop.tempDirectory, async ({ directory, home }) => {
    const open: Open = async (document) => {
      const { code, stdout } = await workshop.run({
        program,
        name: 'sops',
        // The MAC is not checked: Flux does not either, and kustomize has changed the document since.
        args: ['decrypt', '--ignore-mac', '--input-type', 'yaml', '--output-type', 'yaml'],
        home,
        directory,
        env: { SOPS_AGE_KEY_FILE: ageKeyFile },
        input: document.replace(/^---[^\n]*\n/, ''),
        signal,
      });
      return code === 0 ? `---\n${stdout}${stdout.endsWith('\n') ? '' : '\n'}` : document;
    };
    return Promise.all(texts.map((text) => decryptText(text, open)));
  });
}

/** The document as it is when it cannot be opened. */
type Open = (document: string) => Promise<string>;

async function decryptText(rendered: RenderedText, open: Open): Promise<RenderedText> {
  const documents = splitDocuments(rendered.text.reveal()).map(async ({ text }) =>
    isEncrypted(text) ? open(text) : text,
  );
  return { ...rendered, text: new Hidden((await Promise.all(documents)).join('')) };
}

function isEncrypted(text: string): boolean {
  return sopsBlock.test(text) && !keepsEncrypted.test(text);
}
