// Which addresses alerts and webhooks may go to: never a cloud's metadata service, which hands out credentials, nor anything else on the link.
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { LockstepError } from '../core/errors.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name; `dns.lookup` is one. */
export type Resolve = (host: string, answer: (error: Error | null, found: readonly Address[]) => void) => void;

/** IPv4 ranges count inside IPv6 too (`::ffff:169.254.169.254`). */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('0.0.0.0', 8, 'ipv4');
refused.addAddress('100.100.100.200', 'ipv4');
refused.addAddress('192.0.0.192', 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('::', 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6');
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** For a URL's host that is an address itself: no name is looked up for it. Throws `sink-address-refused`. */
export function checkHost(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family !== 0 && isRefused({ address, family })) throw refuse(hostname);
}

/**
 * A lookup for sockets that refuses a name with any refused address. What it answers is what is connected to, so a name that
 * changes its mind between check and use gains nothing.
 */
export function guardedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, found) => {
      const first = error === null ? found[0] : undefined;
      if (error !== null) callback(error, '');
      else if (first === undefined || found.some(isRefused)) callback(refuse(hostname), '');
      else if (options.all === true) callback(null, [...found]);
      else callback(null, first.address, first.family);
    });
  };
}

function isRefused({ address, family }: Address): boolean {
  return refused.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function refuse(host: string): LockstepError {
  return new LockstepError('sink-address-refused', {
    message: `cannot send to ${host}: link-local and metadata addresses are refused`,
  });
}
