import { expect, test } from 'vitest';
import { podScenario, script, service } from '../pod-scenario.fixture.ts';

/** The infra container, and what the containers of a Pod share. */

const peer = (name: string, text: string) => script(text, { name });
const idle = 'trap exit TERM; while true; do sleep 1; done';

test('the infra container comes first: no container is created before the sandbox has an address', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [service()] });
  const runtime = cluster.nodes.runtime('node1');
  const sandboxes = (await runtime?.listPodSandboxes()) ?? [];
  const containers = (await runtime?.listContainers()) ?? [];
  expect(sandboxes).toMatchObject([{ state: 'READY', ips: [expect.stringMatching(/^10\.224\.0\./)] }]);
  expect(containers).toMatchObject([{ sandboxId: sandboxes[0]?.id }]);
  expect((await cluster.pod()).status).toMatchObject({
    podIP: sandboxes[0]?.ips[0],
    podIPs: [{ ip: sandboxes[0]?.ips[0] }],
    hostIP: '192.168.0.11',
  });
});

test('a restarted container keeps its sandbox, and thus its address', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [script('sleep 5; exit 1')] });
  const { podIP } = (await cluster.pod()).status ?? {};
  await cluster.advance('1m');
  const { status } = await cluster.pod();
  expect(status?.podIP).toBe(podIP);
  expect(status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(1);
});

test('when the infra container dies, the sandbox and all containers, init containers included, are recreated', async () => {
  const cluster = await podScenario();
  await cluster.start({
    shareProcessNamespace: true,
    initContainers: [
      script('echo ran >> /shared/log', { name: 'init', volumeMounts: [{ name: 's', mountPath: '/shared' }] }),
    ],
    containers: [{ ...peer('one', idle), volumeMounts: [{ name: 's', mountPath: '/shared' }] }, peer('two', idle)],
    volumes: [{ name: 's', emptyDir: {} }],
  });
  const before = await cluster.pod();
  expect(await cluster.exec('default/web', ['ps', 'ax'])).toMatchObject({ stdout: expect.stringContaining('/pause') });
  await cluster.exec('default/web', ['kill', '1']);
  await cluster.advance('1m');
  const { status } = await cluster.pod();
  expect(status?.phase).toBe('Running');
  expect(status?.containerStatuses?.map(({ name, restartCount, ready }) => ({ name, restartCount, ready }))).toEqual([
    { name: 'one', restartCount: 1, ready: true },
    { name: 'two', restartCount: 1, ready: true },
  ]);
  expect(status?.podIP).not.toBe('');
  expect(status?.containerStatuses?.[0]?.containerID).not.toBe(before.status?.containerStatuses?.[0]?.containerID);
  expect((await cluster.exec('default/web', ['cat', '/shared/log'])).stdout).toBe('ran\nran\n');
  expect(await cluster.events()).toContain(
    'Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.',
  );
});

test('under Never a Pod whose infra container died is not recreated', async () => {
  const cluster = await podScenario();
  await cluster.start({ restartPolicy: 'Never', shareProcessNamespace: true, containers: [service()] });
  await cluster.exec('default/web', ['kill', '1']);
  await cluster.advance('1m');
  expect(await cluster.row()).toEqual({ ready: '0/1', status: 'Error', restarts: '0' });
  expect((await cluster.pod()).status?.phase).toBe('Failed');
});

test('containers of a Pod reach each other on localhost', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'web', image: 'nginx' }, peer('shell', idle)] });
  const page = await cluster.exec('default/web', ['wget', '-q', '-O', '-', 'http://localhost'], { container: 'shell' });
  expect(page.stdout).toContain('Welcome to nginx!');
});

test('two containers of a Pod cannot listen on the same port', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [
      { name: 'a', image: 'nginx' },
      { name: 'b', image: 'nginx' },
    ],
  });
  await cluster.advance('5s');
  expect((await cluster.row())?.status).toMatch(/Error|CrashLoopBackOff/);
  expect(await cluster.logs('default/web', { container: 'b' })).toContain('Address already in use');
});

