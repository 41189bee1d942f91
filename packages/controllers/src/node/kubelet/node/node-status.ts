import {
  conditionAfter,
  equalJson,
  fnv1a32,
  isAlreadyExists,
  isConflict,
  isNotFound,
  Lease,
  microTimestamp,
  Node,
  type Stored,
  timestamp,
} from '@orrery/api';
import { type ControllerContext, errorText, fromAbort, type Milliseconds } from '@orrery/core';
import { produce } from 'immer';
import { type KubeletSettings, kubeletVersion } from '../options.ts';
import { type ConditionRow, healthRows, type NodeHealth, transitions } from './node-health.ts';
import { type RuntimeConditions, readinessError } from './runtime-state.ts';

type NodeStatus = NonNullable<Node['status']>;
type NodeCondition = NonNullable<NodeStatus['conditions']>[number];
type Images = NonNullable<NodeStatus['images']>;

const nodeLeases = 'kube-node-lease';
const retryPace: Milliseconds = 1000;

/** Keeps a node's Node object and Lease: that the node is there, what it has, and that it is alive (KEP-589). */
export class NodeReporter {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  readonly #health: NodeHealth;
  readonly #look: () => void | Promise<void>;
  #lease: Stored<Lease> | undefined;
  #reportedAt: Milliseconds = 0;
  /** The node as the API showed it when it was last seen to be as reported. */
  #asReported: Stored<Node> | undefined;
  #images: Images = [];
  /** What is being tried until it succeeds. */
  readonly #trying = new Set<string>();
  /** Why the runtime or its network are not ready; undefined if they are. */
  #error: string | undefined;
  /** What the health was when it was last told. */
  #told: NodeHealth;
  readonly #identities: { readonly boot: string; readonly machine: string; readonly system: string };

