// A server on this machine that answers everything, as what must not be asked, and archives that helm must not trust.
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What it was asked since the process began. */
export const asked: string[] = [];

const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { value: asked }\n';
  response.end(request.url?.endsWith('.json') === true ? '{}' : manifest);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
server.unref();
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the server has no port');

/** On loopback, where no proxy of the environment stands in between. */
export const bait = `http://127.0.0.1:${address.port}`;

export interface Member {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** A symbolic link to this. */
  readonly link?: string;
}

/** As tar and gzip write it, whatever the names say. */
export function pack(members: readonly Member[]): Uint8Array {
  const blocks = members.flatMap(({ name, content = '', link }) => {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    const size = link === undefined ? bytes.length : 0;
    header.write(name, 0);
    header.write(`0000644\0${'0000000\0'.repeat(2)}${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 100);
    header.write(`        ${link === undefined ? '0' : '2'}${link ?? ''}`, 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const rest = (512 - (size % 512)) % 512;
    return link === undefined ? [header, bytes, Buffer.alloc(rest)] : [header];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
