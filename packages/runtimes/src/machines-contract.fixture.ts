import { Ipv4Range } from '@orrery/api';
import { createSimulation, type Simulation } from '@orrery/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HttpRequest, HttpResponse } from './http.ts';
import type { ContainerApi, Machine, MachineProvider, Machines } from './machines.ts';
import type { ContainerConfig, ContainerRuntime, Mount, PodSandboxConfig } from './runtime.ts';

/** Machines under test. */
export interface MachinesUnderTest {
  readonly machines: Machines;
  /** Lets time pass until the promise has settled. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** A container that answers every request at port 80 with the text. */
  server(text: string): Pick<ContainerConfig, 'image' | 'command'>;
  /** A container that does nothing until it is stopped. */
  readonly idle: Pick<ContainerConfig, 'image' | 'command'>;
  /**
   * A command for {@link idle} that prints what a URL answers, or fails. With files, it sends the one's content as bearer token
   * and verifies the server by the certificate in the other.
   */
  get(url: string, options?: { readonly tokenFile: string; readonly authorityFile: string }): readonly string[];
}

/** Tests of what every implementation of {@link Machines} must do for a cluster. */
export function machinesContract(name: string, open: () => Promise<MachinesUnderTest>): void {
  describe(`${name} fulfil the contract of machines`, () => {
    let subject: MachinesUnderTest;
    let machines: Machines;

    beforeEach(async () => {
      subject = await open();
      ({ machines } = subject);
    });
    afterEach(() => subject.settled(machines.close()));

    /** The machine of a node. */
    const machineOf = (node: number): Promise<Machine> =>
      subject.settled(
        (async () => machines.machine({ name: `node${node}`, podCidr: podRange(node), capacity: { cpu: '2' } }))(),
      );
    const runtimeOf = async (node: number): Promise<ContainerRuntime> =>
      subject.settled((await machineOf(node)).powerOn());
    /** Starts a Pod of one container. */
    const run = async (runtime: ContainerRuntime, pod: string, config: Partial<ContainerConfig>): Promise<Started> => {
      const sandbox = await subject.settled(runtime.runPodSandbox(sandboxOf(pod)));
      const container = containerOf(config);
      await subject.settled(runtime.pullImage(container.image));
      const id = await subject.settled(runtime.createContainer(sandbox, container));
      await subject.settled(runtime.startContainer(id));
      const { ips } = await subject.settled((async () => runtime.podSandboxStatus(sandbox))());
      return { runtime, id, ip: ips[0] ?? '' };
    };
    /** What a container gets from a URL; undefined if the request fails. */
    const get = async ({ runtime, id }: Started, ...request: Parameters<MachinesUnderTest['get']>) => {
      const { exitCode, stdout } = await subject.settled(runtime.execSync(id, subject.get(...request), 0));
      return exitCode === 0 ? stdout.trimEnd() : undefined;
    };
    /** Starts a client on the second node and servers on the first. */
    const clientAndServers = async (...texts: readonly string[]) => {
      const client = await run(await runtimeOf(2), 'client', subject.idle);
      const servers: Started[] = [];
      for (const text of texts) servers.push(await run(await runtimeOf(1), `server-${text}`, subject.server(text)));
      return { client, servers };
    };
    const endpoints = (servers: readonly Started[]) => servers.map(({ ip }) => ({ ip, port: 80 }));
    const network = {
      route: async (ip: string, port: number, servers: readonly Started[], part?: string) =>
        subject.settled((async () => machines.network.routes.set(ip, port, endpoints(servers), part))()),
      unroute: async (ip: string, port: number) =>
        subject.settled((async () => machines.network.routes.delete(ip, port))()),
      name: async (host: string, ips: readonly string[], part?: string) =>
        subject.settled((async () => machines.network.names.set(host, ips, part))()),
      unname: async (host: string) => subject.settled((async () => machines.network.names.delete(host))()),
    };

    test('a machine has its own address, architecture and operating system', async () => {
      const [one, two] = [await machineOf(1), await machineOf(2)];
      expect(one.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(two.ip).not.toBe(one.ip);
      for (const { ip } of [one, two, machines.apiServer])
        expect(Ipv4Range.of('10.200.0.0/16').contains(ip)).toBe(false);
      expect(machines.apiServer.port).toBeGreaterThan(0);
      expect(one.architecture).toMatch(/^[a-z0-9]+$/);
      expect(one.operatingSystem).toMatch(/^[a-z]+$/);
      expect((await machineOf(1)).ip).toBe(one.ip);
    });

    test('a machine has one runtime until it is switched off', async () => {
      const machine = await machineOf(1);
      const runtime = await subject.settled(machine.powerOn());
      expect(await subject.settled(machine.powerOn())).toBe(runtime);
      expect(await subject.settled((await machineOf(1)).powerOn())).toBe(runtime);
      expect(await subject.settled((async () => runtime.listPodSandboxes())())).toEqual([]);
    });

    test("a Pod's address is in its node's range, and its own", async () => {
      const { client, servers } = await clientAndServers('one', 'two');
      const [first, second] = servers;
      expect(Ipv4Range.of(podRange(1)).contains(first?.ip ?? '')).toBe(true);
      expect(Ipv4Range.of(podRange(1)).contains(second?.ip ?? '')).toBe(true);
      expect(Ipv4Range.of(podRange(2)).contains(client.ip)).toBe(true);
      expect(first?.ip).not.toBe(second?.ip);
    });

    test('Pods on different nodes reach each other by address', async () => {
      const { client, servers } = await clientAndServers('one');
      expect(await get(client, `http://${servers[0]?.ip}/`)).toBe('one');
    });

    test('a Service is reachable at its address, which leads to all endpoints in turn', async () => {
      const { client, servers } = await clientAndServers('one', 'two');
      await network.route('10.96.4.2', 8080, servers);
      const answers = [];
      for (let i = 0; i < 8; i++) answers.push(await get(client, 'http://10.96.4.2:8080/'));
      expect(new Set(answers)).toEqual(new Set(['one', 'two']));
    });

    test('a route can be replaced, have no endpoints, and be removed', async () => {
      const { client, servers } = await clientAndServers('one', 'two');
      await network.route('10.96.4.2', 80, servers.slice(0, 1));
      expect(await get(client, 'http://10.96.4.2/')).toBe('one');
      await network.route('10.96.4.2', 80, servers.slice(1));
      expect(await get(client, 'http://10.96.4.2/')).toBe('two');
      await network.route('10.96.4.2', 80, []);
      expect(await get(client, 'http://10.96.4.2/')).toBeUndefined();
      await network.route('10.96.4.2', 80, servers);
      await network.route('10.96.4.2', 81, servers.slice(0, 1));
      await network.unroute('10.96.4.2', 80);
      await network.unroute('10.96.4.2', 80);
      expect(await get(client, 'http://10.96.4.2/')).toBeUndefined();
      expect(await get(client, 'http://10.96.4.2:81/')).toBe('one');
    });

    test('a route and a name have the endpoints of all their parts, which change one by one', async () => {
      const { client, servers } = await clientAndServers('one', 'two', 'three');
      const [one, two, three] = servers as [Started, Started, Started];
      const answers = async (url: string): Promise<ReadonlySet<string | undefined>> => {
        const got = new Set<string | undefined>();
        for (let i = 0; i < 9; i++) got.add(await get(client, url));
        return got;
      };
      await network.route('10.96.4.2', 80, []);
      await network.route('10.96.4.2', 80, [one, two], 'a');
      await network.route('10.96.4.2', 80, [three], 'b');
      expect(await answers('http://10.96.4.2/')).toEqual(new Set(['one', 'two', 'three']));
      await network.route('10.96.4.2', 80, [two], 'a');
      expect(await answers('http://10.96.4.2/')).toEqual(new Set(['two', 'three']));
      await network.route('10.96.4.2', 80, [], 'a');
      expect(await answers('http://10.96.4.2/')).toEqual(new Set(['three']));
      await network.unroute('10.96.4.2', 80);
      expect(await get(client, 'http://10.96.4.2/')).toBeUndefined();

      await network.name('web.default.svc.cluster.local', [one.ip], 'a');
      await network.name('web.default.svc.cluster.local', [two.ip], 'b');
      expect(['one', 'two']).toContain(await get(client, 'http://web/'));
      await network.name('web.default.svc.cluster.local', [], 'a');
      expect(await get(client, 'http://web/')).toBe('two');
      await network.unname('web.default.svc.cluster.local');
      expect(await get(client, 'http://web/')).toBeUndefined();
    });

    test('a Service is reachable by its name, full or short', async () => {
      const { client, servers } = await clientAndServers('one');
      await network.route('10.96.4.2', 80, servers);
      expect(await get(client, 'http://web/')).toBeUndefined();
      await network.name('web.default.svc.cluster.local', ['10.96.4.2']);
      for (const host of ['web', 'web.default', 'web.default.svc', 'web.default.svc.cluster.local'])
        expect([host, await get(client, `http://${host}/`)]).toEqual([host, 'one']);
      expect(await get(client, 'http://web.other/')).toBeUndefined();
      await network.name('web.default.svc.cluster.local', []);
      expect(await get(client, 'http://web/')).toBeUndefined();
      await network.name('web.default.svc.cluster.local', [servers[0]?.ip ?? '']);
      expect(await get(client, 'http://web/')).toBe('one');
      await network.unname('web.default.svc.cluster.local');
      await network.unname('web.default.svc.cluster.local');
      expect(await get(client, 'http://web/')).toBeUndefined();
    });

    test('the API is reachable from a container with its token while it is served', async () => {
      const requests: HttpRequest[] = [];
      const api: ContainerApi = { handle: async (request) => answer(requests, request), certificateAuthority };
      const serving = await subject.settled(machines.serveApi(api));
      await subject.settled((async () => machines.network.routes.set('10.96.0.1', 443, [machines.apiServer]))());
      await network.name('kubernetes.default.svc.cluster.local', ['10.96.0.1']);
      const runtime = await runtimeOf(1);
      runtime.files.mkdir('/var/lib/account');
      runtime.files.writeFile('/var/lib/account/token', 'sesame');
      runtime.files.writeFile('/var/lib/account/ca.crt', certificateAuthority);
      const client = await run(runtime, 'client', { ...subject.idle, mounts: [account] });
      const files = { tokenFile: '/account/token', authorityFile: '/account/ca.crt' };
      const url = 'https://kubernetes.default.svc/api/v1/pods?limit=1';
      expect(await get(client, url, files)).toBe('Hello!');
      expect(requests).toMatchObject([{ method: 'GET', path: '/api/v1/pods?limit=1', remoteAddress: client.ip }]);
      const sent = requests[0]?.headers.find(({ name }) => name.toLowerCase() === 'authorization');
      expect(sent?.value).toBe('Bearer sesame');
      await subject.settled(Promise.resolve(serving[Symbol.asyncDispose]()));
      expect(await get(client, url, files)).toBeUndefined();
      expect(requests).toHaveLength(1);
      // A control plane that restarts on the same machines.
      const again = await subject.settled(machines.serveApi(api));
      expect(await get(client, url, files)).toBe('Hello!');
      await subject.settled(Promise.resolve(again[Symbol.asyncDispose]()));
    });

    test('a machine without power loses its containers, and starts empty', async () => {
      const { client, servers } = await clientAndServers('one');
      const machine = await machineOf(1);
      const url = `http://${servers[0]?.ip}/`;
      expect(await get(client, url)).toBe('one');
      await subject.settled(machine.powerOff());
      await subject.settled(machine.powerOff());
      expect(await get(client, url)).toBeUndefined();
      const runtime = await subject.settled(machine.powerOn());
      expect(runtime).not.toBe(servers[0]?.runtime);
      expect(await subject.settled((async () => runtime.listPodSandboxes())())).toEqual([]);
      expect(await subject.settled((async () => runtime.listContainers())())).toEqual([]);
      const back = await run(runtime, 'server-again', subject.server('again'));
      expect(back.id).not.toBe(servers[0]?.id);
      expect(await get(client, `http://${back.ip}/`)).toBe('again');
      expect((await machineOf(1)).ip).toBe(machine.ip);
    });

    test('machines can be closed more than once, on or off', async () => {
      await subject.settled((await machineOf(1)).powerOn());
      await machineOf(2);
      await subject.settled(machines.close());
      await subject.settled(machines.close());
    });
  });
}

/** Opens machines in a simulation without a cluster. */
export async function machinesInSimulation<M extends Machines>(
  provider: MachineProvider<M>,
): Promise<Pick<MachinesUnderTest, 'settled'> & { readonly machines: M; readonly simulation: Simulation }> {
  const simulation = createSimulation();
  const { environment } = simulation;
  return {
    simulation,
    machines: await provider({ environment, plugins: [], clusterDns: ['10.96.0.10'] }),
    settled: async (promise) => {
      let done = false;
      const finish = () => {
        done = true;
      };
      promise.then(finish, finish);
      await simulation.run(() => done, { within: '1h' });
      return promise;
    },
  };
}

interface Started {
  readonly runtime: ContainerRuntime;
  readonly id: string;
  readonly ip: string;
}

const certificateAuthority = '-----BEGIN CERTIFICATE-----\nQW4gYXV0aG9yaXR5\n-----END CERTIFICATE-----\n';

const account: Mount = {
  containerPath: '/account',
  hostPath: '/var/lib/account',
  readonly: true,
  propagation: 'PRIVATE',
};

function answer(requests: HttpRequest[], request: HttpRequest): HttpResponse {
  requests.push(request);
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'Hello!\n' };
}

function podRange(node: number): string {
  return `10.200.${node}.0/24`;
}

function sandboxOf(name: string): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    portMappings: [],
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    dns: {
      servers: ['10.96.0.10'],
      searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      options: ['ndots:5'],
    },
    runtimeHandler: '',
  };
}

function containerOf(config: Partial<ContainerConfig>): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image: '',
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels: {},
    annotations: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { memoryLimitBytes: 0, cpuShares: 0, cpuQuota: 0 },
    security: { supplementalGroups: [], readonlyRootFilesystem: false, privileged: false },
    ...config,
  };
}
