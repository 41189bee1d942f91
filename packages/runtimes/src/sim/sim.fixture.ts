import { createSimulation, type Simulation } from '@orrery/core';
import type { ContainerConfig, ContainerRuntime, PodSandboxConfig } from '../runtime.ts';
import type { Image } from './images/image.ts';
import { SimNetwork } from './network/network.ts';
import { createHost } from './node.ts';
import { createSimRuntime, type SimulatedRuntime } from './runtime.ts';

interface FixtureOptions {
  readonly images?: readonly Image[];
  readonly seed?: number;
  /** Bytes that programs may hold on all nodes together, and files as much again. */
  readonly memoryBytes?: number;
}

/** A node with the simulated runtime in virtual time: what the tests of this folder stand on. */
export interface Fixture {
  readonly simulation: Simulation;
  readonly network: SimNetwork;
  readonly runtime: SimulatedRuntime;
  sandbox(name?: string, more?: Partial<PodSandboxConfig>): Promise<string>;
  /** Creates and starts a container. */
  container(sandboxId: string, image: string, more?: Partial<ContainerConfig>): Promise<string>;
  /** What it wrote so far. */
  logs(containerId: string): string;
  /** Runs a script by `sh -c` in a container, letting time pass until it has ended. */
  run(containerId: string, script: string): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Lets time pass until the promise settles. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** Another node of the same cluster. */
  node(name: string, ip: string, podCidr: string): ContainerRuntime;
}

export function createFixture(options: FixtureOptions = {}): Fixture {
  const simulation = createSimulation({ seed: options.seed ?? 1 });
  const network = new SimNetwork();
  const { images = [], memoryBytes } = options;
  const host = createHost(simulation.environment.work, memoryBytes);
  const node = (name: string, ip: string, podCidr: string) =>
    createSimRuntime({ node: { name, ip, podCidr }, network, host, images, ...simulation.environment });
  const runtime = node('node-1', '10.0.0.1', '10.244.1.0/24');

  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const finish = () => {
      done = true;
    };
    promise.then(finish, finish);
    await simulation.run(() => done, { within: '30d' });
    return promise;
  };

  const container = async (sandboxId: string, image: string, more: Partial<ContainerConfig> = {}) => {
    await runtime.pullImage(image);
    const id = await runtime.createContainer(sandboxId, containerConfig(image, more));
    await runtime.startContainer(id);
    return id;
  };

  return {
    simulation,
    network,
    runtime,
    sandbox: (name = 'pod', more = {}) => runtime.runPodSandbox(sandboxConfig(name, more)),
    container,
    logs: (id) => {
      let text = '';
      runtime.logs(id, { follow: false }).subscribe((entry) => {
        text += entry.text;
      });
      return text;
    },
    run: (id, script) => settled(runtime.execSync(id, ['sh', '-c', script], 0)),
    settled,
    node,
  };
}

/** A sandbox with its own network and separate process namespaces. */
export function sandboxConfig(name: string, more: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, attempt: 0 },
    hostname: name,
    labels: {},
    annotations: {},
    portMappings: [],
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    dns: {
      servers: ['10.96.0.10'],
      searches: ['default.svc.cluster.local', 'svc.cluster.local'],
      options: ['ndots:5'],
    },
    runtimeHandler: '',
    ...more,
  };
}

export function containerConfig(image: string, more: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image,
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
    ...more,
  };
}

/** Collects the output of a byte observable as text. */
export function collected(stream: { subscribe(next: (bytes: Uint8Array) => void): unknown }): { text: string } {
  const decoder = new TextDecoder();
  const result = { text: '' };
  stream.subscribe((bytes) => {
    result.text += decoder.decode(bytes, { stream: true });
  });
  return result;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
