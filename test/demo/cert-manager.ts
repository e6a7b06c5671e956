// What cert-manager leaves in a namespace: a TLS Secret under its field manager, and at a renewal the same with a new key.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KubeApi, KubeObject } from '../engines/api.ts';

export const secretName = 'web-tls';
/** The part of cert-manager that writes Secrets; cert-manager/cert-manager internal/controller/certificates. */
export const issuingManager = 'cert-manager-certificates-issuing';

/** Applies the Secret with a new key pair; answers it as stored. */
export function issueCertificate(api: KubeApi, namespace: string): Promise<KubeObject> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: {
      name: secretName,
      namespace,
      labels: { 'controller.cert-manager.io/fao': 'true' },
      annotations: {
        'cert-manager.io/alt-names': 'web.example.com',
        'cert-manager.io/certificate-name': secretName,
        'cert-manager.io/common-name': 'web.example.com',
        'cert-manager.io/ip-sans': '',
        'cert-manager.io/issuer-group': 'cert-manager.io',
        'cert-manager.io/issuer-kind': 'ClusterIssuer',
        'cert-manager.io/issuer-name': 'shop-ca',
        'cert-manager.io/uri-sans': '',
      },
    },
    data: { 'tls.crt': encode(sealedBytes()), 'tls.key': encode(privateKey) },
  };
  return api.apply(secret, { fieldManager: issuingManager });
}

/** In a certificate's armour, but random: nothing here parses certificates, and Node cannot issue one. */
function sealedBytes(): string {
  const lines =
    randomBytes(480)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
