import { expect, test } from 'vitest';
import { type PodScenario, podScenario, service } from '../pod-scenario.fixture.ts';

/** A Pod's names, and the names that its containers can resolve (Kubernetes "DNS for Services and Pods"). */

const read = async (cluster: PodScenario, path: string, pod = 'web') =>
  (await cluster.exec(`default/${pod}`, ['cat', path])).stdout;
const nodeFiles = (cluster: PodScenario) => {
  const runtime = cluster.nodes.runtime('node1');
  if (runtime === undefined) throw new Error('node1 does not run');
  return runtime.files;
};
const fixedHosts = [
  '# Kubernetes-managed hosts file.',
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

test.for([
  ['a Pod', {}, (ip: string) => `${ip}\tweb`],
  ['a Pod with a hostname', { hostname: 'custom' }, (ip: string) => `${ip}\tcustom`],
  ['a Pod with a subdomain', { subdomain: 'peers' }, (ip: string) => `${ip}\tweb.peers.default.svc.cluster.local\tweb`],
  [
    'a Pod whose hostname is overridden, without any other name',
    { hostname: 'h', subdomain: 'peers', hostnameOverride: 'my.own.name' },
    (ip: string) => `${ip}\tmy.own.name`,
  ],
] as const)('/etc/hosts of %s', async ([, spec, line]) => {
  const cluster = await podScenario();
  await cluster.start({ ...spec, containers: [service()] });
  const ip = (await cluster.pod()).status?.podIP ?? '';
  expect(await read(cluster, '/etc/hosts')).toBe(`${[...fixedHosts, line(ip)].join('\n')}\n`);
});

test('hostAliases follow their marker in /etc/hosts and are written again for a new container', async () => {
  const cluster = await podScenario();
  await cluster.start({
    hostAliases: [
      { ip: '127.0.0.1', hostnames: ['foo.local', 'bar.local'] },
      { ip: '10.1.2.3', hostnames: ['foo.remote'] },
    ],
    containers: [service({ name: 'a' }), service({ name: 'b' })],
  });
  const { podIP } = (await cluster.pod()).status ?? {};
  const expected = [
    ...fixedHosts,
    `${podIP}\tweb`,
    '',
    '# Entries added by HostAliases.',
    '127.0.0.1\tfoo.local\tbar.local',
    '10.1.2.3\tfoo.remote',
    '',
  ].join('\n');
  const hosts = () => read(cluster, '/etc/hosts');
  expect(await hosts()).toBe(expected);
  await cluster.exec('default/web', ['sh', '-c', 'echo "1.2.3.4 mine" >> /etc/hosts']);
  expect(await hosts()).toBe(`${expected}1.2.3.4 mine\n`);
  await cluster.exec('default/web', ['kill', '1'], { container: 'b' });
  await cluster.advance('5s');
  expect(await hosts()).toBe(expected);
});

test.for([
  ['without aliases', {}, ''],
  [
    'with aliases',
    { hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo', 'bar'] }] },
    '\n# Entries added by HostAliases.\n10.1.2.3\tfoo\tbar\n',
  ],
] as const)('/etc/hosts on the host network is the node’s, with a header, %s', async ([, spec, end]) => {
  const cluster = await podScenario();
  nodeFiles(cluster).writeFile('/etc/hosts', '127.0.0.1 localhost\n192.168.0.11 node1\n', { mode: 0o644 });
  await cluster.start({ hostNetwork: true, ...(spec as object), containers: [service()] });
  expect(await read(cluster, '/etc/hosts')).toBe(
    `# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n192.168.0.11 node1\n${end}`,
  );
  await cluster.exec('default/web', ['sh', '-c', 'echo gone > /etc/hosts']);
  expect(new TextDecoder().decode(nodeFiles(cluster).readFile('/etc/hosts'))).toContain('192.168.0.11 node1');
});

test('a container that mounts its own /etc/hosts keeps it', async () => {
  const cluster = await podScenario();
  await cluster.apply(
    '{ apiVersion: v1, kind: ConfigMap, metadata: { name: c, namespace: default }, data: { hosts: own } }',
  );
  await cluster.start({
    hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo'] }],
    containers: [service({ volumeMounts: [{ name: 'v', mountPath: '/etc/hosts', subPath: 'hosts' }] })],
    volumes: [{ name: 'v', configMap: { name: 'c' } }],
  });
  expect(await read(cluster, '/etc/hosts')).toBe('own');
});

test('names from hostAliases resolve to their addresses', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'main', image: 'nginx' }] }, { name: 'server' });
  const ip = (await cluster.pod('server')).status?.podIP ?? '';
  await cluster.start({ hostAliases: [{ ip, hostnames: ['shop.example.com'] }], containers: [service()] });
  const page = await cluster.exec('default/web', ['wget', '-q', '-O', '-', 'http://shop.example.com']);
  expect(page.stdout).toContain('Welcome to nginx!');
});

