// A real OpenSSH server on loopback for tests: the user's own account, one key, and git as the only command.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const program = '/usr/sbin/sshd';

/** Why no server can be run here; undefined: it can. */
export const whyNoSsh = existsSync(program) ? undefined : 'there is no /usr/sbin/sshd: install openssh-server';

export interface SshServer {
  /** `ssh://user@127.0.0.1:port`, to be followed by an absolute path. */
  readonly url: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** Known hosts with another server's key. */
  readonly wrongHostsFile: string;
  /** A key that the server does not know. */
  readonly strangerFile: string;
  stop(): Promise<void>;
}

export async function startSshServer(): Promise<SshServer> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-ssh-'));
  const at = (name: string): string => join(directory, name);
  for (const name of ['host', 'other-host', 'identity', 'stranger'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)]);
  const port = await freePort();
  const publicOf = (name: string): string => readFileSync(at(`${name}.pub`), 'utf8');
  writeFileSync(at('keys'), `restrict ${publicOf('identity')}`);
  writeFileSync(at('known'), `[127.0.0.1]:${port} ${publicOf('host')}`);
  writeFileSync(at('wrong'), `[127.0.0.1]:${port} ${publicOf('other-host')}`);
  const lines = [
    ...[
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('keys')}`,
      'PidFile none',
    ],
    ...[
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
    ],
  ];
  writeFileSync(at('config'), `${lines.join('\n')}\n`);
  chmodSync(directory, 0o755);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true }); // where a privileged sshd locks itself up
  const child = spawn(program, ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Server listening')) resolve();
    });
    child.on('error', reject);
    child.on('close', () => reject(new Error(`sshd ended: ${text}`)));
  });
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    identityFile: at('identity'),
    knownHostsFile: at('known'),
    wrongHostsFile: at('wrong'),
    strangerFile: at('stranger'),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
