// The senders of webhooks and their keys. A key is read at each delivery, so that a rotated Secret counts at once.
import type { TenantConfig } from './config-file.ts';
import { refuse } from './flags.ts';
import type { Tenant } from './http/receivers.ts';

/** Throws when the file cannot be read. */
export type ReadBytes = (path: string) => Uint8Array;

const noKey = new Uint8Array();

/** Tenant by name. Throws `config-invalid` when a key cannot be read, or is empty, now; later such a key signs nothing. */
export function createTenants(tenants: readonly TenantConfig[], read: ReadBytes): (name: string) => Tenant | undefined {
  const unusable = tenants.filter(({ keyFile }) => readKey(keyFile, read).length === 0);
  if (unusable.length > 0) {
    throw refuse(unusable.map(({ name, keyFile }) => `Flux tenant ${name}: ${keyFile} is empty or cannot be read`));
  }
  const byName = new Map(tenants.map((tenant) => [tenant.name, tenant]));
  return (name) => {
    const tenant = byName.get(name);
    return tenant && { key: readKey(tenant.keyFile, read), namespaces: tenant.namespaces };
  };
}

function readKey(path: string, read: ReadBytes): Uint8Array {
  try {
    return read(path);
  } catch {
    return noKey; // an empty key signs nothing
  }
}
