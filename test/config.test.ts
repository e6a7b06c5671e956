import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig, serveFlags, type Surroundings } from '../server/config.ts';
import { defaultReloadRules } from '../server/core/reloader-keys.ts';
import { everything } from '../server/core/selector.ts';
import { formatHelp, formatMarkdown } from '../server/flags-help.ts';
import { hasCode } from '../server/core/errors.ts';

const file = `
sources:
  - name: shop
    repository: https://git.example.com/team/shop.git
    path: ./apps/shop/
    namespace: shop
    credentials: {usernameFile: /etc/git/username, passwordFile: /etc/git/password}
  - {name: bank, repository: "git@example.com:team/bank.git", branch: release/1.x, namespace: bank, renderer: helm}
flux:
  tenants:
    - {name: prod, keyFile: /etc/flux/token, namespaces: [shop, bank]}
`;

function surroundings(argv: string[], more: Partial<Surroundings> & { text?: string } = {}): Surroundings {
  return {
    argv,
    env: {},
    hostname: 'laptop',
    tempDir: '/tmp',
    isTerminal: false,
    readFile: (path) => {
      if (path === 'lockstep.yaml') return more.text ?? file;
      throw new Error('no such file');
    },
    ...more,
  };
}

test('config: the defaults', () => {
  assert.deepEqual(loadConfig(surroundings([])), {
    kubeconfig: undefined,
    context: undefined,
    namespaces: [],
    stateNamespace: 'lockstep-system',
    identity: 'laptop',
    mode: 'enforce',
    drift: 'report',
    settleMs: 1000,
    settleMaxMs: 10_000,
    shadow: { lateMs: 60_000, missedMs: 600_000 },
    gates: { maxRollouts: 100, maxRolloutsPerNamespace: 0, jitterMs: 0, haltAfterFailures: 0, restartBurst: 10 },
    stateDir: '/tmp/lockstep',
    allowLocalGit: false,
    address: { host: undefined, port: 8080 },
    metricsAddress: { host: undefined, port: 9090 },
    logLevel: 'info',
    logFormat: 'json',
    sources: [],
    tenants: [],
    repositories: [],
    render: { tools: {}, ageKeyFile: undefined },
    warnings: [],
    engines: {
      argocd: { namespace: 'argocd', runsHere: true, clusterNames: [], clusterServers: [] },
      flux: { namespace: 'flux-system', runsHere: true, clusterNames: [], clusterServers: [] },
      instanceLabels: [],
      hub: undefined,
    },
    reloader: {
      strategy: 'lockstep',
      rules: { ...defaultReloadRules, runsAllJobs: false },
      extraReferences: [],
      namespacesToIgnore: [],
      namespaceSelector: everything,
      resourceLabelSelector: everything,
      reloadOnCreate: false,
      reloadOnDelete: false,
      syncAfterRestart: false,
      argoRollouts: false,
      pauseKeys: {
        period: 'deployment.reloader.stakater.com/pause-period',
        pausedAt: 'deployment.reloader.stakater.com/paused-at',
      },
      webhookUrl: undefined,
      lease: undefined,
      alerts: undefined,
      countsByNamespace: false,
      metaInfo: undefined,
    },
  });
});

test('config: in a cluster the environment names the place and the leader is elected', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAME: 'lockstep-1', POD_NAMESPACE: 'ops', KUBECONFIG: '/kc' };
  const config = loadConfig(surroundings([], { env, isTerminal: true }));
  assert.equal(config.identity, 'lockstep-1');
  assert.equal(config.stateNamespace, 'ops');
  assert.equal(config.kubeconfig, '/kc');
  assert.equal(config.logFormat, 'text');
});

test('config: flags win over the environment', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAMESPACE: 'ops', KUBECONFIG: '/kc' };
  const argv = ['--state-namespace=x', '--kubeconfig', 'mine', '--settle=0', '--namespaces=a,b'];
  const config = loadConfig(surroundings(argv, { env }));
  assert.equal(config.stateNamespace, 'x');
  assert.equal(config.kubeconfig, 'mine');
  assert.equal(config.settleMs, 0);
  assert.deepEqual(config.namespaces, ['a', 'b']);
  assert.ok(Object.isFrozen(config));
});

test('config: the file', () => {
  const config = loadConfig(surroundings(['--config=lockstep.yaml']));
  assert.deepEqual(config.sources, [
    {
      name: 'shop',
      repository: 'https://git.example.com/team/shop.git',
      branch: 'main',
      path: 'apps/shop',
      namespace: 'shop',
      renderer: 'auto',
      credentials: { usernameFile: '/etc/git/username', passwordFile: '/etc/git/password' },
    },
    {
      name: 'bank',
      repository: 'git@example.com:team/bank.git',
      branch: 'release/1.x',
      path: '',
      namespace: 'bank',
      renderer: 'helm',
      credentials: undefined,
    },
  ]);
  assert.deepEqual(config.tenants, [{ name: 'prod', keyFile: '/etc/flux/token', namespaces: ['shop', 'bank'] }]);
});

test('config: an empty file is no problem', () => {
  assert.deepEqual(loadConfig(surroundings(['--config=lockstep.yaml'], { text: '' })).sources, []);
});

test('config: a repository without TLS needs --allow-local-git', () => {
  const text = 'sources: [{name: a, repository: "file:///srv/a.git", namespace: a}]';
  assert.throws(
    () => loadConfig(surroundings(['--config=lockstep.yaml'], { text })),
    /sources\[0\]\.repository: file:\/\/ needs --allow-local-git/,
  );
  const config = loadConfig(surroundings(['--config=lockstep.yaml', '--allow-local-git'], { text }));
  assert.equal(config.sources[0]?.repository, 'file:///srv/a.git');
});