test.for([
  ['hostnameOverride', { hostnameOverride: 'my.own.name' }, 'my.own.name'],
  ['a name of more than 63 characters is truncated', {}, 'a'.repeat(63)],
] as const)('the hostname: %s', async ([, spec, hostname]) => {
  const cluster = await podScenario();
  const name = 'hostnameOverride' in spec ? 'web' : `${'a'.repeat(63)}-more`;
  await cluster.start({ ...spec, containers: [service()] }, { name });
  expect((await cluster.exec(`default/${name}`, ['hostname'])).stdout).toBe(`${hostname}\n`);
  expect(await read(cluster, '/etc/hostname', name)).toBe(`${hostname}\n`);
  expect((await cluster.exec(`default/${name}`, ['printenv', 'HOSTNAME'])).stdout).toBe(`${hostname}\n`);
});

test('setHostnameAsFQDN with a name of more than 64 characters: no sandbox is created, and an event says why', async () => {
  const cluster = await podScenario();
  const hostname = 'h'.repeat(40);
  await cluster.start({ hostname, subdomain: 'peers', setHostnameAsFQDN: true, containers: [service()] });
  await cluster.advance('5s');
  const full = `${hostname}.peers.default.svc.cluster.local`;
  expect(await cluster.row()).toMatchObject({ status: 'ContainerCreating' });
  expect((await cluster.events()).join('\n')).toContain(
    `Warning FailedCreatePodSandBox: Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (64 characters is the max, ${full.length} characters requested)`,
  );
});

test('a Pod with a hostname and the subdomain of a headless Service has a name that other Pods can resolve', async () => {
  const cluster = await podScenario();
  await cluster.apply(
    '{ apiVersion: v1, kind: Service, metadata: { name: peers, namespace: default }, spec: { clusterIP: None, selector: { app: peer }, ports: [{ port: 80 }] } }',
  );
  await cluster.start(
    { hostname: 'first', subdomain: 'peers', containers: [{ name: 'main', image: 'nginx' }] },
    { name: 'peer', labels: { app: 'peer' } },
  );
  await cluster.start({ containers: [service()] });
  await cluster.advance('5s');
  for (const name of ['first.peers.default.svc.cluster.local', 'first.peers', 'peers']) {
    const page = await cluster.exec('default/web', ['wget', '-q', '-O', '-', `http://${name}`]);
    expect(page.stdout).toContain('Welcome to nginx!');
  }
});

