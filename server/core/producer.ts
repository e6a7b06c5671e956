// What makes a config object from something else: cert-manager, External Secrets, Sealed Secrets, Vault's operator, the CSI driver.

export const producerKinds = [
  'Certificate',
  'ExternalSecret',
  'SealedSecret',
  'VaultStaticSecret',
  'VaultDynamicSecret',
  'SecretProviderClass',
] as const;
export type ProducerKind = (typeof producerKinds)[number];

/** What makes the object from something else, as the object says. */
export interface Producer {
  readonly kind: ProducerKind;
  /** Undefined where the mark names none. */
  readonly name: string | undefined;
  /** An owner reference; a label or annotation, which anyone may copy; or the field manager's name. */
  readonly by: 'owner' | 'mark' | 'manager';
}

export interface Owner {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface ProducerFacts {
  readonly owners: readonly Owner[];
  /** Labels and annotations. */
  readonly marks: Readonly<Record<string, string>>;
  /** Names of the field managers that own data. */
  readonly managers: readonly string[];
}

const producerGroups: Readonly<Record<ProducerKind, string>> = {
  Certificate: 'cert-manager.io',
  ExternalSecret: 'external-secrets.io',
  SealedSecret: 'bitnami.com',
  VaultStaticSecret: 'secrets.hashicorp.com',
  VaultDynamicSecret: 'secrets.hashicorp.com',
  SecretProviderClass: 'secrets-store.csi.x-k8s.io',
};

/** An owner reference to what makes config objects. */
export function isProducer({ group, kind }: Owner): boolean {
  return producerKinds.some((known) => known === kind && producerGroups[known] === group);
}

/** Labels and annotations that name a producer. `value`: the name of the producer, or a word that says that there is one. */
export const producerMarks = {
  'cert-manager.io/certificate-name': { kind: 'Certificate', value: 'name' },
  'reconcile.external-secrets.io/managed': { kind: 'ExternalSecret', value: 'true' },
  'sealedsecrets.bitnami.com/managed': { kind: 'SealedSecret', value: 'true' },
  'secrets-store.csi.k8s.io/managed': { kind: 'SecretProviderClass', value: 'true' },
} as const satisfies Readonly<Record<string, { kind: ProducerKind; value: 'name' | 'true' }>>;

/** External Secrets puts the name into its field manager's, also where it owns no more than a few keys. */
const externalSecretManager = /^externalsecrets\.external-secrets\.io\/([^/]+)$/;

/** The surest mark first. A SecretProviderClass owns nothing itself: its driver names the users of the Secret as owners. */
export function findProducer({ owners, marks, managers }: ProducerFacts): Producer | undefined {
  for (const kind of producerKinds) {
    const owner = owners.find((candidate) => candidate.kind === kind && candidate.group === producerGroups[kind]);
    if (owner !== undefined) return { kind, name: owner.name, by: 'owner' };
  }
  for (const [mark, { kind, value }] of Object.entries(producerMarks)) {
    const text = Object.hasOwn(marks, mark) ? marks[mark] : undefined;
    if (text === undefined || text === '') continue;
    if (value === 'name') return { kind, name: text, by: 'mark' };
    if (text === 'true') return { kind, name: undefined, by: 'mark' };
  }
  for (const manager of managers) {
    const name = externalSecretManager.exec(manager)?.[1];
    if (name !== undefined) return { kind: 'ExternalSecret', name, by: 'manager' };
  }
  return undefined;
}
