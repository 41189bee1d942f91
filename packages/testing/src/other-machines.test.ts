import { Deployment, EndpointSlice, Endpoints, Node, Pod } from '@orrery/api';
import { createCluster } from '@orrery/cluster';
import type { MachineProvider, Machines } from '@orrery/runtimes';
import { type SmallMachines, smallImage, smallMachines } from '@orrery/runtimes/fixtures';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SimulatedCluster, type SimulateOptions, simulate } from './simulate.ts';

/** Whole clusters on machines that are not the simulated ones. */

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${smallImage}
          command: [serve, "8080", hello]
          readinessProbe: { httpGet: { path: /ready, port: 8080 } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: visitor, namespace: default }
spec: { containers: [{ name: main, image: ${smallImage}, command: [rest] }] }
`;

async function start<M extends Machines = SmallMachines>(
  options: Partial<SimulateOptions<M>> = {},
): Promise<SimulatedCluster<M>> {
  const machines = smallMachines() as MachineProvider<Machines> as MachineProvider<M>;
  const cluster = await simulate<M>({ machines, nodes: 2, ...options });
  onTestFinished(() => cluster.close());
  await cluster.apply(manifest);
  await cluster.advance('30s');
  return cluster;
}

const get = (cluster: SimulatedCluster, ...request: readonly string[]) =>
  cluster.exec('default/visitor', ['get', ...request]);

describe('a simulation on other machines', () => {
  test('runs Pods that are reachable by their Service name', async () => {
    const cluster = await start();
    expect((await cluster.get(Deployment, 'default/web')).status?.readyReplicas).toBe(2);
    for (const host of ['web', 'web.default.svc', 'web.default.svc.cluster.local'])
      expect(await get(cluster, `http://${host}/`)).toEqual({ stdout: 'hello\n', stderr: '', exitCode: 0 });
    const { stdout: hosts } = await cluster.exec('default/visitor', ['cat', '/etc/hosts']);
    expect(hosts).toContain('visitor');
    const [pod] = await cluster.list(Pod, { labelSelector: 'app=web' });
    expect(await cluster.logs(`default/${pod?.metadata.name}`)).toContain('GET /ready');
  });

  test('registers nodes with the addresses and hardware of their machines', async () => {
    const cluster = await start({ nodes: [{ name: 'big', capacity: { cpu: '64', memory: '1Ti' } }] });
    const { status, spec, metadata } = await cluster.get(Node, 'big');
    expect(status?.addresses).toContainEqual({ type: 'InternalIP', address: '172.20.0.11' });
    expect(status?.capacity).toMatchObject({ cpu: '2', memory: '3Gi', pods: '7' });
    expect(status?.nodeInfo).toMatchObject({ architecture: 'arm64', containerRuntimeVersion: 'small://1.0' });
    expect(metadata.labels).toMatchObject({ 'kubernetes.io/arch': 'arm64', 'kubernetes.io/os': 'linux' });
    expect(spec?.podCIDR).toBe('10.224.0.0/24');
    for (const { status: pod } of await cluster.list(Pod)) expect(pod?.podIP).toMatch(/^10\.224\.0\.\d+$/);
  });

  test('serves the API to containers with their tokens, at the address of the machines', async () => {
    const cluster = await start();
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    const files = [`${account}/token`, `${account}/ca.crt`];
    expect((await get(cluster, 'https://kubernetes.default.svc/healthz', ...files)).stdout).toBe('ok');
    const { stdout } = await get(cluster, 'https://kubernetes.default.svc/api/v1/namespaces/default/pods', ...files);
    expect(JSON.parse(stdout)).toMatchObject({ code: 403, message: expect.stringContaining('serviceaccount:default') });
    const { subsets } = await cluster.get(Endpoints, 'default/kubernetes');
    expect(subsets).toEqual([{ addresses: [{ ip: '172.20.0.1' }], ports: [expect.objectContaining({ port: 8443 })] }]);
    expect((await cluster.get(EndpointSlice, 'default/kubernetes')).endpoints?.[0]?.addresses).toEqual(['172.20.0.1']);
  });

  test('switches machines off and on', async () => {
    const cluster = await start();
    expect(cluster.machines.log).toEqual(['node1 on', 'node2 on']);
    await cluster.nodes.stop('node1');
    expect(cluster.nodes.runtime('node1')).toBeUndefined();
    await cluster.nodes.start('node1');
    expect(cluster.machines.log).toEqual(['node1 on', 'node2 on', 'node1 off', 'node1 on']);
    await cluster.advance('1m');
    expect((await cluster.get(Deployment, 'default/web')).status?.readyReplicas).toBe(2);
    expect((await get(cluster, 'http://web/')).stdout).toBe('hello\n');
    await cluster.nodes.restartKubelet('node1');
    await cluster.advance('1m');
    expect(cluster.machines.log).toHaveLength(4);
    await cluster.close();
    expect(cluster.machines.log.slice(4).toSorted()).toEqual(['closed', 'node1 off', 'node2 off']);
  });

  test('has one history for one seed', async () => {
    const history = async (seed: number) => {
      const cluster = await start({ seed, recorded: true });
      return JSON.stringify(cluster.history());
    };
    expect(await history(3)).toBe(await history(3));
    expect(await history(4)).not.toBe(await history(3));
  });

  test('programs a network that fails until all Services are in it', async () => {
    let failures = 5;
    const flaky: MachineProvider = async (context) => {
      const machines = await smallMachines()(context);
      const { routes, names } = machines.network;
      const orFail = <A extends readonly unknown[]>(call: (...args: A) => void | Promise<void>) => {
        return async (...args: A) => {
          if (failures-- > 0) throw new Error('the network is down');
          await call(...args);
        };
      };
      return {
        apiServer: machines.apiServer,
        machine: machines.machine.bind(machines),
        serveApi: machines.serveApi.bind(machines),
        close: machines.close.bind(machines),
        network: {
          routes: { set: orFail(routes.set), delete: orFail(routes.delete) },
          names: { set: orFail(names.set), delete: orFail(names.delete) },
        },
      };
    };
    const cluster = await start({ machines: flaky });
    expect(failures).toBeLessThanOrEqual(0);
    expect((await get(cluster, 'http://web/')).stdout).toBe('hello\n');
    failures = 3;
    await cluster.apply(manifest.replace('{ port: 80, targetPort', '{ port: 81, targetPort'));
    await cluster.advance('30s');
    expect((await get(cluster, 'http://web/')).exitCode).toBe(1);
    expect((await get(cluster, 'http://web:81/')).stdout).toBe('hello\n');
  });
});

test('a cluster on the real clock runs on other machines', async () => {
  const cluster = await createCluster({ machines: smallMachines(), nodes: 1 });
  onTestFinished(() => cluster.close());
  const ready = new Promise<void>((resolve) => {
    cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
      if (event.type === 'BOOKMARK' || event.object.metadata.name !== 'visitor') return;
      if (event.object.status?.phase === 'Running') resolve();
    });
  });
  const available = new Promise<void>((resolve) => {
    cluster.client.watch(Deployment, { namespace: 'default' }).subscribe((event) => {
      if (event.type !== 'BOOKMARK' && event.object.status?.readyReplicas === 2) resolve();
    });
  });
  await cluster.apply(manifest);
  await Promise.all([ready, available]);
  const runtime = cluster.nodes.runtime('node1');
  const containers = (await runtime?.listContainers()) ?? [];
  const visitor = containers.find(({ metadata }) => metadata.name === 'main')?.id ?? '';
  await expect.poll(() => runtime?.execSync(visitor, ['get', 'http://web/'], 0)).toMatchObject({ stdout: 'hello\n' });
});
