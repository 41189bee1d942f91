import { equalJson, isAlreadyExists, isConflict, Node, type Stored } from '@orrery/api';
import { type ControllerContext, errorText, fromAbort, type Milliseconds } from '@orrery/core';
import { produce } from 'immer';
import type { KubeletSettings } from '../options.ts';
import { healthRows, type NodeHealth, transitions } from './node-health.ts';
import { NodeLease } from './node-lease.ts';
import { isReported, type NodeFacts, type NodeImages, newNode, nodeLabels, nodeStatus } from './node-status.ts';
import { type RuntimeConditions, readinessError } from './runtime-state.ts';

const retryPace: Milliseconds = 1000;

/** Keeps a node's Node object and Lease: that the node is there, what it has, and that it is alive (KEP-589). */
export class NodeReporter {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  readonly #health: NodeHealth;
  readonly #look: () => void | Promise<void>;
  readonly #lease: NodeLease;
  #reportedAt: Milliseconds = 0;
  /** The node as the API showed it when it was last seen to be as reported. */
  #asReported: Stored<Node> | undefined;
  #images: NodeImages = [];
  /** Tasks that are being retried until they succeed. */
  readonly #trying = new Set<string>();
  /** Why the runtime or its network are not ready; undefined if they are. */
  #error: string | undefined;
  /** What the health was when it was last reported. */
  #reported: NodeHealth;

  /** `look` is called before each report, to bring the health up to date. */
  constructor(
    settings: KubeletSettings,
    context: ControllerContext,
    health: NodeHealth,
    look: () => void | Promise<void>,
  ) {
    this.#health = health;
    this.#reported = { ...health };
    this.#look = look;
    this.#settings = settings;
    this.#context = context;
    this.#lease = new NodeLease(settings, context);
  }

  /** Registers the node and reports until the signal is aborted. */
  async start(): Promise<void> {
    const { signal } = this.#context;
    await this.#retrying('node could not be registered', () => this.#register());
    if (signal.aborted) return;
    const renew = (this.#settings.leaseDurationSeconds * 1000) / 4;
    this.#every(renew, () => this.#retrying('lease could not be renewed', () => this.#lease.renew()));
    this.#every(this.#settings.nodeStatusUpdateFrequency, () => this.#tick());
    await this.#retrying('lease could not be renewed', () => this.#lease.renew());
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
    const { nodeName } = this.#settings;
    this.#images = await this.#imageList();
    this.#error = readinessError(await this.#runtimeConditions());
    const labels = nodeLabels(this.#settings);
    let node: Stored<Node>;
    try {
      const status = nodeStatus(this.#settings, this.#facts(), undefined, clock.now());
      node = await client.create(newNode(this.#settings, status));
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

  #tick(): void | Promise<void> {
    const looking = this.#look();
    return looking instanceof Promise ? looking.then(() => this.report()) : this.report();
  }

  /** Every few seconds: a change is reported at once, and else that nothing changed, every few minutes. */
  report(): void | Promise<void> {
    const answer = this.#runtimeConditions();
    return answer instanceof Promise ? answer.then((conditions) => this.#reportOn(conditions)) : this.#reportOn(answer);
  }

  #reportOn(conditions: RuntimeConditions): void | Promise<void> {
    const { cache, clock } = this.#context;
    const error = readinessError(conditions);
    const { pressure, shuttingDown } = this.#health;
    const changed =
      error !== this.#error || pressure !== this.#reported.pressure || shuttingDown !== this.#reported.shuttingDown;
    const due = changed || clock.now() - this.#reportedAt >= this.#settings.nodeStatusReportFrequency;
    if (changed) this.#reported = { pressure, shuttingDown };
    this.#error = error;
    const node = cache.get(Node, this.#settings.nodeName);
    if (!due && node !== undefined && (node === this.#asReported || isReported(node, this.#facts().conditions))) {
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
      const status = nodeStatus(this.#settings, this.#facts(), current.status, now);
      try {
        if (!equalJson(status, current.status)) {
          await client.updateStatus<Node>({ ...current, status });
          this.#recordTransitions(current, status);
        }
        this.#reportedAt = now;
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        current = await client.get(Node, this.#settings.nodeName);
      }
    }
  }

  #facts(): NodeFacts {
    return { images: this.#images, conditions: healthRows(this.#health, this.#error) };
  }

  #recordTransitions(before: Stored<Node>, { conditions: now }: NonNullable<Node['status']>): void {
    for (const reason of transitions(before.status?.conditions, now)) {
      const message = `Node ${before.metadata.name} status is now: ${reason}`;
      this.#context.events.event(before, 'Normal', reason, message);
    }
  }

  async #imageList(): Promise<NodeImages> {
    const images = await this.#settings.runtime.listImages();
    return images
      .map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes }))
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, 50);
  }
}

/** Stands for a runtime that does not answer. */
const silentRuntime: RuntimeConditions = [
  { type: 'RuntimeReady', status: false, reason: 'RuntimeUnreachable', message: 'container runtime is down' },
];
