import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { commitOf, describeFlux, fluxSender, parseFlux, verifyFlux } from '../../hooks/flux.ts';
import { hasCode } from '../../server/core/errors.ts';

// Body, key and signature as notification-controller sends them, byte for byte.
const body = Buffer.from(
  '{"involvedObject":{"kind":"Kustomization","namespace":"apps","name":"webapp","uid":"7d0cdc51-ddcf-4743-b223-83ca5c699632","apiVersion":"kustomize.toolkit.fluxcd.io/v1","resourceVersion":"12345"},"severity":"info","timestamp":"2026-08-20T10:00:00Z","message":"Reconciliation finished in 1.2s, next run in 10m0s","reason":"ReconciliationSucceeded","metadata":{"cluster":"prod","commit_status":"update","revision":"main@sha1:731f7eaddfb6af01cb2173e18f0f75b0ba780ef1"},"reportingController":"kustomize-controller","reportingInstance":"kustomize-controller-7c7b47f5f-8bhrp"}',
);
const key = Buffer.from('s3cr3t');
const signature = 'sha256=62eee762a1044ccd791e7495e651b7c22058c49c3d12e958e99d0c9bbcf719fb';
const sign = (hash: string, signed: Uint8Array = body, by: Uint8Array = key): string =>
  `${hash}=${createHmac(hash, by).update(signed).digest('hex')}`;

test('the vector is 569 bytes', () => assert.equal(body.length, 569));

const verdicts: [rule: string, body: Uint8Array, header: string | undefined, key: Uint8Array, valid: boolean][] = [
  ['the known signature', body, signature, key, true],
  ['sha224', body, sign('sha224'), key, true],
  ['sha384', body, sign('sha384'), key, true],
  ['sha512', body, sign('sha512'), key, true],
  ['sha1 is too weak', body, sign('sha1'), key, false],
  ['no header', body, undefined, key, false],
  ['an empty header', body, '', key, false],
  ['no hash named', body, signature.slice(7), key, false],
  ['two signatures in one header', body, `${signature}, ${signature}`, key, false],
  ['one digit wrong', body, signature.replace(/b$/, 'c'), key, false],
  ['cut short', body, signature.slice(0, -2), key, false],
  ['one hash’s name before another’s digest', body, sign('sha512').replace('sha512', 'sha256'), key, false],
  ['one byte more in the body', Buffer.concat([body, Buffer.from('\n')]), signature, key, false],
  ['a newline at the end of the key is part of it', body, signature, Buffer.from('s3cr3t\n'), false],
  [
    'a key with a newline, signed with it',
    body,
    sign('sha256', body, Buffer.from('s3cr3t\n')),
    Buffer.from('s3cr3t\n'),
    true,
  ],
  ['an empty key signs nothing', body, sign('sha256', body, Buffer.alloc(0)), Buffer.alloc(0), false],
  ['a key that is no UTF-8', body, sign('sha256', body, Buffer.from([0xff, 0])), Buffer.from([0xff, 0]), true],
  ['an empty body', Buffer.alloc(0), sign('sha256', Buffer.alloc(0)), key, true],
];
for (const [rule, bytes, header, by, valid] of verdicts) {
  test(`flux signature: ${rule}`, () => assert.equal(verifyFlux(bytes, header, by), valid));
}

test('flux signature: JSON written anew is not what was signed', () => {
  const escaped = Buffer.from('{"message":"a \\u003c b"}');
  const header = sign('sha256', escaped);
  assert.equal(verifyFlux(escaped, header, key), true);
  assert.equal(verifyFlux(Buffer.from(JSON.stringify(JSON.parse(escaped.toString()))), header, key), false);
});

