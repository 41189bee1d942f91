import { type ContainerStatus, Pod, type PodSpec } from '@orrery/api';
import { type Cluster, createCluster } from '@orrery/cluster';
import { createSimulation } from '@orrery/core';
import type { ContainerRuntime, MachineProvider, MachineRequest } from '@orrery/runtimes';
import { type SimulatedMachines, simulatedMachines } from '@orrery/runtimes/sim';
import { createMemoryEngine, delegatingEngine } from '@orrery/store';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { podTemplate, type RandomPod, type Scenario, type Step, scenario } from './random-pods.fixture.ts';

/** The whole cluster under random Pods, exits, probe results and crashes of every part: the documented rules hold throughout. */

const nodes = ['node1', 'node2'];

/** A cluster whose control plane and machines can crash, and what is seen to go wrong in it. */
async function startWorld(seed: number) {
  const simulation = createSimulation({ seed });
  const { environment } = simulation;
  const traps = new Traps();
  const memory = createMemoryEngine();
  const engine = delegatingEngine(memory, {
    commit: async (writes) => {
      traps.step('write');
      return memory.commit(writes);
    },
    // It outlives the control planes that use it.
    close: async () => {},
  });
  const runtimes = new Map<string, ContainerRuntime>();
  const problems: string[] = [];
  const say = (problem: string) => problems.push(problem);
  const specs = new Map<string, PodSpec>();
  const crashes: Promise<void>[] = [];
  let simulated: SimulatedMachines | undefined;

  const watchedMachine = (all: SimulatedMachines, request: MachineRequest) => {
    const machine = all.machine(request);
    return {
      ...machine,
      powerOn: async () => {
        const runtime = await machine.powerOn();
        if (runtimes.get(request.name) !== runtime) {
          runtime.files.mkdir('/health');
          watchRuntime(runtime, specs, say);
          runtimes.set(request.name, runtime);
        }
        return withTraps(runtime, traps);
      },
      powerOff: async () => {
        runtimes.delete(request.name);
        await machine.powerOff();
      },
    };
  };
  // A control plane that restarts finds the machines as it left them.
  const machines: MachineProvider = async (context) => {
    simulated ??= await simulatedMachines()(context);
    const { apiServer, network } = simulated;
    return {
      apiServer,
      network,
      machine: (request) => watchedMachine(simulated as SimulatedMachines, request),
      serveApi: simulated.serveApi.bind(simulated),
      close: async () => {},
    };
  };
  const open = () => createCluster({ environment, engine, machines, nodes: nodes.map((name) => ({ name })) });

  let cluster: Cluster = await open();
  const history = new PodHistory(runtimes, say);
  let watching = cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
    if (event.type !== 'BOOKMARK') history.take(event.object, event.type === 'DELETED');
  });
  await simulation.settle();

  return {
    problems,
    specs,
    traps,
    simulation,
    runtimes,
    client: () => cluster.client,
    nodes: () => cluster.nodes,
    /** Resolves when all kubelets that crashed are back. */
    recovered: async () => {
      for (let crash = crashes.pop(); crash !== undefined; crash = crashes.pop()) await crash;
    },
    crash: (node: string, { at, after, lost }: Extract<Step, { type: 'crash' }>) =>
      traps.add(at, after, lost, () => {
        if (cluster.nodes.running(node)) crashes.push(cluster.nodes.restartKubelet(node));
      }),
    /** Begins; the machine is off when its Pods have ended. */
    shutDown: (node: string) => {
      cluster.nodes.shutDown(node).catch((error: unknown) => say(`${node} could not be shut down: ${error}`));
    },
    restartControlPlane: async () => {
      watching.unsubscribe();
      await cluster.close();
      cluster = await open();
      watching = cluster.client.watch(Pod, { namespace: 'default' }).subscribe((event) => {
        if (event.type !== 'BOOKMARK') history.take(event.object, event.type === 'DELETED');
      });
    },
    close: async () => {
      watching.unsubscribe();
      await cluster.close();
      await simulated?.close();
    },
  };
}

/** What waits for the next so many writes or calls. */
class Traps {
  readonly #set: {
    readonly at: 'write' | 'call';
    left: number;
    readonly lost: boolean;
    readonly spring: () => void;
  }[] = [];
  #paused = false;

  add(at: 'write' | 'call', after: number, lost: boolean, spring: () => void): void {
    this.#set.push({ at, left: after, lost, spring });
  }

  /** No trap springs while the test itself writes. */
  async without<T>(task: () => Promise<T>): Promise<T> {
    this.#paused = true;
    try {
      return await task();
    } finally {
      this.#paused = false;
    }
  }

  /** @throws Error if the step is one that gets lost. */
  step(at: 'write' | 'call'): void {
    if (this.#paused) return;
    for (const trap of this.#set) {
      if (trap.at !== at || --trap.left !== 0) continue;
      trap.spring();
      if (trap.lost) throw new Error(`the ${at} is lost`);
    }
  }
}