test('containers of a Pod share volumes, but no other files', async () => {
  const cluster = await podScenario();
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  await cluster.start({
    containers: [
      { ...peer('writer', `echo hello > /data/file; echo own > /tmp/file; ${idle}`), volumeMounts },
      { ...peer('reader', idle), volumeMounts },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  const reader = { container: 'reader' };
  expect((await cluster.exec('default/web', ['cat', '/data/file'], reader)).stdout).toBe('hello\n');
  expect((await cluster.exec('default/web', ['cat', '/tmp/file'], reader)).exitCode).toBe(1);
});

test('an emptyDir outlives a container and is removed with the Pod', async () => {
  const cluster = await podScenario();
  const containers = [
    script('if [ -e /data/file ]; then sleep 1d; fi; touch /data/file; exit 1', {
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }),
  ];
  const { metadata } = await cluster.start({ containers, volumes: [{ name: 'data', emptyDir: {} }] });
  await cluster.advance('10s');
  expect(await cluster.row()).toMatchObject({ status: 'Running', restarts: expect.stringMatching(/^1 /) });
  await cluster.remove('web', 0);
  await cluster.advance('10s');
  expect(cluster.nodes.runtime('node1')?.files.stat(`/var/lib/kubelet/pods/${metadata.uid}`)).toBeUndefined();
});

test.for([
  ['the Pod’s name', {}, 'web', 'web'],
  ['hostname', { hostname: 'custom' }, 'custom', 'custom'],
  [
    'hostname and subdomain',
    { hostname: 'custom', subdomain: 'peers' },
    'custom',
    'custom.peers.default.svc.cluster.local',
  ],
  [
    'setHostnameAsFQDN',
    { hostname: 'custom', subdomain: 'peers', setHostnameAsFQDN: true },
    'custom.peers.default.svc.cluster.local',
    'custom.peers.default.svc.cluster.local',
  ],
] as const)('all containers have the hostname of the Pod: %s', async ([, spec, hostname, inHosts]) => {
  const cluster = await podScenario();
  await cluster.start({ ...spec, containers: [peer('a', idle), peer('b', idle)] });
  for (const container of ['a', 'b']) {
    expect((await cluster.exec('default/web', ['hostname'], { container })).stdout).toBe(`${hostname}\n`);
  }
  expect((await cluster.exec('default/web', ['cat', '/etc/hosts'])).stdout).toContain(inHosts);
});

test('each container sees only its own processes, with its first one as PID 1', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [{ name: 'web', image: 'nginx' }, peer('shell', idle)] });
  const { stdout } = await cluster.exec('default/web', ['ps', 'ax'], { container: 'shell' });
  expect(stdout).not.toContain('nginx');
  expect(stdout).toMatch(/\n +1 .*sh -c/);
});

test('shareProcessNamespace: containers see each other’s processes and can signal them', async () => {
  const cluster = await podScenario();
  await cluster.start({
    shareProcessNamespace: true,
    containers: [{ name: 'web', image: 'nginx' }, peer('shell', idle)],
  });
  const { stdout } = await cluster.exec('default/web', ['ps', 'ax'], { container: 'shell' });
  expect(stdout).toMatch(/\n +1 .*\/pause/);
  const pid = /(\d+) .*nginx: master/.exec(stdout)?.[1] ?? '';
  await cluster.exec('default/web', ['kill', '-TERM', pid], { container: 'shell' });
  await cluster.advance('5s');
  const statuses = (await cluster.pod()).status?.containerStatuses;
  expect(statuses?.map(({ restartCount }) => restartCount)).toEqual([0, 1]);
});

test('hostPID: containers see the processes of the node', async () => {
  const cluster = await podScenario();
  await cluster.start({ hostPID: true, containers: [peer('shell', idle)] });
  expect((await cluster.exec('default/web', ['ps', 'ax'])).stdout).toContain('/usr/bin/kubelet');
});

