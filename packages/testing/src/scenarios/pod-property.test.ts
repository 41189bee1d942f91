import { Pod } from '@orrery/api';
import { type Cluster, createCluster } from '@orrery/cluster';
import { createSimulation } from '@orrery/core';
import type { MachineProvider } from '@orrery/runtimes';
import { type SimulatedMachines, simulatedMachines } from '@orrery/runtimes/sim';
import { createMemoryEngine, delegatingEngine } from '@orrery/store';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ContainerHistory, PodHistory, reportingPath, Traps, wrapRuntimes } from '../index.ts';
import { overriding } from '../machines/overriding.ts';
import { podTemplate, type RandomPod, type Scenario, type Step, scenario } from './random-pods.fixture.ts';

/** The whole cluster under random Pods, exits, probe results and crashes of every part: the documented rules hold throughout. */

const nodes = ['node1', 'node2'];

/** A cluster whose control plane and machines can crash, and the rule violations observed in it. */
async function startWorld(seed: number) {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const memory = createMemoryEngine();
  // It outlives the control planes that use it.
  const engine = delegatingEngine(memory, { close: async () => {} });
  const traps = new Traps();
  const history: PodHistory = new PodHistory({ runtime: (node) => cluster.nodes.runtime(node) });
  const containers = new ContainerHistory({ spec: (uid) => history.spec(uid) });
  const problems: string[] = [];
  let simulated: SimulatedMachines | undefined;
  // A control plane that restarts finds the machines as it left them.
  const lasting: MachineProvider<SimulatedMachines> = async (context) => {
    simulated ??= await simulatedMachines()(context);
    return overriding(simulated, { close: async () => {} });
  };
  const healthy: MachineProvider<SimulatedMachines> = wrapRuntimes(lasting, (runtime) => {
    runtime.files.mkdir('/health');
    return runtime;
  });
  const machines = traps.machines(containers.machines(healthy));
  const open = () =>
    createCluster({ environment, engine, machines, link: traps.link, nodes: nodes.map((name) => ({ name })) });
  const watch = () => cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => history.take(event));

  let cluster: Cluster = await open();
  let watching = watch();
  await simulation.settle();

  return {
    simulation,
    traps,
    runtimes: () => nodes.flatMap((name) => simulated?.runtime(name) ?? []),
    runtime: (node: string) => simulated?.runtime(node),
    client: () => cluster.client,
    nodes: () => cluster.nodes,
    /** Starts the shutdown; the machine is off when its Pods have ended. */
    shutDown: (node: string) => {
      cluster.nodes.shutDown(node).catch((error: unknown) => problems.push(`${node} could not be shut down: ${error}`));
    },
    restartControlPlane: async () => {
      watching.unsubscribe();
      await cluster.close();
      cluster = await open();
      watching = watch();
    },
    problems: () => [...history.problems, ...containers.problems, ...problems],
    say: (problem: string) => void problems.push(problem),
    close: async () => {
      watching.unsubscribe();
      await cluster.close();
      await simulated?.close();
    },
  };
}

type World = Awaited<ReturnType<typeof startWorld>>;

