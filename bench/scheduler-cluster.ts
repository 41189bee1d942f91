import { KindRegistry, type Namespace, type Node, Pod, type PodSpec, type PriorityClass } from '@orrery/api';
import { schedulerController } from '@orrery/controllers';
import { createEnvironment, createManager, type Environment, type Manager } from '@orrery/core';
import {
  AdmissionChain,
  type ApiServer,
  arrangeAdmission,
  bootstrapPolicy,
  builtinAdmission,
  createApiServer,
  createNodeAuthorizer,
  createRbacAuthorizer,
  createSimulatedTokenAuthority,
  rbacIndexes,
  systemPriorityClasses,
} from '@orrery/server';
import { createMemoryEngine, type ObjectStore, openObjectStore } from '@orrery/store';
import { watchUntil } from './ready.ts';
import type { Measured } from './row.ts';
import { startStopwatch } from './stopwatch.ts';

const authenticated = 'system:authenticated';

/** An API server, its store and a scheduler, as scheduler_perf has them: nodes and Pods are objects only, and nothing else runs. */
export class SchedulerCluster {
  readonly #environment: Environment;
  readonly #server: ApiServer;
  readonly #store: ObjectStore;
  readonly #client: ReturnType<ApiServer['client']>;
  #created = 0;

  private constructor(environment: Environment, server: ApiServer, store: ObjectStore) {
    this.#environment = environment;
    this.#server = server;
    this.#store = store;
    this.#client = server.client({ username: 'bench', groups: ['system:masters', authenticated] });
  }

  static async open(namespaces: readonly string[]): Promise<SchedulerCluster> {
    const environment = createEnvironment();
    const store = await openObjectStore({ engine: createMemoryEngine(), indexes: rbacIndexes });
    const server = createApiServer({
      store,
      kinds: new KindRegistry(),
      environment,
      admission: new AdmissionChain(arrangeAdmission(builtinAdmission(), [])),
      authorizers: [createNodeAuthorizer(store), createRbacAuthorizer(store)],
      tokens: createSimulatedTokenAuthority('bench'),
      nodes: { find: () => undefined },
    });
    const cluster = new SchedulerCluster(environment, server, store);
    for (const object of [...systemPriorityClasses, ...bootstrapPolicy()]) await cluster.#client.create(object);
    await cluster.#client.create<PriorityClass>({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
      value: 10,
    });
    for (const name of ['kube-system', ...namespaces]) await cluster.#createNamespace(name);
    return cluster;
  }

  async #createNamespace(name: string): Promise<void> {
    await this.#client.create<Namespace>({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
    await this.#client.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: name },
    });
  }

  /** Nodes of 4 cpus, 32 GiB and 110 Pods, `zones` taking turns. */
  async createNodes(count: number, zones: readonly string[]): Promise<void> {
    const resources = { cpu: '4', memory: '32Gi', pods: '110' };
    for (let index = 0; index < count; index++) {
      const name = `node-${index}`;
      const zone = zones[index % zones.length];
      const labels = {
        'kubernetes.io/hostname': name,
        ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
      };
      const node = await this.#client.create<Node>({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels },
        spec: {},
        status: { capacity: resources, allocatable: resources },
      });
      // Nothing makes it Ready and takes the taint of a new node away.
      await this.#client.update<Node>({ ...node, spec: {} });
    }
  }

  /** Gives their uids. */
  async createPods(count: number, template: PodTemplate): Promise<Set<string>> {
    const { namespace, labels = {}, ...spec } = template;
    const uids = new Set<string>();
    for (let index = 0; index < count; index++) {
      const metadata = { name: `pod-${this.#created++}`, namespace, labels };
      const created = await this.#client.create<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
      uids.add(created.metadata.uid);
    }
    return uids;
  }

  /** Runs a scheduler until all these Pods have a node. Gives the time that takes. */
  async schedule(pods: Set<string>, percentageOfNodesToScore = 0): Promise<Measured> {
    const manager = this.#manager();
    await manager.add(schedulerController({ percentageOfNodesToScore }));
    const done = watchUntil(this.#client, Pod, (event) => {
      if (event.type !== 'BOOKMARK' && (event.object.spec.nodeName ?? '') !== '')
        pods.delete(event.object.metadata.uid);
      return pods.size === 0;
    });
    const stopwatch = startStopwatch();
    await manager.start();
    await done;
    const measured = stopwatch.measured();
    await manager.stop();
    return measured;
  }

  #manager(): Manager {
    return createManager({
      environment: this.#environment,
      clientFor: (name) =>
        this.#server.client({
          username: name === 'default-scheduler' ? 'system:kube-scheduler' : 'system:kube-controller-manager',
          groups: [authenticated],
        }),
    });
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** A Pod's spec, with its namespace and labels. */
export interface PodTemplate extends PodSpec {
  readonly namespace: string;
  readonly labels?: { readonly [key: string]: string };
}