for (const [address, expected] of [
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['localhost:65535', { host: 'localhost', port: 65_535 }],
] as const) {
  test(`config: --address ${address}`, () => {
    assert.deepEqual(loadConfig(surroundings([`--address=${address}`])).address, expected);
  });
}

const good = 'name: a, repository: "https://h/a.git", namespace: a';
const refusals: [rule: string, argv: string[], text: string, problems: string[]][] = [
  ['a word that is no flag', ['now'], '', ['unexpected word now: serve takes flags only']],
  ['jitter above its cap', ['--jitter=2h'], '', ['--jitter 2h is longer than 1h: a restart would wait too long']],
  ['settle above its cap', ['--settle=1m'], '', ['--settle 1m is longer than --settle-max 10s']],
  ['a namespace that cannot be', ['--namespaces=A'], '', ['"A" is no name of a namespace']],
  [
    'an address without a port',
    ['--address=localhost'],
    '',
    ['--address localhost: want host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080'],
  ],
  [
    'a port out of range',
    ['--address=:70000'],
    '',
    ['--address :70000: want host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080'],
  ],
  ['a file that is not there', ['--config=gone'], '', ['--config gone: cannot be read: no such file']],
  [
    'no YAML',
    ['--config=lockstep.yaml'],
    'a: [',
    [
      'lockstep.yaml: Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 5',
    ],
  ],
  [
    'an alias that leads nowhere',
    ['--config=lockstep.yaml'],
    'sources: *x',
    ['lockstep.yaml: Unresolved alias (the anchor must be set before the alias): x'],
  ],
  [
    'a key that is unknown',
    ['--config=lockstep.yaml'],
    `sources: [{${good}, brnach: x}]`,
    ['lockstep.yaml: sources[0].brnach: unknown key; did you mean branch?'],
  ],
  [
    'what is missing',
    ['--config=lockstep.yaml'],
    'sources: [{name: a}]',
    ['lockstep.yaml: sources[0].repository: is missing', 'lockstep.yaml: sources[0].namespace: is missing'],
  ],
  ['a list that is none', ['--config=lockstep.yaml'], 'sources: {}', ['lockstep.yaml: sources: want a list']],
  ['an entry that is no map', ['--config=lockstep.yaml'], 'sources: [x]', ['lockstep.yaml: sources[0]: want a map']],
  [
    'a password in the URL',
    ['--config=lockstep.yaml'],
    'sources: [{name: a, repository: "https://u:pw@h/a.git", namespace: a}]',
    ['lockstep.yaml: sources[0].repository: holds a password; put it into credentials.passwordFile'],
  ],
  [
    'a protocol that runs programs',
    ['--config=lockstep.yaml'],
    'sources: [{name: a, repository: "ext::sh -c id", namespace: a}]',
    ['lockstep.yaml: sources[0].repository: want https:// or ssh://'],
  ],
  [
    'a branch that is an option',
    ['--config=lockstep.yaml'],
    `sources: [{${good}, branch: --upload-pack=x}]`,
    ['lockstep.yaml: sources[0].branch: want the name of a branch'],
  ],
  [
    'a renderer that there is not',
    ['--config=lockstep.yaml'],
    `sources: [{${good}, renderer: jsonnet}]`,
    ['lockstep.yaml: sources[0].renderer: want one of auto, plain, kustomize, helm'],
  ],
  [
    'a path that leads outside',
    ['--config=lockstep.yaml'],
    `sources: [{${good}, path: a/../../b}]`,
    ['lockstep.yaml: sources[0].path: want a folder inside the repository, such as apps/shop'],
  ],
  [
    'two of one name',
    ['--config=lockstep.yaml'],
    `sources: [{${good}}, {${good}}]`,
    [
      'lockstep.yaml: sources: two are named a',
      'lockstep.yaml: sources[1]: reads the same repository, branch and path as sources[0]',
    ],
  ],
  [
    'a tenant without namespaces',
    ['--config=lockstep.yaml'],
    'flux: {tenants: [{name: t, keyFile: /k, namespaces: []}]}',
    ['lockstep.yaml: flux.tenants[0].namespaces: want at least one namespace'],
  ],
  [
    'everything at once',
    ['--nope', '--mode=off', '--config=lockstep.yaml'],
    'flux: {tenants: [{name: T}]}',
    [
      'unknown flag --nope',
      '--mode off: want one of enforce, observe',
      'lockstep.yaml: flux.tenants[0].namespaces: want at least one namespace',
      'lockstep.yaml: flux.tenants[0].name: want lower-case letters, digits and dashes, at most 63',
      'lockstep.yaml: flux.tenants[0].keyFile: is missing',
    ],
  ],
];
for (const [rule, argv, text, problems] of refusals) {
  test(`config is refused: ${rule}`, () => {
    assert.throws(
      () => loadConfig(surroundings(argv, { text })),
      (error: unknown) => {
        assert.ok(hasCode(error, 'config-invalid'));
        assert.deepEqual(error.message.split('\n'), problems);
        return true;
      },
    );
  });
}

test('help: grouped, aligned, every flag once', () => {
  const lines = formatHelp(serveFlags).split('\n');
  const flags = lines.filter((line) => line.startsWith('  '));
  assert.equal(flags.length, Object.keys(serveFlags).length);
  assert.equal(new Set(flags.map((line) => /^ {2,}(?:-\w, )?--\S+(?: \S+)? {2,}/.exec(line)?.[0].length)).size, 1);
  assert.ok(lines.includes('Cluster:'));
  assert.match(formatHelp(serveFlags), /--settle duration .*\(default 1s\)/);
  assert.equal(formatMarkdown(serveFlags).split('\n').length, flags.length + 2);
});
