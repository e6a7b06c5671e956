import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, escapeMarkdown, renderMarkdownTable } from '../server/markdown.ts';

const texts: Readonly<Record<string, [text: string, expected: string]>> = {
  'names and sentences stay': ['apps/shop: 3 of 4, level=info.', 'apps/shop: 3 of 4, level=info.'],
  'a cell ends nowhere': ['a|b', 'a&#124;b'],
  'no markup': ['**a** _b_ `c` <d>', '&#42;&#42;a&#42;&#42; &#95;b&#95; &#96;c&#96; &#60;d&#62;'],
  'no entity': ['&lt;', '&#38;lt;'],
  'no line of its own': ['a\n# b', 'a &#35; b'],
  'nobody is mentioned, no issue is linked': ['@all #1', '&#64;&#8203;all &#35;1'],
  'no link': ['[a](https://x) www.y', '&#91;a&#93;&#40;https:&#47;&#47;x&#41; www&#46;y'],
};
for (const [rule, [text, expected]] of Object.entries(texts)) {
  test(`markdown: ${rule}`, () => assert.equal(escapeMarkdown(text), expected));
}

test('markdown: a table, and a name as code', () => {
  const rows = [['Object'], [code('a|b')]];
  assert.equal(renderMarkdownTable(rows), '| Object |\n| --- |\n| <code>a&#124;b</code> |\n');
});