test('hostNetwork: the Pod has the address, the hostname and the ports of its node', async () => {
  const cluster = await podScenario();
  await cluster.start({ hostNetwork: true, containers: [{ name: 'web', image: 'nginx' }] });
  await cluster.start({ containers: [service()] }, { name: 'visitor' });
  expect((await cluster.pod()).status).toMatchObject({ podIP: '192.168.0.11', hostIP: '192.168.0.11' });
  expect((await cluster.exec('default/web', ['hostname'])).stdout).toBe('node1\n');
  const page = await cluster.exec('default/visitor', ['wget', '-q', '-O', '-', 'http://192.168.0.11']);
  expect(page.stdout).toContain('Welcome to nginx!');
});

test('hostPort: a port of the node forwards to the container', async () => {
  const cluster = await podScenario();
  await cluster.start({
    containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80, hostPort: 8080 }] }],
  });
  await cluster.start({ containers: [service()] }, { name: 'visitor' });
  const page = await cluster.exec('default/visitor', ['wget', '-q', '-O', '-', 'http://192.168.0.11:8080']);
  expect(page.stdout).toContain('Welcome to nginx!');
});

test('containers of a Pod share /dev/shm with each other but not with other Pods; it is removed with the sandbox', async () => {
  const cluster = await podScenario();
  await cluster.start({ containers: [peer('a', idle), peer('b', idle)] });
  await cluster.start({ containers: [service()] }, { name: 'other' });
  const list = async (pod: string, container: string) =>
    (await cluster.exec(pod, ['ls', '/dev/shm'], { container })).stdout;
  await cluster.exec('default/web', ['sh', '-c', 'echo x > /dev/shm/segment'], { container: 'a' });
  expect(await list('default/web', 'b')).toBe('segment\n');
  expect(await list('default/other', 'main')).toBe('');
  const [sandbox] = (await cluster.nodes.runtime('node1')?.listPodSandboxes()) ?? [];
  await cluster.nodes.runtime('node1')?.stopPodSandbox(sandbox?.id ?? '');
  await cluster.advance('30s');
  expect(await list('default/web', 'b')).toBe('');
});

test('hostIPC: Pods share /dev/shm with their node', async () => {
  const cluster = await podScenario({ nodes: 2 });
  await cluster.start({ hostIPC: true, nodeName: 'node1', containers: [service()] });
  await cluster.start({ hostIPC: true, nodeName: 'node1', containers: [service()] }, { name: 'second' });
  await cluster.start({ hostIPC: true, nodeName: 'node2', containers: [service()] }, { name: 'elsewhere' });
  await cluster.exec('default/web', ['sh', '-c', 'echo x > /dev/shm/segment']);
  expect((await cluster.exec('default/second', ['cat', '/dev/shm/segment'])).stdout).toBe('x\n');
  expect((await cluster.exec('default/elsewhere', ['ls', '/dev/shm'])).stdout).toBe('');
});

test.for([
  [
    'ClusterFirst',
    {},
    'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  ],
  ['Default', { dnsPolicy: 'Default' }, 'nameserver 10.0.0.2\n'],
  [
    'None',
    {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['1.1.1.1'],
        searches: ['my.dns'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    },
    'search my.dns\nnameserver 1.1.1.1\noptions ndots:2 edns0\n',
  ],
  ['ClusterFirst on the host network behaves like Default', { hostNetwork: true }, 'nameserver 10.0.0.2\n'],
  [
    'ClusterFirstWithHostNet',
    { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
    'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  ],
] as const)('dnsPolicy %s determines /etc/resolv.conf', async ([, spec, text]) => {
  const cluster = await podScenario();
  await cluster.start({ ...(spec as object), containers: [service()] });
  expect((await cluster.exec('default/web', ['cat', '/etc/resolv.conf'])).stdout).toBe(text);
});
