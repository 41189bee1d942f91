import { createEnvironment } from '@orrery/core';
import type { ContainerConfig, PodSandboxConfig } from '@orrery/runtimes';
import type { HostileScript } from '@orrery/runtimes/fixtures';
import { type SimulatedRuntime, simulatedMachines } from '@orrery/runtimes/sim';
import { StallWatch } from '../stalls.ts';

/** Runs scripts in containers side by side, on the real clock, and measures what the process around them felt. */

/** What a parent asks for. */
export interface VictimRequest {
  readonly scripts: readonly HostileScript[];
  /** How long the containers may run, in milliseconds. */
  readonly span: number;
}

/** What the process felt. */
export interface VictimReport {
  /** The longest time for which no timer fired while the process computed, in milliseconds. */
  readonly stall: number;
  /** Bytes on the heap and outside of it, once the containers were removed. */
  readonly held: number;
  /** By script: how it ended, or that it was still running. */
  readonly ends: readonly string[];
}

const environment = createEnvironment({ seed: 1 });
const machines = await simulatedMachines()({ environment, plugins: [], clusterDns: ['10.96.0.10'] });
const request = { name: 'node1', podCidr: '10.244.0.0/16' };
await machines.machine(request).powerOn();
const machine = machines.runtime(request.name) as SimulatedRuntime;
await machine.pullImage('nicolaka/netshoot');
let sandboxes = 0;

process.on('message', (request: VictimRequest) => {
  void run(request).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

async function run({ scripts, span }: VictimRequest): Promise<VictimReport> {
  const watch = new StallWatch();
  const started = await Promise.all(
    scripts.map(async (each) => {
      const sandbox = await machine.runPodSandbox(sandboxConfig(`pod-${++sandboxes}`));
      const id = await machine.createContainer(sandbox, containerConfig(each));
      await machine.startContainer(id);
      return { sandbox, id };
    }),
  );
  const end = performance.now() + span;
  const statuses = () => Promise.all(started.map(({ id }) => machine.containerStatus(id)));
  let last = await statuses();
  for (; performance.now() < end && last.some(({ state }) => state === 'RUNNING'); last = await statuses()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ends = last.map(({ state, exitCode, reason }) => (state === 'RUNNING' ? 'running' : `${reason} ${exitCode}`));
  for (const { sandbox } of started) await machine.removePodSandbox(sandbox);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const stall = watch.take();
  watch.end();
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { stall, held: heapUsed + external, ends };
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

function containerConfig({ script, memoryLimitBytes }: HostileScript): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image: 'nicolaka/netshoot',
    command: ['bash', '-c', script],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    labels: {},
    annotations: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { memoryLimitBytes, cpuShares: 0, cpuQuota: 0 },
    security: { supplementalGroups: [], readonlyRootFilesystem: false, privileged: false },
  };
}
