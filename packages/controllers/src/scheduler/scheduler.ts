import {
  type Binding,
  conditionAfter,
  equalJson,
  isNotFound,
  keyOf,
  Namespace,
  Node,
  Pod,
  type PodCondition,
  PodDisruptionBudget,
  type Stored,
  timestamp,
} from '@orrery/api';
import { aborted, type CacheChange, type ControllerContext, errorText, fromAbort } from '@orrery/core';
import { takeUntil } from 'rxjs';
import { isTerminal } from '../workload/pod-state.ts';
import { ClusterState, sameNode } from './cluster-state.ts';
import { eventMessage, fitMessage } from './fit-message.ts';
import { type NodeFailures, noFailures, summary } from './node-failures.ts';
import { createPlacer, type Placer } from './placer.ts';
import type { SchedulerPlugin } from './plugin.ts';
import { looksAndTakesTheSame, type PodInfo, podInfo, podInfoAfter, sameForScheduling } from './pod-info.ts';
import type { Candidate } from './preemption.ts';
import { RetryHints } from './retry-hints.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';
import { siblingSelector } from './sibling-selector.ts';

/** The settings of one scheduler, with nothing left open. */
export interface SchedulerSettings {
  readonly schedulerName: string;
  readonly plugins: readonly SchedulerPlugin[];
  readonly percentageOfNodesToScore: number;
}

/** The running scheduler: what happens in the cluster goes into its picture and queue; Pods leave the queue onto nodes. */
export class Scheduler {
  readonly #context: ControllerContext;
  readonly #settings: SchedulerSettings;
  readonly #cluster: ClusterState;
  readonly #placer: Placer;
  readonly #queue: SchedulingQueue;
  /** Pods whose binding is on its way. */
  readonly #binding = new Set<string>();
  readonly #writes = new Set<Promise<void>>();
  #nextStart = 0;
  #running = false;

