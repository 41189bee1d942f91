import type { Container, Pod, PodSpec } from '@orrery/api';
import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '../../memory-files.fixture.ts';
import { prepareHostPath } from '../volumes/host-path.ts';
import { checkedSubPath, copyTree, expandSubPath, locateInVolume, resolveInVolume } from '../volumes/sub-path.ts';
import { fitDns, nodeResolver, podDns } from './dns-config.ts';
import { hostsFile, nodeHostsFile, podHostname, sandboxHostname } from './hosts-file.ts';
import { observe } from './observed.ts';
import { podContainers } from './pod-containers.ts';
import { stopGrace, stopsAfter } from './termination.ts';
import { terminationMessage } from './termination-message.ts';

function pod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', ...metadata },
    spec: { containers: [], ...spec },
  };
}

describe('/etc/hosts', () => {
  const head = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;
  test('names the Pod', () => {
    expect(hostsFile(pod(), ['10.0.0.1'], 'cluster.local')).toBe(`${head}10.0.0.1\tp\n`);
  });
  test('with each of its addresses', () => {
    expect(hostsFile(pod({ hostname: 'h' }), ['10.0.0.1', 'fd::1'], 'cluster.local')).toBe(
      `${head}10.0.0.1\th\nfd::1\th\n`,
    );
  });
  test('with its full name in a subdomain', () => {
    expect(hostsFile(pod({ hostname: 'h', subdomain: 's' }), ['10.0.0.1'], 'cluster.local')).toBe(
      `${head}10.0.0.1\th.s.ns.svc.cluster.local\th\n`,
    );
  });
  test('has the aliases behind a blank line and a marker', () => {
    const hostAliases = [{ ip: '10.1.2.3', hostnames: ['foo.remote', 'bar.remote'] }];
    expect(hostsFile(pod({ hostAliases }), ['10.0.0.1'], 'cluster.local')).toBe(
      `${head}10.0.0.1\tp\n\n# Entries added by HostAliases.\n10.1.2.3\tfoo.remote\tbar.remote\n`,
    );
  });
  test('on the node’s network is the node’s', () => {
    expect(nodeHostsFile(pod(), '127.0.0.1 localhost\n')).toBe(
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n',
    );
  });
});

test.each<[string, Partial<PodSpec>, string, string]>([
  ['the Pod’s name', {}, 'p', 'p'],
  ['its hostname', { hostname: 'h' }, 'h', 'h'],
  ['cut to 63 characters, without a dash at the end', {}, `${'a'.repeat(62)}-b`, 'a'.repeat(62)],
  ['nor a dot', {}, `${'a'.repeat(61)}-.b`, 'a'.repeat(61)],
])('a Pod’s hostname: %s', (_rule, spec, name, expected) => {
  expect(podHostname(pod(spec, { name }))).toBe(expected);
});

test('setHostnameAsFQDN gives the sandbox the full name', () => {
  expect(sandboxHostname(pod({ subdomain: 's', setHostnameAsFQDN: true }), 'cluster.local')).toBe(
    'p.s.ns.svc.cluster.local',
  );
});

test('a full name of more than 64 characters is no hostname', () => {
  const long = pod({ subdomain: 's'.repeat(50), setHostnameAsFQDN: true });
  expect(() => sandboxHostname(long, 'cluster.local')).toThrow(
    /^failed to construct FQDN from pod hostname and cluster domain, FQDN p\.s+\.ns\.svc\.cluster\.local is too long \(64 characters is the max, 73 characters requested\)$/,
  );
});

describe('the resolver', () => {
  const sources = {
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    node: { servers: ['8.8.8.8'], searches: ['corp'], options: ['rotate'] },
  };
  const cluster = {
    servers: ['10.96.0.10'],
    searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp'],
    options: ['ndots:5'],
  };
  test.each<[string, Partial<PodSpec>, object]>([
    ['ClusterFirst', {}, cluster],
    ['ClusterFirst on the node’s network is Default', { hostNetwork: true }, sources.node],
    ['ClusterFirstWithHostNet', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, cluster],
    ['Default', { dnsPolicy: 'Default' }, sources.node],
    [
      'None',
      { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } },
      { servers: ['1.1.1.1'], searches: [], options: [] },
    ],
    [
      'dnsConfig adds, and its options win',
      { dnsConfig: { searches: ['x'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } },
      { ...cluster, searches: [...cluster.searches, 'x'], options: ['ndots:2', 'edns0'] },
    ],
  ])('%s', (_rule, spec, expected) => {
    expect(podDns(pod(spec), sources)).toEqual(expected);
  });
});

