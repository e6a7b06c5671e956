// Opens SOPS documents with an age key, from pipe to pipe: what is decrypted is never on disk.
import { isMap } from 'yaml';
import { Hidden } from '../core/hidden.ts';
import type { RenderedText } from '../core/rendering.ts';
import { composeDocument, objectMap, pairOf, splitDocuments } from '../declared/read.ts';
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
      const input = keepAge(document);
      if (input === undefined) return document;
      const { code, stdout } = await workshop.run({
        program,
        name: 'sops',
        // The MAC is not checked: Flux does not either, and kustomize has changed the document since.
        args: ['decrypt', '--ignore-mac', '--input-type', 'yaml', '--output-type', 'yaml'],
        home,
        directory,
        env: { SOPS_AGE_KEY_FILE: ageKeyFile },
        input: input.replace(/^---[^\n]*\n/, ''),
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

/** What sops is told of a document: no other source of keys, since it asks the vaults and clouds that a document names. */
const told = /^(?:age|mac|version|lastmodified|mac_only_encrypted|(?:un)?encrypted_(?:suffix|regex|comment_regex))$/;

/** The document with the age recipients alone; undefined when there are none, or when sops may read it otherwise than we do. */
function keepAge(text: string): string | undefined {
  if (/[\u0085\u2028\u2029]/.test(text)) return undefined;
  const composed = composeDocument(text);
  const root = composed.kind === 'document' ? objectMap(composed.document, undefined) : undefined;
  const block = root === undefined ? undefined : pairOf(root, 'sops');
  if (composed.kind !== 'document' || root === undefined || !isMap(block?.value)) return undefined;
  if (pairOf(root, '<<') !== undefined) return undefined;
  const fields = Object.entries(block.value.toJS(composed.document) as Readonly<Record<string, unknown>>);
  const kept = fields.filter(([name]) => told.test(name));
  if (!kept.some(([name]) => name === 'age')) return undefined;
  const next = root.items[root.items.indexOf(block) + 1];
  const rest = next === undefined ? '' : text.slice(next.key.range[0]);
  return `${text.slice(0, block.key.range[0])}sops: ${JSON.stringify(Object.fromEntries(kept))}\n${rest}`;
}

function isEncrypted(text: string): boolean {
  return sopsBlock.test(text) && !keepsEncrypted.test(text);
}
