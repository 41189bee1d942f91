import { Pod, type PodSpec, type Stored } from '@orrery/api';
import {
  createManager,
  createSimulation,
  type Duration,
  type EventRecorder,
  type Manager,
  type Simulation,
} from '@orrery/core';
import { createCache } from '@orrery/core/assembly';
import { openTestServer, type TestServer } from '@orrery/core/fixtures';
import { FakeRuntime } from './fake-runtime.fixture.ts';
import { createKubelet, type Kubelet } from './kubelet/kubelet.ts';
import { type KubeletOptions, kubeletCacheSelectors } from './kubelet/options.ts';
import { createSecretProjector, ProjectedVolumes } from './secret-projector/index.ts';

/** An event that was recorded, as `Type Reason [fieldPath] message`. */
type EventLine = string;

/** One node in virtual time: a kubelet and a projector over a fake runtime and a real API server. */
export interface TestNode {
  readonly simulation: Simulation;
  readonly api: TestServer;
  readonly runtime: FakeRuntime;
  readonly events: readonly EventLine[];
  readonly kubelet: () => Kubelet;
  /** Creates a Pod bound to the node and lets all come to rest. */
  create(spec: Partial<PodSpec>, metadata?: Partial<Pod['metadata']>): Promise<Stored<Pod>>;
  pod(name?: string): Promise<Stored<Pod>>;
  /** undefined if the Pod is gone. */
  find(name?: string): Promise<Stored<Pod> | undefined>;
  delete(options?: { gracePeriodSeconds?: number }, name?: string): Promise<void>;
  advance(duration: Duration): Promise<void>;
  /** Stops the kubelet and starts another over the same runtime. */
  restart(): Promise<void>;
}

/** Starts a node. */
export async function startNode(options: Partial<KubeletOptions> = {}, seed = 1): Promise<TestNode> {
  const simulation = createSimulation({ seed, start: Date.UTC(2026, 0, 1) });
  const { environment } = simulation;
  const { clock } = environment;
  const api = await openTestServer(environment);
  const runtime = new FakeRuntime(clock);
  const events: EventLine[] = [];
  const recorder: EventRecorder = {
    event: (_about, type, reason, message, { fieldPath } = {}) => {
      events.push(`${type} ${reason}${fieldPath === undefined ? '' : ` ${fieldPath}`} ${message}`);
    },
  };
  let manager: Manager;
  let kubelet: Kubelet;
  const start = async (): Promise<void> => {
    const volumes = new ProjectedVolumes();
    kubelet = createKubelet({ nodeName: 'node1', runtime, volumes, nodeIp: '192.168.0.1', ...options });
    const watched = kubelet;
    const projector = createSecretProjector({
      nodeName: 'node1',
      files: runtime.files,
      volumes,
      ...(options.allocatable === undefined ? {} : { allocatable: options.allocatable }),
    });
    manager = createManager({
      environment,
      clientFor: () => api.client,
      cacheFor: (controller) =>
        createCache({
          client: api.client,
          environment,
          actor: `${controller.name} cache`,
          selectors: new Map([[Pod, { fieldSelector: kubeletCacheSelectors('node1').Pod as string }]]),
        }),
    });
    await manager.add({ ...watched, start: (context) => watched.start({ ...context, events: recorder }) });
    await manager.add(projector);
    await manager.start();
  };
  await start();
  await simulation.settle();
  const find = async (name = 'p'): Promise<Stored<Pod> | undefined> =>
    api.client.get(Pod, { namespace: 'default', name }).catch(() => undefined);
  const node: TestNode = {
    simulation,
    api,
    runtime,
    events,
    kubelet: () => kubelet,
    find,
    async create(spec, metadata = {}) {
      const pod = await api.client.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'default', generation: 1, ...metadata },
        spec: {
          nodeName: 'node1',
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          containers: [],
          ...spec,
        },
      });
      await simulation.settle();
      return pod;
    },
    async pod(name = 'p') {
      const found = await find(name);
      if (found === undefined) throw new Error(`there is no pod ${name}`);
      return found;
    },
    async delete(deleteOptions = {}, name = 'p') {
      await api.client.delete(Pod, { namespace: 'default', name }, deleteOptions);
      await simulation.settle();
    },
    async advance(duration) {
      await simulation.advance(duration);
      await simulation.settle();
    },
    async restart() {
      await manager.stop();
      await start();
      await simulation.settle();
    },
  };
  return node;
}

/** A Pod's phase as the API has it. */
export async function phase(node: TestNode): Promise<string | undefined> {
  return (await node.pod()).status?.phase;
}

/** A container's state as the API has it. */
export async function state(node: TestNode, container = 'web'): Promise<unknown> {
  const { status } = await node.pod();
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    ({ name }) => name === container,
  )?.state;
}