async function act(world: World, step: Step): Promise<void> {
  const { simulation } = world;
  const node = nodes[('node' in step ? step.node : 0) % nodes.length] ?? '';
  const runtime = world.runtime(node);
  switch (step.type) {
    case 'wait':
      await simulation.advance(step.seconds * 1000);
      break;
    case 'kill': {
      const running = ((await runtime?.listContainers()) ?? []).filter(({ state }) => state === 'RUNNING');
      const picked = running[step.pick % Math.max(running.length, 1)];
      if (picked !== undefined) await runtime?.stopContainer(picked.id, 0);
      break;
    }
    case 'sandbox': {
      const [first] = (await runtime?.listPodSandboxes()) ?? [];
      if (first !== undefined) await runtime?.stopPodSandbox(first.id);
      break;
    }
    case 'probe':
      for (const { files } of world.runtimes()) {
        if (step.healthy) files.remove('/health/bad');
        else files.writeFile('/health/bad', '');
      }
      break;
    case 'kubelet':
      if (world.nodes().running(node)) await world.nodes().restartKubelet(node);
      break;
    case 'machine':
      if (world.nodes().running(node)) await world.nodes().stop(node);
      else await world.nodes().start(node);
      break;
    case 'shutdown':
      if (world.nodes().running(node)) {
        world.shutDown(node);
        await simulation.advance(step.seconds * 1000);
      }
      break;
    case 'control-plane':
      if (nodes.every((name) => world.nodes().running(name))) await world.restartControlPlane();
      break;
    case 'crash': {
      const { at, after, lost } = step;
      world.traps.add({ at, after, lost, crash: `kubelet-${node}` });
      break;
    }
    case 'delete': {
      const { items } = await world.client().list(Pod, { namespace: 'default' });
      const picked = items[step.pick % Math.max(items.length, 1)];
      if (picked !== undefined) {
        const { namespace = '', name } = picked.metadata;
        await world.client().delete(Pod, { namespace, name }, { gracePeriodSeconds: step.grace });
      }
      break;
    }
  }
  await simulation.settle();
}

const endless = { seconds: 1_000_000, code: 0, stop: 'at once' } as const;
const plain = { probed: false, hooked: false, does: endless };
const pod: RandomPod = {
  restartPolicy: 'Always',
  init: [],
  regular: [plain],
  graceSeconds: 1,
  deadlineSeconds: undefined,
};

/** Failures that longer searches have found in the past. */
const found: readonly Scenario[] = [
  // A kubelet that died while it cleaned up a Pod left the Pod's directory behind.
  { pods: [pod], steps: [{ type: 'crash', node: 0, at: 'call', after: 7, lost: false }], seed: 0 },
  // A kubelet that died while it removed old init containers lost track of the later ones first.
  {
    pods: [{ ...pod, init: [{ sidecar: false, startup: false, does: { seconds: 0, code: 1, stop: 'at once' } }] }, pod],
    steps: [
      { type: 'wait', seconds: 0 },
      { type: 'crash', node: 0, at: 'call', after: 3, lost: true },
      { type: 'sandbox', node: 0 },
    ],
    seed: 0,
  },
];

/** Runs a scenario, and returns the violations found. */
async function live(world: World, { pods, steps }: Scenario): Promise<readonly string[]> {
  for (const [i, pod] of pods.entries()) {
    const metadata = { name: `p${i}`, namespace: 'default' };
    await world.client().create<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podTemplate(pod) });
  }
  for (const step of steps) await act(world, step);
  // In the end all machines run, and every Pod that is being deleted goes.
  await world.simulation.advance('1m');
  for (const name of nodes) if (!world.nodes().running(name)) await world.nodes().start(name);
  await world.client().deleteCollection(Pod, { namespace: 'default' }, { gracePeriodSeconds: 1 });
  await world.simulation.advance('4m');
  const left = (await world.client().list(Pod, { namespace: 'default' })).items.map(({ metadata }) => metadata.name);
  if (left.length > 0) world.say(`deleted Pods are still there: ${left}`);
  for (const runtime of world.runtimes()) {
    if ((await runtime.listContainers()).length > 0) world.say('containers are left');
    if ((await runtime.listPodSandboxes()).length > 0) world.say('sandboxes are left');
    if (runtime.files.usage('/var/lib/kubelet/pods') > 0) world.say('volumes are left');
  }
  await world.close();
  return world.problems();
}

test('the history of a cluster’s Pods obeys the rules, whatever happens to the cluster', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      const world = await startWorld(drawn.seed);
      await reportingPath(world.simulation.choices, async () => expect(await live(world, drawn)).toEqual([]));
    }),
    { numRuns: 100, seed: 7, examples: found.map((one) => [one]) },
  );
}, 120_000);
