import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import { checkPath, checkRef, displayUrl, parseUrl } from '../../server/git/validate.ts';

const accepted: [string, string][] = [
  ['https://git.example.org/shop.git', 'https'],
  ['https://git.example.org:8443/a/b/shop', 'https'],
  ['ssh://git@git.example.org:2222/shop.git', 'ssh'],
  ['git@git.example.org:team/shop.git', 'ssh'],
  ['git.example.org:/srv/shop.git', 'ssh'],
];
const local: [string, string][] = [
  ['http://127.0.0.1:3000/shop.git', 'http'],
  ['file:///srv/shop.git', 'file'],
  ['/srv/shop.git', 'file'],
];
const refusedUrls = [
  '',
  'ext::sh -c touch% /tmp/x',
  'ext::sh',
  'fd::3',
  'git://git.example.org/shop.git',
  'ftp://git.example.org/shop.git',
  '--upload-pack=touch /tmp/x',
  '-oProxyCommand=touch',
  'ssh://-oProxyCommand=touch/shop.git',
  'ssh://git@-oProxyCommand/shop.git',
  'ssh://git:secret@git.example.org/shop.git',
  'ssh://git.example.org/-shop',
  '-x@git.example.org:shop.git',
  'git@-git.example.org:shop.git',
  'git@git.example.org:-shop',
  'https://user:secret@git.example.org/shop.git',
  'https://token@git.example.org/shop.git',
  'https://git.example.org/shop.git?x=1',
  'https://git.example.org/shop.git#x',
  'https://git.example.org/shop\n.git',
  'https://git.example.org/sh op.git',
  'https://git.example.org\\@evil.example/shop.git',
  'https://',
  'http:/',
  'shop',
  '../shop.git',
  'file://remote.example.org/srv/shop.git',
  'javascript:alert(1)',
  `https://git.example.org/${'a'.repeat(3000)}`,
];

test('URLs: https and ssh are accepted', () => {
  for (const [url, protocol] of accepted) assert.equal(parseUrl(url, { local: 'refused' }).protocol, protocol, url);
});

test('URLs: http and files are accepted for local use only', () => {
  for (const [url, protocol] of local) {
    assert.equal(parseUrl(url, { local: 'allowed' }).protocol, protocol, url);
    assert.throws(
      () => parseUrl(url, { local: 'refused' }),
      (error) => hasCode(error, 'git-url-refused'),
      url,
    );
  }
});

for (const url of refusedUrls) {
  test(`URLs: ${JSON.stringify(url.slice(0, 60))} is refused and never repeated`, () => {
    assert.throws(
      () => parseUrl(url, { local: 'allowed' }),
      (error) =>
        hasCode(error, 'git-url-refused') && !error.message.includes('secret') && !error.message.includes('token'),
    );
  });
}

const refusedRefs = [
  '',
  '-x',
  '--upload-pack=x',
  'a..b',
  'a b',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[b',
  'a\\b',
  '/a',
  'a/',
  'a//b',
  'a.',
  '.a',
  'a/.b',
  'a/-b',
  'a.lock',
  'a.lock/b',
  '@',
  'HEAD',
  'a@{1}',
  'a\nb',
  'a\0b',
  'a;b',
  'a|b',
  '$(x)',
  '`x`',
  'a"b',
  "a'b",
  'a&b',
  'x'.repeat(300),
];

for (const ref of refusedRefs) {
  test(`refs: ${JSON.stringify(ref.slice(0, 40))} is refused`, () => {
    assert.throws(
      () => checkRef(ref),
      (error) => hasCode(error, 'git-ref-refused'),
    );
  });
}

test('refs: plain names are accepted', () => {
  for (const ref of ['main', 'release/1.2', 'refs/heads/main', 'lockstep/shop-1', 'feature/ä'])
    assert.equal(checkRef(ref), ref);
});

const refusedPaths = [
  '/etc',
  '../x',
  'a/../b',
  'a/./b',
  'a//b',
  '-x',
  '.git/config',
  'a/.GIT/hooks',
  'a/git~1/x',
  '.git. /x',
  'a\\b',
  'a:b',
  'a\nb',
  'a\0b',
  '/',
  '.g\u200cit/x',
];

for (const path of refusedPaths) {
  test(`paths: ${JSON.stringify(path)} is refused`, () => {
    assert.throws(
      () => checkPath(path),
      (error) => hasCode(error, 'git-path-refused'),
    );
  });
}

test('paths: relative ones are accepted, without ./ and a final slash', () => {
  assert.equal(checkPath('./apps/shop/'), 'apps/shop');
  assert.equal(checkPath(''), '');
  assert.equal(checkPath('.'), '');
  assert.equal(checkPath('a b/ü.yaml'), 'a b/ü.yaml');
});

test('a URL is shown without user, password and query', () => {
  assert.equal(displayUrl('https://u:p@git.example.org/shop.git?token=x'), 'https://git.example.org/shop.git');
});
