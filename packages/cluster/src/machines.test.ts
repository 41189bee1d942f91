import { EndpointSlice, Endpoints, isNotFound, Node, Service } from '@orrery/api';
import { createSimulation } from '@orrery/core';
import type { Machine, MachineProvider, Machines } from '@orrery/runtimes';
import { type SmallMachines, smallMachines } from '@orrery/runtimes/fixtures';
import { simulatedMachines } from '@orrery/runtimes/sim';
import { createMemoryEngine, delegatingEngine, type StorageEngine } from '@orrery/store';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Cluster } from './cluster.ts';
import { type ClusterOptions, createCluster } from './create-cluster.ts';

/** Clusters and their machines: failures, restarts, Pod ranges. */

async function start(options: ClusterOptions = {}) {
  const simulation = createSimulation();
  const cluster = await createCluster({ environment: simulation.environment, nodes: 2, ...options });
  onTestFinished(() => cluster.close());
  await simulation.settle();
  return { cluster, simulation };
}

/** Small machines that fail at the steps in `failing`, and log when they are closed. */
function failingMachines(failing: Set<string>, log: string[] = []): MachineProvider {
  const check = (what: string) => {
    if (failing.has(what)) throw new Error(`${what} fails`);
  };
  return async (context) => {
    check('opening');
    const machines = await smallMachines()(context);
    return {
      apiServer: machines.apiServer,
      network: machines.network,
      machine: async (request) => {
        check(`finding ${request.name}`);
        return withPower(await machines.machine(request), () => check(`starting ${request.name}`));
      },
      serveApi: async (door) => {
        check('serving');
        return machines.serveApi(door);
      },
      close: async () => {
        log.push('machines closed');
        await machines.close();
      },
    };
  };
}

function withPower(machine: Machine, check: () => void): Machine {
  const { ip, architecture, operatingSystem } = machine;
  return {
    ip,
    architecture,
    operatingSystem,
    powerOn: async () => {
      check();
      return machine.powerOn();
    },
    powerOff: () => machine.powerOff(),
  };
}

/** An engine that logs when it is closed. */
function engineLog(): { readonly engine: StorageEngine; readonly log: string[] } {
  const log: string[] = [];
  const memory = createMemoryEngine();
  const engine = delegatingEngine(memory, {
    close: async () => {
      log.push('engine closed');
      await memory.close();
    },
  });
  return { engine, log };
}

const rangeOf = async (cluster: Cluster, node: string) => (await cluster.client.get(Node, node)).spec?.podCIDR;

describe('a machine that fails', () => {
  test.for([
    ['opening', []],
    ['serving', ['machines closed']],
    ['finding node2', ['machines closed']],
    ['starting node1', ['machines closed']],
  ] as const)('%s keeps a cluster from starting, and everything opened before is closed', async ([what, closed]) => {
    const { engine, log } = engineLog();
    const { environment } = createSimulation();
    const machines = failingMachines(new Set([what]), log);
    await expect(createCluster({ environment, engine, machines, nodes: 2 })).rejects.toThrow(`${what} fails`);
    expect(log).toEqual([...closed, 'engine closed']);
  });

  test.for(['finding node3', 'starting node3'])(
    '%s keeps a node from being added, and its range is free',
    async (what) => {
      const failing = new Set([what]);
      const { cluster, simulation } = await start({ machines: failingMachines(failing) });
      await expect(cluster.nodes.add({ name: 'node3' })).rejects.toThrow(`${what} fails`);
      expect(cluster.nodes.names).toEqual(['node1', 'node2']);
      expect(cluster.nodes.running('node3')).toBe(false);
      await expect(cluster.client.get(Node, 'node3')).rejects.toSatisfy(isNotFound);
      failing.clear();
      await cluster.nodes.add({ name: 'node4' });
      await cluster.nodes.add({ name: 'node3' });
      await simulation.settle();
      expect([await rangeOf(cluster, 'node4'), await rangeOf(cluster, 'node3')]).toEqual([
        '10.224.3.0/24',
        '10.224.4.0/24',
      ]);
    },
  );

  test('leaves its node off when it does not start again, until the next attempt', async () => {
    const failing = new Set<string>();
    const { cluster } = await start({ machines: failingMachines(failing) });
    await cluster.nodes.stop('node1');
    failing.add('starting node1');
    await expect(cluster.nodes.start('node1')).rejects.toThrow('starting node1 fails');
    expect(cluster.nodes.running('node1')).toBe(false);
    failing.clear();
    await cluster.nodes.start('node1');
    expect(cluster.nodes.running('node1')).toBe(true);
  });
});

test('a cluster has simulated machines by default', async () => {
  const { environment } = createSimulation();
  const cluster = await createCluster({ environment, nodes: 1 });
  onTestFinished(() => cluster.close());
  expect(cluster.machines.apiServer).toEqual({ ip: '192.168.0.10', port: 6443 });
  expect(cluster.machines.network.names.resolve('kubernetes.default.svc.cluster.local')).toEqual(['10.96.0.1']);
  expect(cluster.machines.runtime('node1')).toBe(cluster.nodes.runtime('node1'));
});

test('a cluster closes its machines once, however often it is closed', async () => {
  const { environment } = createSimulation();
  const cluster = await createCluster<SmallMachines>({ environment, machines: smallMachines(), nodes: 1 });
  await cluster.close();
  await cluster.close();
  expect(cluster.machines.log).toEqual(['node1 on', 'node1 off', 'closed']);
});

