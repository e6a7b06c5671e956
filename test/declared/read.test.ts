import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText, readObjects } from '../../server/declared/read.ts';

const every = (): boolean => true;
const head = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n';

const bombs: [string, string][] = [
  ['nested lists', '['.repeat(100_000)],
  ['nested maps', '{a: '.repeat(100_000)],
  ['nested sequences', '- '.repeat(50_000)],
  ['nested explicit keys', '? '.repeat(50_000)],
  ['billion laughs', `a: &a [x]\n${Array.from({ length: 200 }, (_, n) => `b${n}: &b${n} [*a,*a,*a]\n`).join('')}`],
  ['many aliases', `a: &a 1\n${'b: *a\n'.repeat(20_000)}`],
  ['many anchors', '&a '.repeat(100_000)],
  ['many keys', Array.from({ length: 100_000 }, (_, n) => `k${n}: 1`).join('\n')],
  ['many quotes', '"'.repeat(400_000)],
  ['quoted words', "'a' ".repeat(100_000)],
  ['bad escapes', `a: "${'\\x'.repeat(100_000)}"`],
  ['commas', `[${','.repeat(100_000)}]`],
  ['directives', '%x\n'.repeat(100_000)],
  ['documents', '---\na: 1\n'.repeat(100_000)],
  ['document ends', 'a: 1\n...\n'.repeat(50_000)],
  ['size', `a: ${'x'.repeat(3_000_000)}`],
  ['errors', '- a\n b: c\n'.repeat(30_000)],
];

readObjects(head, every); // The first call compiles.
for (const [name, text] of bombs) {
  test(`a bomb of ${name} is refused within 50 ms`, () => {
    const times: number[] = [];
    let result = readObjects('', every);
    // Processor time, the best of ten: a busy machine is not what is measured.
    for (let run = 0; run < 10 && Math.min(...times) >= 50; run++) {
      const startedAt = process.cpuUsage();
      result = readObjects(text, every);
      const { user, system } = process.cpuUsage(startedAt);
      times.push((user + system) / 1000);
    }
    assert.equal(result.kind, 'refused');
    assert.ok(Math.min(...times) < 50, `${Math.min(...times)} ms`);
  });
}

test('keys of the prototype are keys like others', () => {
  const text = `${head}  annotations:\n    __proto__: "x"\n    constructor: "y"\n__proto__:\n  polluted: yes\n`;
  const result = readObjects(text, every);
  assert.equal(result.kind, 'objects');
  assert.ok(result.kind === 'objects' && Object.hasOwn(result.objects[0]?.annotations ?? {}, '__proto__'));
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('documents that are not wanted are not even parsed', () => {
  const result = readObjects(`{{ template }}\n---\n${head}`, (text) => text.includes('web'));
  assert.deepEqual(result.kind === 'objects' && result.objects.map(({ name, place }) => [name, place.document]), [
    ['web', 1],
  ]);
});

test('an escaped backslash is no escape of what follows it', () => {
  const read = (text: string) => readObjects(`${head}  annotations: {a: "${text}"}\n`, every);
  const result = read(String.raw`\\d+\\.x\\\n`);
  assert.equal(result.kind === 'objects' && result.objects[0]?.annotations['a'], '\\d+\\.x\\\n');
  for (const bad of [String.raw`\d`, String.raw`\\\d`, String.raw`\x4\\1`]) assert.equal(read(bad).kind, 'refused');
});

test('escapes of four digits stand beside each other, as JSON writes them', () => {
  const result = readObjects(`${head}  annotations: {a: "${String.raw`gr\u00fc\u00df \U0001F600\/`}"}\n`, every);
  assert.equal(result.kind === 'objects' && result.objects[0]?.annotations['a'], 'gr\u00fc\u00df \u{1F600}/');
});

test('characters that the tools refuse are refused, wherever they stand', () => {
  for (const bad of ['\u0000', '\u0007', '\u007f', '\u0080', '\uffff']) {
    assert.equal(readObjects(`${head}# ${bad}\n`, every).kind, 'refused', JSON.stringify(bad));
  }
  assert.equal(readObjects(`\ufeff${head}# \t\u0085\u00a0\u2028\n`, every).kind, 'objects');
});

test('a namespace that is a number, or is there twice, is not taken for none', () => {
  for (const namespace of ['  namespace: 1\n', '  namespace: a\n  namespace: b\n', '  namespace: {}\n']) {
    assert.deepEqual(readObjects(`${head}${namespace}`, every), { kind: 'objects', objects: [] });
  }
  for (const none of ['', '  namespace:\n', '  namespace: ""\n']) {
    const result = readObjects(`${head}${none}`, every);
    assert.equal(result.kind === 'objects' && result.objects.length, 1);
  }
});

test('a syntax error names its line', () => {
  assert.deepEqual(
    readObjects(`a: 1\n---\n${head} bad\n`, (text) => text.includes('web')),
    { kind: 'refused', refusal: 'syntax', line: 7 },
  );
});

test('text that is not UTF-8 is none', () => {
  assert.equal(decodeText(Uint8Array.of(0xff, 0xfe, 0x61, 0)), undefined);
  assert.equal(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa');
});
