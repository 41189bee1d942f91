import { Pod } from '@orrery/api';
import { createSimulation } from '@orrery/core';
import type { ContainerConfig, PodSandboxConfig } from '@orrery/runtimes';
import { simulatedMachines } from '@orrery/runtimes/sim';
import { simulate } from '@orrery/testing';
import { heapMegabytes } from '../memory.ts';
import { defineRow } from '../row.ts';
import { deploymentWhere, isComplete, webDeployment } from '../workload.ts';

interface Size {
  readonly nodes: number;
  readonly pods: number;
}

/** Live objects after a garbage collection, in clusters in virtual time. A Pod's parts are made alone, where nothing else is. */
export default defineRow<Size, 'node' | 'pod' | 'object' | 'containers'>({
  what: 'live memory of a node, and of a Pod of one nginx container',
  full: { nodes: 100, pods: 5_000 },
  quick: { nodes: 2, pods: 50 },
  figures: {
    node: { what: 'a node without Pods', unit: 'bytes' },
    pod: { what: 'a Ready Pod, with its Events', unit: 'bytes' },
    object: { what: 'of it, the object in store and caches', unit: 'bytes' },
    containers: { what: 'of it, sandbox and container in the machine', unit: 'bytes' },
  },
  async measure({ nodes, pods }) {
    const { node, pod } = await cluster(nodes, pods);
    const object = await podObject(pods);
    const containers = await machine(pods);
    return { node: { value: node }, pod: { value: pod }, object: { value: object }, containers: { value: containers } };
  },
});

async function cluster(nodes: number, pods: number): Promise<{ readonly node: number; readonly pod: number }> {
  const empty = await simulate({ nodes: 0 });
  const before = heapMegabytes();
  await empty.close();
  const cluster = await simulate({ nodes });
  await cluster.advance('1m');
  const withNodes = heapMegabytes();
  await cluster.client.create(webDeployment('web', pods));
  await cluster.advance('1m');
  await deploymentWhere(cluster.client, 'web', isComplete);
  const withPods = heapMegabytes();
  await cluster.close();
  return { node: bytesEach(before, withNodes, nodes), pod: bytesEach(withNodes, withPods, pods) };
}

/** The object alone: as its ReplicaSet creates it, on a node that nobody plays. */
async function podObject(pods: number): Promise<number> {
  const cluster = await simulate({ nodes: 0 });
  const before = heapMegabytes();
  const spec = { nodeName: 'nowhere', containers: [{ name: 'web', image: 'nginx' }] };
  await cluster.client.create(webDeployment('web', pods, spec));
  await cluster.settle();
  const after = heapMegabytes();
  const { items } = await cluster.client.list(Pod, { namespace: 'default' });
  if (items.length !== pods) throw new Error(`there are ${items.length} Pods`);
  await cluster.close();
  return bytesEach(before, after, pods);
}

/** Containers alone, on a machine without a kubelet. */
async function machine(pods: number): Promise<number> {
  const simulation = createSimulation();
  const machines = await simulatedMachines()({ environment: simulation.environment, plugins: [], clusterDns: [] });
  const machine = await machines.machine({ name: 'node1', podCidr: '10.224.0.0/16' });
  const runtime = await machine.powerOn();
  await runtime.pullImage('nginx');
  const before = heapMegabytes();
  for (let index = 0; index < pods; index++) {
    const sandbox = await runtime.runPodSandbox(sandboxConfig(`web-${index}`));
    await runtime.startContainer(await runtime.createContainer(sandbox, containerConfig));
  }
  await simulation.advance('1m');
  const after = heapMegabytes();
  const containers = await runtime.listContainers();
  if (containers.some(({ state }) => state !== 'RUNNING')) throw new Error('a container does not run');
  await machines.close();
  return bytesEach(before, after, pods);
}

function bytesEach(before: number, after: number, count: number): number {
  return ((after - before) * 1e6) / count;
}

function sandboxConfig(name: string): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: name, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    portMappings: [],
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
    runtimeHandler: '',
  };
}

const containerConfig: ContainerConfig = {
  metadata: { name: 'web', attempt: 0 },
  image: 'nginx',
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
};