/** What the API says of Pods, one revision after the other. */
class PodHistory {
  readonly #ends = new Map<string, string>();
  readonly #nodes = new Map<string, string>();
  readonly #restarts = new Map<string, number>();
  readonly #runtimes: ReadonlyMap<string, ContainerRuntime>;
  readonly #say: (problem: string) => void;

  constructor(runtimes: ReadonlyMap<string, ContainerRuntime>, say: (problem: string) => void) {
    this.#runtimes = runtimes;
    this.#say = say;
  }

  take({ metadata, spec, status }: Pod, deleted: boolean): void {
    const { uid = '', name } = metadata;
    const node = this.#nodes.get(uid);
    if (node !== undefined && node !== spec.nodeName) this.#say(`${name} moved from ${node} to ${spec.nodeName}`);
    if (spec.nodeName !== undefined) this.#nodes.set(uid, spec.nodeName);
    const end = this.#ends.get(uid);
    if (end !== undefined && status?.phase !== end) this.#say(`phase ${end} of ${name} became ${status?.phase}`);
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') {
      if (end === undefined && !deleted && this.#runs(spec.nodeName ?? '', uid))
        this.#say(`${name} is ${status.phase} while it runs`);
      this.#ends.set(uid, status.phase);
    }
    const all: ContainerStatus[] = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    for (const one of all) {
      const key = `${uid}/${one.name}`;
      if (one.restartCount < (this.#restarts.get(key) ?? 0)) this.#say(`restartCount of ${one.name} in ${name} fell`);
      this.#restarts.set(key, one.restartCount);
      const states = Object.keys(one.state ?? {}).length;
      if (states > 1) this.#say(`${one.name} in ${name} has ${states} states`);
    }
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (ready && status?.containerStatuses?.some((one) => !one.ready))
      this.#say(`${name} is ready, a container is not`);
  }

  #runs(node: string, uid: string): boolean {
    const containers = this.#runtimes.get(node)?.listContainers() ?? [];
    if (containers instanceof Promise) throw new Error('the simulated runtime answers at once');
    return containers.some(({ labels, state }) => labels['io.kubernetes.pod.uid'] === uid && state === 'RUNNING');
  }
}

/** Checks every start in a runtime against the spec of its Pod. */
function watchRuntime(runtime: ContainerRuntime, specs: ReadonlyMap<string, PodSpec>, say: (problem: string) => void) {
  /** By sandbox: what has started in it, and which init containers have succeeded. */
  const started = new Map<string, Set<string>>();
  const succeeded = new Map<string, Set<string>>();
  const inSandbox = (map: Map<string, Set<string>>, id: string) => {
    const set = map.get(id) ?? new Set<string>();
    map.set(id, set);
    return set;
  };
  const createContainer = runtime.createContainer.bind(runtime);
  runtime.createContainer = async (sandboxId, config) => {
    const spec = specs.get(config.labels['io.kubernetes.pod.name'] ?? '');
    const container = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
      ({ name }) => name === config.metadata.name,
    );
    const asked = (container?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    const given = config.mounts.map(({ containerPath }) => containerPath);
    const expected = [...asked, '/etc/hosts', '/dev/termination-log', '/var/run/secrets/kubernetes.io/serviceaccount'];
    if (given.toSorted().join() !== expected.toSorted().join()) say(`${config.metadata.name} has the mounts ${given}`);
    return createContainer(sandboxId, config);
  };
  runtime.events().subscribe(({ type, containerId, sandboxId }) => {
    if (containerId === sandboxId || (type !== 'STARTED' && type !== 'STOPPED')) return;
    const status = runtime.containerStatus(containerId);
    const sandbox = runtime.podSandboxStatus(sandboxId);
    const containers = runtime.listContainers();
    if (status instanceof Promise || sandbox instanceof Promise || containers instanceof Promise)
      throw new Error('the simulated runtime answers at once');
    const { name } = status.metadata;
    if (type === 'STOPPED') {
      if (status.exitCode === 0) inSandbox(succeeded, sandboxId).add(name);
      return;
    }
    const pod = sandbox.metadata.name;
    if (sandbox.state !== 'READY') say(`${name} of ${pod} started without its sandbox`);
    const twins = containers.filter(
      (one) =>
        one.metadata.name === name &&
        one.labels['io.kubernetes.pod.uid'] === sandbox.metadata.uid &&
        one.state === 'RUNNING',
    );
    if (twins.length > 1) say(`two instances of ${name} of ${pod} run`);
    const again = inSandbox(started, sandboxId).has(name);
    inSandbox(started, sandboxId).add(name);
    if (again) return;
    for (const before of specs.get(pod)?.initContainers ?? []) {
      if (before.name === name) break;
      const done = before.restartPolicy === 'Always' ? started : succeeded;
      if (!inSandbox(done, sandboxId).has(before.name)) say(`${name} of ${pod} started before ${before.name} was done`);
    }
  });
}

const changingCalls: ReadonlySet<string | symbol> = new Set<keyof ContainerRuntime>([
  'runPodSandbox',
  'stopPodSandbox',
  'removePodSandbox',
  'createContainer',
  'startContainer',
  'stopContainer',
  'removeContainer',
]);

/** The runtime as a kubelet gets it: the calls by which it changes something may spring a trap. */
function withTraps(runtime: ContainerRuntime, traps: Traps): ContainerRuntime {
  return new Proxy(runtime, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!changingCalls.has(name)) return value.bind(target);
      return async (...call: readonly unknown[]) => {
        traps.step('call');
        return value.apply(target, call);
      };
    },
  });
}