describe('a resolver holds', () => {
  const of = (servers: string[], searches: string[]) => fitDns({ servers, searches, options: [] });
  const many = (count: number, length = 5) => Array.from({ length: count }, (_, i) => `${i}`.padStart(length, 'd'));
  test('what fits, as it is', () => {
    expect(of(['1', '2', '3'], many(32))).toEqual({
      dns: { servers: ['1', '2', '3'], searches: many(32), options: [] },
      warnings: [],
    });
  });
  test('three servers', () => {
    expect(of(['1', '2', '3', '4'], [])).toMatchObject({
      dns: { servers: ['1', '2', '3'] },
      warnings: [expect.stringMatching(/^Nameserver limits .* the applied nameserver line is: 1 2 3$/)],
    });
  });
  test('32 search domains', () => {
    expect(of([], many(33)).dns.searches).toEqual(many(32));
  });
  test('no domain of more than 253 characters, and 2048 in all', () => {
    expect(of([], ['a', 'b'.repeat(254), 'c'])).toMatchObject({
      dns: { searches: ['a', 'c'] },
      warnings: [expect.stringMatching(/^Search Line limits .* the applied search line is: a c$/)],
    });
    expect(of([], many(20, 200)).dns.searches).toEqual(many(10, 200));
  });
});

test('the node’s resolver is read from its resolv.conf', () => {
  const files = new MemoryFiles();
  expect(nodeResolver(files)).toEqual({ servers: [], searches: [], options: [] });
  files.mkdir('/etc');
  files.writeFile('/etc/resolv.conf', '# a\nnameserver 1.1.1.1\nsearch old\nsearch a b\noptions ndots:2 rotate\n');
  expect(nodeResolver(files)).toEqual({ servers: ['1.1.1.1'], searches: ['a', 'b'], options: ['ndots:2', 'rotate'] });
});

describe('hostPath', () => {
  function prepared(path: string, type: string | undefined): MemoryFiles {
    const files = new MemoryFiles();
    files.mkdir('/dir');
    files.writeFile('/file', '');
    prepareHostPath(files, path, type);
    return files;
  }
  test.each([
    ['/none', 'Directory', 'hostPath type check failed: /none is not a directory'],
    ['/file', 'Directory', 'hostPath type check failed: /file is not a directory'],
    ['/file', 'DirectoryOrCreate', 'hostPath type check failed: /file is not a directory'],
    ['/dir', 'File', 'hostPath type check failed: /dir is not a file'],
    ['/dir', 'FileOrCreate', 'hostPath type check failed: /dir is not a file'],
    ['/file', 'Socket', 'hostPath type check failed: /file is not a socket file'],
    ['/file', 'CharDevice', 'hostPath type check failed: /file is not a character device'],
    ['/none', 'BlockDevice', 'hostPath type check failed: /none is not a block device'],
    ['/none/deep', 'FileOrCreate', 'open /none/deep: no such file or directory'],
  ])('%s as %s: %s', (path, type, message) => {
    expect(() => prepared(path, type)).toThrow(message);
  });
  test.each([
    ['/dir', 'Directory'],
    ['/file', 'File'],
    ['/none', ''],
    ['/none', undefined],
  ])('%s as %s is fine', (path, type) => {
    expect(() => prepared(path, type)).not.toThrow();
  });
  test('…OrCreate makes what is missing', () => {
    expect(prepared('/a/b', 'DirectoryOrCreate').stat('/a/b')).toMatchObject({ type: 'directory', mode: 0o755 });
    expect(prepared('/dir/f', 'FileOrCreate').stat('/dir/f')).toMatchObject({ type: 'file', mode: 0o644 });
  });
});