const clusterFirst = [
  'search default.svc.cluster.local svc.cluster.local cluster.local corp.example.com',
  'nameserver 10.96.0.10',
  'options ndots:5',
];
test.for([
  ['ClusterFirst appends the node’s search domains to its own', {}, clusterFirst],
  [
    'ClusterFirst with dnsConfig appends servers, searches and options, and replaces options of the same name',
    {
      dnsConfig: {
        nameservers: ['1.1.1.1', '10.96.0.10'],
        searches: ['my.dns', 'svc.cluster.local'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }, { name: 'debug', value: '' }],
      },
    },
    [
      'search default.svc.cluster.local svc.cluster.local cluster.local corp.example.com my.dns',
      'nameserver 10.96.0.10',
      'nameserver 1.1.1.1',
      'options ndots:2 edns0 debug',
    ],
  ],
  [
    'Default uses the node’s file',
    { dnsPolicy: 'Default' },
    ['search corp.example.com', 'nameserver 192.168.0.2', 'options rotate'],
  ],
  [
    'Default with dnsConfig',
    { dnsPolicy: 'Default', dnsConfig: { searches: ['my.dns'] } },
    ['search corp.example.com my.dns', 'nameserver 192.168.0.2', 'options rotate'],
  ],
  [
    'None uses only dnsConfig',
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1', '8.8.8.8'] } },
    ['nameserver 1.1.1.1', 'nameserver 8.8.8.8'],
  ],
  [
    'ClusterFirst on the host network uses the node’s file',
    { hostNetwork: true },
    ['search corp.example.com', 'nameserver 192.168.0.2', 'options rotate'],
  ],
  [
    'ClusterFirstWithHostNet on the host network',
    { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
    clusterFirst,
  ],
] as const)('/etc/resolv.conf: %s', async ([, spec, lines]) => {
  const cluster = await podScenario();
  nodeFiles(cluster).writeFile(
    '/etc/resolv.conf',
    '# of the machine\nsearch corp.example.com\nnameserver 192.168.0.2\noptions rotate\n',
    { mode: 0o644 },
  );
  await cluster.start({ ...(spec as object), containers: [service()] });
  expect(await read(cluster, '/etc/resolv.conf')).toBe(`${lines.join('\n')}\n`);
});

test('uses the first three of more than three nameservers, and an event names them', async () => {
  const cluster = await podScenario();
  await cluster.start({
    dnsConfig: { nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3'] },
    containers: [service()],
  });
  expect(await read(cluster, '/etc/resolv.conf')).not.toContain('3.3.3.3');
  expect(await cluster.events()).toContain(
    'Warning DNSConfigForming: Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.96.0.10 1.1.1.1 2.2.2.2',
  );
});

test('uses the first 32 of more than 32 search domains, and an event names them', async () => {
  const cluster = await podScenario();
  const searches = Array.from({ length: 32 }, (_, index) => `d${index}.example.com`);
  await cluster.start({ dnsConfig: { searches }, containers: [service()] });
  const taken = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', ...searches.slice(0, 29)].join(' ');
  expect(await read(cluster, '/etc/resolv.conf')).toContain(`search ${taken}\n`);
  expect(await cluster.events()).toContain(
    `Warning DNSConfigForming: Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${taken}`,
  );
});

test.for<readonly [string, object, string]>([
  [
    'None without a nameserver',
    { dnsPolicy: 'None', dnsConfig: { searches: ['a'] } },
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ],
  ['an unknown policy', { dnsPolicy: 'Cluster' }, 'spec.dnsPolicy: Unsupported value: "Cluster"'],
  [
    'four nameservers',
    { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
    'must not have more than 3 nameservers',
  ],
  [
    'a nameserver that is not an address',
    { dnsConfig: { nameservers: ['dns'] } },
    'spec.dnsConfig.nameservers[0]: Invalid value: "dns"',
  ],
  [
    'an alias whose IP is not an address',
    { hostAliases: [{ ip: 'a', hostnames: ['b'] }] },
    'spec.hostAliases[0].ip: Invalid value: "a"',
  ],
  [
    'an alias with a bad name',
    { hostAliases: [{ ip: '1.1.1.1', hostnames: ['b_'] }] },
    'spec.hostAliases[0].hostnames: Invalid value: "b_"',
  ],
  ['a bad hostname', { hostname: 'A.b' }, 'spec.hostname: Invalid value: "A.b"'],
  ['a bad subdomain', { subdomain: 'a_b' }, 'spec.subdomain: Invalid value: "a_b"'],
  ['an override that is not a valid name', { hostnameOverride: 'A_b' }, 'spec.hostnameOverride: Invalid value: "A_b"'],
  [
    'an override of more than 64 characters',
    { hostnameOverride: 'a'.repeat(65) },
    'spec.hostnameOverride: Too long: may not be more than 64 bytes',
  ],
  ['an override on the host network', { hostnameOverride: 'a', hostNetwork: true }, 'spec.hostnameOverride: Forbidden'],
  [
    'an override with setHostnameAsFQDN',
    { hostnameOverride: 'a', setHostnameAsFQDN: true },
    'spec.hostnameOverride: Forbidden',
  ],
])('rejects %s', async ([, spec, message]) => {
  const cluster = await podScenario();
  await expect(cluster.start({ ...spec, containers: [service()] })).rejects.toThrow(message);
});