type World = Awaited<ReturnType<typeof startWorld>>;

async function act(world: World, step: Step): Promise<void> {
  const { simulation, runtimes } = world;
  const node = nodes[('node' in step ? step.node : 0) % nodes.length] ?? '';
  const runtime = runtimes.get(node);
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
      for (const { files } of runtimes.values()) {
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
    case 'crash':
      world.crash(node, step);
      break;
    case 'delete': {
      const { items } = await world.client().list(Pod, { namespace: 'default' });
      const picked = items[step.pick % Math.max(items.length, 1)];
      if (picked !== undefined) {
        const { namespace = '', name } = picked.metadata;
        await world.traps.without(() =>
          world.client().delete(Pod, { namespace, name }, { gracePeriodSeconds: step.grace }),
        );
      }
      break;
    }
  }
  await simulation.settle();
  await world.recovered();
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

/** What longer searches have found to go wrong once. */
const found: readonly Scenario[] = [
  // A kubelet that died while it cleared a Pod away left the Pod's directory behind.
  {
    pods: [pod],
    steps: [
      { type: 'crash', node: 0, at: 'write', after: 1, lost: false },
      { type: 'crash', node: 0, at: 'call', after: 3, lost: false },
    ],
    seed: 0,
  },
  // One that died while it removed old init containers forgot the later ones first.
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

test('whatever happens to a cluster, the history of its Pods obeys the rules', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ pods, steps, seed }) => {
      const world = await startWorld(seed);
      for (const [i, pod] of pods.entries()) {
        const spec = podTemplate(pod);
        world.specs.set(`p${i}`, spec);
        await world
          .client()
          .create<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${i}`, namespace: 'default' }, spec });
      }
      for (const step of steps) await act(world, step);
      // In the end all machines run, and every Pod that is being deleted goes.
      await world.simulation.advance('1m');
      for (const name of nodes) if (!world.nodes().running(name)) await world.nodes().start(name);
      await world.traps.without(() =>
        world.client().deleteCollection(Pod, { namespace: 'default' }, { gracePeriodSeconds: 1 }),
      );
      await world.simulation.advance('3m');
      await world.recovered();
      await world.simulation.advance('1m');
      const left = (await world.client().list(Pod, { namespace: 'default' })).items.map(
        ({ metadata }) => metadata.name,
      );
      if (left.length > 0) world.problems.push(`deleted Pods are still there: ${left}`);
      for (const [name, runtime] of world.runtimes) {
        if ((await runtime.listContainers()).length > 0) world.problems.push(`containers are left on ${name}`);
        if ((await runtime.listPodSandboxes()).length > 0) world.problems.push(`sandboxes are left on ${name}`);
        if (runtime.files.usage('/var/lib/kubelet/pods') > 0) world.problems.push(`volumes are left on ${name}`);
      }
      await world.close();
      expect(world.problems).toEqual([]);
    }),
    { numRuns: 100, seed: 7, examples: found.map((one) => [one]) },
  );
}, 120_000);