describe('sub-paths', () => {
  const files = new MemoryFiles();
  files.mkdir('/v/..one');
  files.writeFile('/v/..one/key', 'k');
  files.symlink('..one', '/v/..data');
  files.symlink('..data/key', '/v/key');
  files.symlink('/etc', '/v/out');
  files.symlink('../x', '/v/up');
  files.symlink('loop', '/v/loop');
  files.mkdir('/v/real');
  files.symlink('real', '/v/inside');
  files.symlink('/v/real', '/v/absolute');
  files.symlink('real/../../x', '/v/over');
  files.symlink('none/../../x', '/v/nowhere');
  files.symlink('/v/../etc', '/v/around');

  test('a link within the volume is followed to where the file really lies', () => {
    expect(resolveInVolume(files, '/v', 'key')).toBe('/v/..one/key');
  });
  test('what is not there is not there', () => {
    expect(resolveInVolume(files, '/v', 'none/x')).toBeUndefined();
  });
  test.each([
    ['a/b', '/v', ['a', 'b']],
    ['inside/a', '/v/real', ['a']],
    ['absolute/./a//b', '/v/real', ['a', 'b']],
    ['inside', '/v/real', []],
  ])('of %s there is %s, and %j is missing', (subPath, path, missing) => {
    expect(locateInVolume(files, '/v', subPath)).toEqual({ path, missing });
  });
  test.each([
    ['over', 'subpath "over" not within volume path "/v"'],
    ['nowhere', 'subpath "nowhere" leads over "/v/none", which does not exist'],
    ['around', 'subpath "around" not within volume path "/v"'],
    ['out', 'subpath "/v/out" not within volume path "/v"'],
    ['up', 'subpath "up" not within volume path "/v"'],
    ['loop', 'too many links in subpath "loop"'],
  ])('a link that leads out or in a circle is refused: %s', (path, message) => {
    expect(() => resolveInVolume(files, '/v', path)).toThrow(message);
  });
  test.each([
    ['/a', 'error SubPath `/a` must not be an absolute path'],
    ['a/../..', "unable to provision SubPath `a/../..`: must not contain '..'"],
    ['..', "unable to provision SubPath `..`: must not contain '..'"],
  ])('the text %s is refused', (path, message) => {
    expect(() => checkedSubPath(path)).toThrow(message);
  });
  test.each(['a', 'a/b', '..a', 'a..'])('the text %s is taken', (path) => {
    expect(checkedSubPath(path)).toBe(path);
  });
  const environment = new Map([
    ['POD', 'web'],
    ['EMPTY', ''],
  ]);
  test('an expression shows the variables of the container', () => {
    expect(expandSubPath('logs/$(POD)/$$(POD)', environment)).toBe('logs/web/$(POD)');
  });
  test('variables that are not set, or empty, are missing', () => {
    expect(() => expandSubPath('$(NO)/$(EMPTY)/$(POD)/$(NO)', environment)).toThrow('missing value for EMPTY, NO');
  });
  test('a copy keeps modes', () => {
    files.mkdir('/from/d', { mode: 0o700 });
    files.writeFile('/from/d/f', 'x', { mode: 0o400 });
    copyTree(files, '/from', '/to');
    expect(files.text('/to/d/f')).toBe('x');
    expect(files.stat('/to/d/f')?.mode).toBe(0o400);
  });
});

describe('the termination message', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const log = (text: string) => () => [{ time: 0, stream: 'stdout' as const, text }];
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `${i}\n`).join('');
  test.each<[string, string, number, string | undefined, string, string]>([
    ['is the file', 'File', 0, 'bye', 'log\n', 'bye'],
    ['is empty without one', 'File', 1, undefined, 'log\n', ''],
    ['falls back to the log on an error', 'FallbackToLogsOnError', 1, '', 'log\n', 'log\n'],
    ['but not on success', 'FallbackToLogsOnError', 0, '', 'log\n', ''],
    ['nor when there is a file', 'FallbackToLogsOnError', 1, 'bye', 'log\n', 'bye'],
    [
      'has 80 lines of the log at most',
      'FallbackToLogsOnError',
      1,
      undefined,
      lines(100),
      lines(100).split('\n').slice(20).join('\n'),
    ],
    ['and 2048 bytes', 'FallbackToLogsOnError', 1, undefined, 'x'.repeat(3000), 'x'.repeat(2048)],
    ['or the last 4096 bytes of the file', 'File', 1, `a${'b'.repeat(4096)}`, '', 'b'.repeat(4096)],
  ])('%s', (_rule, policy, exitCode, file, logged, expected) => {
    expect(
      terminationMessage({ policy, exitCode, file: file === undefined ? undefined : bytes(file), log: log(logged) }),
    ).toBe(expected);
  });
});

describe('how long a container may take to stop', () => {
  const probed: Container = {
    name: 'c',
    image: 'i',
    livenessProbe: { terminationGracePeriodSeconds: 5 },
    startupProbe: { terminationGracePeriodSeconds: 7 },
  };
  const of = (metadata: Partial<Pod['metadata']> = {}) =>
    pod({ containers: [probed], terminationGracePeriodSeconds: 60 }, metadata);
  const [container] = podContainers(of());
  test.each([
    ['the Pod’s grace', {}, undefined, 60],
    ['a failed liveness probe’s own', {}, 'LivenessProbe', 5],
    ['a failed startup probe’s own', {}, 'StartupProbe', 7],
    ['the deletion’s goes before all', { deletionGracePeriodSeconds: 10 }, 'LivenessProbe', 10],
    ['never under a second', { deletionGracePeriodSeconds: 0 }, undefined, 1],
  ] as const)('%s', (_rule, metadata, reason, seconds) => {
    expect(stopGrace(of(metadata), container, reason)).toBe(seconds * 1000);
  });
});

test('a sidecar is signalled after the containers and the sidecars behind it that run', () => {
  const side = (name: string) => ({ name, image: 'i', restartPolicy: 'Always' });
  const of = pod({
    initContainers: [side('s'), side('t')],
    containers: [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'i' },
    ],
  });
  const running = ['s', 't', 'a'].map((name) => ({
    metadata: { name, attempt: 0 },
    state: 'RUNNING' as const,
    createdAt: 0,
  }));
  const observed = observe([], running as never);
  expect(stopsAfter(of, observed, 'a')).toEqual([]);
  expect(stopsAfter(of, observed, 't')).toEqual(['a']);
  expect(stopsAfter(of, observed, 's')).toEqual(['t', 'a']);
});