test('flux event: the known body', () => {
  assert.deepEqual(parseFlux(body), {
    involvedObject: { kind: 'Kustomization', namespace: 'apps', name: 'webapp' },
    reason: 'ReconciliationSucceeded',
    severity: 'info',
    revision: 'main@sha1:731f7eaddfb6af01cb2173e18f0f75b0ba780ef1',
    originRevision: undefined,
    reportingController: 'kustomize-controller',
    timestamp: Date.UTC(2026, 7, 20, 10),
    message: 'Reconciliation finished in 1.2s, next run in 10m0s',
  });
});

function event(changes: Record<string, unknown>): Buffer {
  return Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as object), ...changes }));
}

test('flux event: metadata keys with their group prefix', () => {
  const metadata = {
    'kustomize.toolkit.fluxcd.io/revision': 'v1@sha256:ab',
    'kustomize.toolkit.fluxcd.io/originRevision': 'main@sha1:731f7eaddfb6af01cb2173e18f0f75b0ba780ef1',
  };
  const parsed = parseFlux(event({ metadata }));
  assert.equal(parsed.revision, 'v1@sha256:ab');
  assert.equal(describeFlux(parsed).commit, '731f7eaddfb6af01cb2173e18f0f75b0ba780ef1');
});

test('flux event: no metadata', () => {
  const parsed = parseFlux(event({ metadata: undefined }));
  assert.equal(parsed.revision, undefined);
  assert.equal(describeFlux(parsed).commit, undefined);
});

test('flux event: the objects of a change set are named', () => {
  const message = 'Deployment/apps/web configured\nSecret/apps/db created\nClusterRole/x created\nnot a line';
  assert.deepEqual(describeFlux(parseFlux(event({ message }))).touched, [
    { kind: 'Deployment', namespace: 'apps', name: 'web' },
    { kind: 'Secret', namespace: 'apps', name: 'db' },
  ]);
});

test('flux event: a change set beyond the bound names nothing', () => {
  const message = Array.from({ length: 501 }, (_, n) => `Deployment/apps/web${n} configured`).join('\n');
  assert.deepEqual(describeFlux(parseFlux(event({ message }))).touched, []);
});

const sha1 = '731f7eaddfb6af01cb2173e18f0f75b0ba780ef1';
const sha256 = sha1 + sha1.slice(0, 24);
for (const [revision, commit] of [
  [`main@sha1:${sha1}`, sha1],
  [`feature/a@sha1:${sha1}`, sha1],
  [`main/${sha1}`, sha1],
  [`sha1:${sha1}`, sha1],
  [sha1, sha1],
  [`latest@sha256:${sha256}`, undefined],
  [`sha256:${sha256}`, undefined],
  [sha256, undefined],
  ['6.5.4', undefined],
  ['main@sha1:731f7ea', undefined],
  [undefined, undefined],
] as const) {
  test(`flux revision ${revision}`, () => assert.equal(commitOf(revision), commit));
}

const refusals: [rule: string, body: Uint8Array, message: RegExp][] = [
  ['no JSON', Buffer.from('hunter2'), /the body is no JSON$/],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /the body is no JSON$/],
  ['a list', Buffer.from('[]'), /the body is no map$/],
  ['no object', event({ involvedObject: undefined }), /involvedObject is no map$/],
  [
    'an object without a name',
    event({ involvedObject: { kind: 'A', namespace: 'b' } }),
    /involvedObject.name is missing/,
  ],
  ['a reason that is a number', event({ reason: 3 }), /reason is missing or no text$/],
  ['a time that is none', event({ timestamp: 'hunter2' }), /timestamp is no time$/],
  ['metadata that is text', event({ metadata: 'hunter2' }), /metadata is no map$/],
];
for (const [rule, bytes, message] of refusals) {
  test(`flux event is refused: ${rule}`, () => {
    assert.throws(
      () => fluxSender.parse(bytes),
      (error: unknown) => {
        assert.ok(hasCode(error, 'hook-body-invalid'));
        assert.match(error.message, message);
        assert.ok(!error.message.includes('hunter2'));
        return true;
      },
    );
  });
}