  /** `look` is called before each report, to bring the health up to date. */
  constructor(
    settings: KubeletSettings,
    context: ControllerContext,
    health: NodeHealth,
    look: () => void | Promise<void>,
  ) {
    this.#health = health;
    this.#told = { ...health };
    this.#look = look;
    this.#settings = settings;
    this.#context = context;
    const { nodeName } = settings;
    this.#identities = {
      boot: identity(nodeName, 'boot'),
      machine: identity(nodeName, 'machine').replaceAll('-', ''),
      system: identity(nodeName, 'system'),
    };
  }

  /** Registers the node and goes on reporting until the signal is aborted. */
  async start(): Promise<void> {
    const { signal } = this.#context;
    await this.#retrying('node could not be registered', () => this.#register());
    if (signal.aborted) return;
    const renew = (this.#settings.leaseDurationSeconds * 1000) / 4;
    this.#every(renew, () => this.#retrying('lease could not be renewed', () => this.#renewLease()));
    this.#every(this.#settings.nodeStatusUpdateFrequency, () => this.#tick());
    await this.#retrying('lease could not be renewed', () => this.#renewLease());
  }

  #every(period: Milliseconds, task: () => void | Promise<void>): void {
    const { clock, signal } = this.#context;
    let timer: Disposable;
    const tick = (): void | Promise<void> => {
      timer = clock.schedule(period, tick);
      return task();
    };
    timer = clock.schedule(period, tick);
    fromAbort(signal).subscribe(() => timer[Symbol.dispose]());
  }

  /** Tries until it succeeds; while that lasts, nothing of the same name is begun beside it. */
  async #retrying(what: string, task: () => Promise<void>): Promise<void> {
    const { clock, signal, log } = this.#context;
    if (this.#trying.has(what)) return;
    this.#trying.add(what);
    try {
      while (!signal.aborted) {
        try {
          await task();
          return;
        } catch (error) {
          if (signal.aborted) return;
          log.warn(what, { error: errorText(error) });
        }
        await clock.sleep(retryPace, signal).catch(() => {
          // The kubelet is to stop.
        });
      }
    } finally {
      this.#trying.delete(what);
    }
  }

  async #register(): Promise<void> {
    const { client, clock } = this.#context;
    const { nodeName, taints, podCidr, annotations } = this.#settings;
    this.#images = await this.#imageList();
    this.#error = readinessError(await this.#runtimeConditions());
    const labels = this.#labels();
    let node: Stored<Node>;
    try {
      node = await client.create<Node>({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: nodeName,
          labels,
          annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...annotations },
        },
        spec: {
          ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
          ...(taints.length === 0 ? {} : { taints: [...taints] }),
        },
        status: this.#nodeStatus(undefined, clock.now()),
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      node = await client.get(Node, nodeName);
      if (Object.entries(labels).some(([key, value]) => node.metadata.labels?.[key] !== value)) {
        node = await client.update(
          produce(node, ({ metadata }) => {
            metadata.labels = { ...metadata.labels, ...labels };
          }),
        );
      }
    }
    await this.#writeStatus(node);
  }

  #labels(): { [key: string]: string } {
    const { nodeName, operatingSystem, architecture, labels } = this.#settings;
    return {
      'beta.kubernetes.io/arch': architecture,
      'beta.kubernetes.io/os': operatingSystem,
      'kubernetes.io/arch': architecture,
      'kubernetes.io/hostname': nodeName,
      'kubernetes.io/os': operatingSystem,
      ...labels,
    };
  }

  #tick(): void | Promise<void> {
    const looking = this.#look();
    return looking instanceof Promise ? looking.then(() => this.report()) : this.report();
  }

  /** Every few seconds: a change is told at once, and else that nothing changed, every few minutes. */
  report(): void | Promise<void> {
    const answer = this.#runtimeConditions();
    return answer instanceof Promise ? answer.then((conditions) => this.#reportOn(conditions)) : this.#reportOn(answer);
  }

  #reportOn(conditions: RuntimeConditions): void | Promise<void> {
    const { cache, clock } = this.#context;
    const error = readinessError(conditions);
    const { pressure, shuttingDown } = this.#health;
    const changed =
      error !== this.#error || pressure !== this.#told.pressure || shuttingDown !== this.#told.shuttingDown;
    const due = changed || clock.now() - this.#reportedAt >= this.#settings.nodeStatusReportFrequency;
    if (changed) this.#told = { pressure, shuttingDown };
    this.#error = error;
    const node = cache.get(Node, this.#settings.nodeName);
    if (!due && node !== undefined && (node === this.#asReported || isReported(node, this.#rows()))) {
      this.#asReported = node;
      return;
    }
    return this.#retrying('node status could not be written', async () => {
      this.#images = await this.#imageList();
      const current = this.#context.cache.get(Node, this.#settings.nodeName);
      if (current === undefined) await this.#register();
      else await this.#writeStatus(current);
    });
  }

  #runtimeConditions(): RuntimeConditions | Promise<RuntimeConditions> {
    const answer = this.#settings.runtime.status?.();
    return answer instanceof Promise ? answer.catch(() => silentRuntime) : answer;
  }

  async #writeStatus(node: Stored<Node>): Promise<void> {
    const { client, clock } = this.#context;
    let current = node;
    for (;;) {
      const now = clock.now();
      const status = this.#nodeStatus(current.status, now);
      try {
        if (!equalJson(status, current.status)) {
          await client.updateStatus<Node>({ ...current, status });
          this.#tellTransitions(current, status);
        }
        this.#reportedAt = now;
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        current = await client.get(Node, this.#settings.nodeName);
      }
    }
  }

  #rows(): readonly ConditionRow[] {
    return healthRows(this.#health, this.#error);
  }

  #tellTransitions(before: Stored<Node>, { conditions: now }: NodeStatus): void {
    for (const reason of transitions(before.status?.conditions, now)) {
      const message = `Node ${before.metadata.name} status is now: ${reason}`;
      this.#context.events.event(before, 'Normal', reason, message);
    }
  }

  async #imageList(): Promise<Images> {
    const images = await this.#settings.runtime.listImages();
    return images
      .map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes }))
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, 50);
  }

  #nodeStatus(old: NodeStatus | undefined, now: Milliseconds): NodeStatus {
    const { capacity, allocatable, nodeIp, nodeName, runtime, operatingSystem, architecture } = this.#settings;
    return {
      ...old,
      addresses: [
        { type: 'InternalIP', address: nodeIp },
        { type: 'Hostname', address: nodeName },
      ],
      capacity: { ...old?.capacity, ...capacity },
      allocatable: { ...old?.allocatable, ...allocatable },
      conditions: conditions(old?.conditions, this.#rows(), now),
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      images: this.#images,
      nodeInfo: {
        architecture,
        bootID: this.#identities.boot,
        containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
        kernelVersion: '6.12.0',
        kubeProxyVersion: '',
        kubeletVersion,
        machineID: this.#identities.machine,
        operatingSystem,
        osImage: 'Orrery',
        systemUUID: this.#identities.system,
      },
    };
  }

  async #renewLease(): Promise<void> {
    const { client, clock } = this.#context;
    const { nodeName, leaseDurationSeconds } = this.#settings;
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds,
      renewTime: microTimestamp(clock.now()),
    };
    if (this.#lease !== undefined) {
      try {
        this.#lease = await client.update<Lease>({ ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
        return;
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        this.#lease = undefined;
      }
    }
    const owner = this.#context.cache.get(Node, nodeName);
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: nodeName,
        namespace: nodeLeases,
        ...(owner === undefined
          ? {}
          : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: owner.metadata.uid }] }),
      },
      spec,
    };
    try {
      this.#lease = await client.create<Lease>(lease);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const old = await client.get(Lease, { namespace: nodeLeases, name: nodeName });
      this.#lease = await client.update<Lease>({ ...old, spec: { ...old.spec, ...spec } });
    }
  }
}

/** Stands for a runtime that does not answer. */
const silentRuntime: RuntimeConditions = [
  { type: 'RuntimeReady', status: false, reason: 'RuntimeUnreachable', message: 'container runtime is down' },
];

/** The node's conditions: those that the kubelet owns are as they are; others' are left alone. */
function conditions(
  old: readonly NodeCondition[] | undefined,
  rows: readonly ConditionRow[],
  now: Milliseconds,
): NodeCondition[] {
  const owned = new Set(rows.map(([type]) => type));
  return [
    ...(old ?? []).filter(({ type }) => !owned.has(type)),
    ...rows.map(([type, status, reason, message]): NodeCondition => {
      const before = old?.find((condition) => condition.type === type);
      return conditionAfter(before, { type, status, lastHeartbeatTime: timestamp(now), reason, message }, now);
    }),
  ];
}

/** Whether the API shows the node as this kubelet reported it: not when the node controller found it silent. */
function isReported(node: Node, rows: readonly ConditionRow[]): boolean {
  return rows.every(([type, status]) =>
    node.status?.conditions?.some((one) => one.type === type && one.status === status),
  );
}

/** An identifier that is the node's own and the same after every start. */
function identity(nodeName: string, what: string): string {
  let hex = '';
  for (let part = 0; part < 4; part++) {
    hex += fnv1a32(`${what}/${nodeName}/${part}`).toString(16).padStart(8, '0');
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