  constructor(context: ControllerContext, settings: SchedulerSettings) {
    this.#context = context;
    this.#settings = settings;
    const { cache } = context;
    this.#cluster = new ClusterState({
      namespaceLabels: (name) => cache.get(Namespace, name)?.metadata.labels,
      siblingSelector: (pod) => siblingSelector(pod, cache),
    });
    this.#placer = createPlacer(this.#cluster, settings.plugins, context.random);
    const hints = new RetryHints(settings.plugins, this.#cluster);
    this.#queue = new SchedulingQueue(
      context.clock,
      (change, queued) => hints.mayHelp(change, queued),
      () => this.#wake(),
      hints,
    );
  }

  /** Watches and schedules until the context's signal is aborted; resolves when the last write has ended. */
  async run(): Promise<void> {
    const { cache, signal } = this.#context;
    const stop = fromAbort(signal);
    cache
      .changes(Node, { replay: true })
      .pipe(takeUntil(stop))
      .subscribe((change) => this.#nodeChanged(change));
    cache
      .changes(Pod, { replay: true })
      .pipe(takeUntil(stop))
      .subscribe((change) => this.#podChanged(change));
    cache
      .changes(Namespace)
      .pipe(takeUntil(stop))
      .subscribe((change) => this.#namespaceChanged(change));
    await aborted(signal);
    this.#queue.stop();
    await Promise.all(this.#writes);
  }

  /** Runs a write concurrently with the scheduling of the next Pods. */
  #write(write: Promise<void>): void {
    this.#writes.add(write);
    void write.finally(() => this.#writes.delete(write));
  }

  #nodeChanged({ type, object, previous }: CacheChange<Node>): void {
    if (type === 'deleted') {
      this.#cluster.removeNode(object.metadata.name);
      return;
    }
    const known = this.#cluster.node(object.metadata.name)?.node;
    this.#cluster.setNode(object);
    if (known === undefined) this.#queue.changed({ type: 'nodeAdded', node: object });
    else if (previous !== undefined && !sameNode(object, previous)) {
      this.#queue.changed({ type: 'nodeChanged', node: object, previous });
    }
  }

  #namespaceChanged({ type, object, previous }: CacheChange<Namespace>): void {
    const labels = type === 'deleted' ? undefined : object.metadata.labels;
    if (!equalJson(labels, previous?.metadata.labels)) this.#cluster.namespaceChanged();
  }

  #podChanged({ type, object }: CacheChange<Pod>): void {
    const { uid } = object.metadata;
    if (type === 'deleted' || isTerminal(object)) {
      this.#queue.delete(uid);
      this.#cluster.nominations.delete(uid);
      const gone = this.#cluster.placed(uid);
      if (gone === undefined) return;
      this.#cluster.remove(uid);
      this.#queue.changed({ type: 'podGone', pod: gone });
      return;
    }
    const node = object.spec.nodeName ?? '';
    if (node !== '') this.#podPlaced(object, node);
    else if (this.#isOurs(object) && !this.#binding.has(uid)) {
      const info = podInfo(object);
      this.#queue.put(info);
      const nominated = object.status?.nominatedNodeName;
      if (nominated !== undefined && nominated !== '') this.#cluster.nominations.put(info, nominated);
    }
  }

  #podPlaced(object: Stored<Pod>, node: string): void {
    const { uid } = object.metadata;
    const known = this.#cluster.placed(uid);
    const isThere = known !== undefined && this.#cluster.placeOf(uid) === node;
    if (isThere && sameForScheduling(known.pod, object)) {
      // Preemption compares when Pods started.
      if (known.pod.status?.startTime !== object.status?.startTime) this.#cluster.replace({ ...known, pod: object });
      return;
    }
    this.#queue.delete(uid);
    this.#cluster.nominations.delete(uid);
    const pod = known === undefined ? podInfo(object) : podInfoAfter(known, object);
    if (isThere && looksAndTakesTheSame(known.pod, object)) this.#cluster.replace(pod);
    else this.#cluster.add(pod, node);
    // Until now it was at most assumed to be there.
    if (known === undefined || (known.pod.spec.nodeName ?? '') === '') this.#queue.changed({ type: 'podPlaced', pod });
    else if (known.groupKey !== pod.groupKey || !equalJson([...known.requests], [...pod.requests])) {
      this.#queue.changed({ type: 'podChanged', pod });
    }
  }

  #isOurs({ spec }: Pod): boolean {
    return (spec.schedulerName ?? 'default-scheduler') === this.#settings.schedulerName;
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { work, signal } = this.#context;
    try {
      while (this.#queue.hasActive && !signal.aborted) {
        await work.turn(this.#settings.schedulerName);
        if (signal.aborted) return;
        const queued = this.#queue.pop();
        if (queued !== undefined) this.#scheduleOne(queued);
      }
    } finally {
      this.#running = false;
    }
  }

  #scheduleOne(queued: QueuedPod): void {
    const { cache, events, log } = this.#context;
    const { pod } = queued;
    const current = cache.get(Pod, keyOf(pod.pod));
    if (current === undefined || current.metadata.uid !== pod.uid) {
      this.#queue.delete(pod.uid);
      return;
    }
    if (current.metadata.deletionTimestamp !== undefined) {
      this.#queue.delete(pod.uid);
      const message = `skip schedule deleting pod: ${pod.key}`;
      events.event(current, 'Warning', 'FailedScheduling', message, { action: 'Scheduling' });
      return;
    }
    try {
      this.#tryToPlace(queued);
    } catch (error) {
      // A plugin's mistake must not stop the scheduler: the Pod waits, and its event says why.
      log.error('scheduling failed', { pod: pod.key, error: errorText(error) });
      this.#queue.backOff(queued);
      this.#recordFailure(pod, 'SchedulerError', errorText(error), undefined);
    }
  }

  #tryToPlace(queued: QueuedPod): void {
    const { pod } = queued;
    const nodes = this.#cluster.nodes;
    if (nodes.length === 0) {
      this.#queue.park(queued, new Set());
      this.#recordFailure(pod, 'Unschedulable', 'no nodes available to schedule pods', undefined);
      return;
    }
    const { placement, visited } = this.#placer.place(pod, {
      percentageOfNodesToScore: this.#settings.percentageOfNodesToScore,
      start: this.#nextStart % nodes.length,
    });
    this.#nextStart = (this.#nextStart + visited) % nodes.length;
    if (placement.type === 'placed') this.#assume(queued, placement.node);
    else if (placement.type === 'unfit') this.#unfit(queued, placement.failures);
    else {
      const preemption = this.#preempt(pod, noFailures);
      const rejection = placement.message;
      this.#queue.park(queued, new Set([placement.plugin]));
      const message = fitMessage({ nodes: nodes.length, rejection, reasons: [], ...preemption.details });
      this.#recordFailure(pod, 'Unschedulable', message, undefined);
    }
  }

  #unfit(queued: QueuedPod, failures: NodeFailures): void {
    const { pod } = queued;
    const { reasons, plugins } = summary(failures);
    const { candidate, details } = this.#preempt(pod, failures);
    this.#queue.park(queued, plugins);
    if (candidate !== undefined) this.#evict(pod, candidate);
    const message = fitMessage({ nodes: this.#cluster.nodes.length, reasons, ...details });
    this.#recordFailure(pod, 'Unschedulable', message, candidate?.node);
  }

  #preempt(
    pod: PodInfo,
    failures: NodeFailures,
  ): { readonly candidate?: Candidate; readonly details: { readonly preemption?: string } } {
    const { cache, random } = this.#context;
    const result = this.#placer.preempt(pod, failures, {
      cluster: this.#cluster,
      plugins: this.#settings.plugins,
      random,
      budgets: cache.list(PodDisruptionBudget),
      current: (other) => cache.get(Pod, keyOf(other.pod)) ?? other.pod,
    });
    return 'candidate' in result
      ? { candidate: result.candidate, details: {} }
      : { details: { preemption: result.message } };
  }

  /** From here on the Pod counts as being on the node, although the API server does not know yet. */
  #assume(queued: QueuedPod, node: string): void {
    this.#cluster.add(queued.pod, node);
    this.#binding.add(queued.pod.uid);
    this.#write(this.#bind(queued, node));
  }

  async #bind(queued: QueuedPod, node: string): Promise<void> {
    const { client, events, log } = this.#context;
    const { pod } = queued;
    const { metadata } = pod.pod;
    const namespace = pod.namespace;
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: metadata.name, namespace, uid: pod.uid },
      target: { kind: 'Node', name: node },
    };
    try {
      await client.createSubresource(Pod, keyOf(pod.pod), 'binding', binding);
      this.#binding.delete(pod.uid);
      this.#queue.delete(pod.uid);
      this.#cluster.nominations.delete(pod.uid);
      const message = `Successfully assigned ${pod.key} to ${node}`;
      events.event(pod.pod, 'Normal', 'Scheduled', message, { action: 'Binding' });
      log.info('bound', { pod: pod.key, node });
    } catch (error) {
      this.#binding.delete(pod.uid);
      this.#bindingFailed(queued, error);
    }
  }

  #bindingFailed(queued: QueuedPod, error: unknown): void {
    const { pod } = queued;
    const current = this.#context.cache.get(Pod, keyOf(pod.pod));
    // Another client may have bound it: then the cache's last state is right.
    if (current?.metadata.uid === pod.uid && (current.spec.nodeName ?? '') !== '') {
      this.#podPlaced(current, current.spec.nodeName ?? '');
      this.#queue.delete(pod.uid);
      return;
    }
    this.#cluster.remove(pod.uid);
    this.#queue.changed({ type: 'podGone', pod });
    if (isNotFound(error) || current === undefined || current.metadata.uid !== pod.uid) {
      this.#queue.delete(pod.uid);
      return;
    }
    this.#queue.backOff(queued);
    this.#recordFailure(pod, 'SchedulerError', `binding rejected: ${errorText(error)}`, undefined);
  }

  /** Event and condition say why the Pod has no node; a nomination says which node it waits for. */
  #recordFailure(
    pod: PodInfo,
    reason: 'Unschedulable' | 'SchedulerError',
    message: string,
    nominatedNodeName: string | undefined,
  ): void {
    const { events, log } = this.#context;
    events.event(pod.pod, 'Warning', 'FailedScheduling', eventMessage(message), { action: 'Scheduling' });
    log.info('not scheduled', { pod: pod.key, reason, message });
    if (nominatedNodeName !== undefined) this.#cluster.nominations.put(pod, nominatedNodeName);
    this.#write(this.#patchStatus(pod, reason, message, nominatedNodeName));
  }

  async #patchStatus(pod: PodInfo, reason: string, message: string, nominated: string | undefined): Promise<void> {
    const { client, cache, clock, log } = this.#context;
    const key = keyOf(pod.pod);
    const status = cache.get(Pod, key)?.status;
    const before = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    const isSame = before?.status === 'False' && before.reason === reason && before.message === message;
    if (isSame && (nominated === undefined || nominated === status?.nominatedNodeName)) return;
    const state = { type: 'PodScheduled', status: 'False', reason, message };
    const condition = conditionAfter<PodCondition>(before, state, clock.now());
    const patch = {
      metadata: { uid: pod.uid },
      status: {
        conditions: [condition],
        ...(nominated === undefined ? {} : { nominatedNodeName: nominated }),
      },
    };
    try {
      await client.patch(Pod, key, { type: 'strategic', patch }, { subresource: 'status' });
    } catch (error) {
      // The next try writes it again; a Pod that is gone needs none.
      if (!isNotFound(error)) log.warn('status not written', { pod: pod.key, error: errorText(error) });
    }
  }

  #evict(pod: PodInfo, { node, victims }: Candidate): void {
    const { nominations } = this.#cluster;
    for (const { uid, priority } of [...nominations.on(node).values()]) {
      if (priority < pod.priority) nominations.delete(uid);
    }
    for (const victim of victims) this.#write(this.#evictOne(pod, victim, node));
  }

  async #evictOne(pod: PodInfo, victim: PodInfo, node: string): Promise<void> {
    const { client, clock, events, log } = this.#context;
    const key = keyOf(victim.pod);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${this.#settings.schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: timestamp(clock.now()),
    };
    try {
      const patch = { metadata: { uid: victim.uid }, status: { conditions: [condition] } };
      await client.patch(Pod, key, { type: 'strategic', patch }, { subresource: 'status' });
      await client.delete(Pod, key, { preconditions: { uid: victim.uid } });
      const message = `Preempted by pod ${pod.uid} on node ${node}`;
      events.event(victim.pod, 'Normal', 'Preempted', message, { action: 'Preempting' });
    } catch (error) {
      if (isNotFound(error)) return;
      log.warn('preemption failed', { victim: victim.key, error: errorText(error) });
      // Without the victim's end nothing would wake the Pod that waits for it.
      this.#queue.changed({ type: 'podGone', pod: victim });
    }
  }
}
