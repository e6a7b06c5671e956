// Splits a stream of bytes into lines, and ends it when nothing came for too long.

/** Refused beyond this: the API server's objects end at about 3 MiB of JSON. */
const maxLineBytes = 16 * 1024 * 1024;

export interface LineOptions {
  /** No byte for this long ends the lines as if the stream had ended. */
  readonly silenceMs: number;
  readonly onSilence: () => void;
}

/** Lines as text, without the newline. What follows the last newline is incomplete and dropped. */
export async function* readLines(chunks: AsyncIterable<Buffer>, options: LineOptions): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const silence = setTimeout(options.onSilence, options.silenceMs);
  try {
    for await (const chunk of chunks) {
      silence.refresh();
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
        rest = [];
        restBytes = 0;
        start = end + 1;
        if (line !== '') yield line;
        silence.refresh();
      }
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > maxLineBytes) throw new RangeError(`a line of the watch is longer than ${maxLineBytes} bytes`);
    }
  } finally {
    clearTimeout(silence);
  }
}