test('a cluster that restarts on other machines publishes the new addresses of its API server and nodes', async () => {
  const simulation = createSimulation();
  const { environment } = simulation;
  const engine: StorageEngine = { ...engineLog().engine, close: async () => {} };
  const places: unknown[] = [];
  for (const machines of [simulatedMachines(), smallMachines(), smallMachines()] satisfies MachineProvider[]) {
    const cluster = await createCluster<Machines>({ environment, engine, machines, nodes: 1 });
    await simulation.settle();
    const { client } = cluster;
    const endpoints = await client.get(Endpoints, 'default/kubernetes');
    const service = await client.get(Service, 'default/kubernetes');
    const { status } = await client.get(Node, 'node1');
    places.push([
      endpoints.subsets?.[0]?.addresses?.[0]?.ip,
      (await client.get(EndpointSlice, 'default/kubernetes')).endpoints?.[0]?.addresses[0],
      service.spec.clusterIP,
      service.spec.ports?.[0]?.targetPort,
      status?.addresses?.[0]?.address,
      endpoints.metadata.resourceVersion,
    ]);
    await cluster.close();
  }
  const small = ['172.20.0.1', '172.20.0.1', '10.96.0.1', 8443, '172.20.0.11', expect.any(String)];
  expect(places).toEqual([
    ['192.168.0.10', '192.168.0.10', '10.96.0.1', 6443, '192.168.0.11', expect.any(String)],
    small,
    // Unchanged objects are not written.
    places[1],
  ]);
  expect(places[1]).toEqual(small);
});

describe("nodes' Pod ranges", () => {
  test('come from the cluster CIDR, and a node is rejected when it is full', async () => {
    const { cluster } = await start({ clusterCidr: '10.9.0.0/25', nodeCidrMaskSize: 26 });
    expect([await rangeOf(cluster, 'node1'), await rangeOf(cluster, 'node2')]).toEqual(['10.9.0.0/26', '10.9.0.64/26']);
    await expect(cluster.nodes.add({ name: 'node3' })).rejects.toThrow(
      'no Pod range is left for node node3: 10.9.0.0/25 has room for 2 of /26, and all are in use; widen it (clusterCidr, orrery up --cluster-cidr)',
    );
    expect(cluster.nodes.names).toEqual(['node1', 'node2']);
  });

  test('stay with Nodes of an earlier run, until those are deleted', async () => {
    const simulation = createSimulation();
    const engine: StorageEngine = { ...engineLog().engine, close: async () => {} };
    const options = { environment: simulation.environment, engine, clusterCidr: '10.9.0.0/22' };
    const first = await createCluster({ ...options, nodes: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
    await simulation.settle();
    await first.close();

    const second = await createCluster({ ...options, nodes: [{ name: 'd' }, { name: 'c' }] });
    onTestFinished(() => second.close());
    await simulation.settle();
    expect([await rangeOf(second, 'd'), await rangeOf(second, 'c')]).toEqual(['10.9.3.0/24', '10.9.2.0/24']);
    await expect(second.nodes.add({ name: 'e' })).rejects.toThrow('no Pod range is left for node e');
    // This node has a machine, whose kubelet registers it again.
    await second.client.delete(Node, 'c');
    await simulation.settle();
    await expect(second.nodes.add({ name: 'e' })).rejects.toThrow('no Pod range is left for node e');
    await second.client.delete(Node, 'a');
    await simulation.settle();
    await second.nodes.add({ name: 'e' });
    await simulation.settle();
    expect(await rangeOf(second, 'e')).toBe('10.9.0.0/24');
  });

  test('are not allocated twice when another client creates a Node', async () => {
    const { cluster, simulation } = await start();
    const spec = { podCIDR: '10.224.2.0/24', podCIDRs: ['10.224.2.0/24'] };
    await cluster.client.create<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'theirs' }, spec });
    await simulation.settle();
    await cluster.nodes.add({ name: 'node3' });
    await simulation.settle();
    expect(await rangeOf(cluster, 'node3')).toBe('10.224.3.0/24');
  });

  test.for([
    ['192.168.0.0/16', 'the address of the API server, 192.168.0.10, is in the range of Pods, 192.168.0.0/16'],
    ['192.168.0.16/28', 'no Pod range is left for node node2'],
    ['10.9.0.1/16', 'cluster CIDR 10.9.0.1/16: has bits set beyond its prefix; write 10.9.0.0/16'],
  ] as const)('cannot be %s', async ([clusterCidr, message]) => {
    const nodeCidrMaskSize = clusterCidr.endsWith('/28') ? 28 : 24;
    await expect(createCluster({ clusterCidr, nodeCidrMaskSize, nodes: 2 })).rejects.toThrow(message);
  });

  test('contain no machine', async () => {
    const machines: MachineProvider = async (context) => {
      const small = await simulatedMachines()(context);
      const machine = { ...small.machine({ name: 'x', podCidr: '10.224.0.0/24' }), ip: '10.224.9.9' };
      return {
        ...small,
        apiServer: small.apiServer,
        machine: () => machine,
        serveApi: small.serveApi.bind(small),
        close: async () => small.close(),
      };
    };
    await expect(start({ machines })).rejects.toThrow(
      'the address of node node1, 10.224.9.9, is in the range of Pods, 10.224.0.0/11: choose another range (clusterCidr, orrery up --cluster-cidr)',
    );
  });
});
