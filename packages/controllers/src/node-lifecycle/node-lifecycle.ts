import { isNotFound, keyOf, Lease, Node, Pod, type Stored, type Taint, timestamp } from '@orrery/api';
import { aborted, type CacheChange, type ControllerContext, errorText, fromAbort } from '@orrery/core';
import { takeUntil } from 'rxjs';
import { isReady } from '../workload/pod-state.ts';
import { evictionInterval, type ZoneState, zoneState } from './eviction-rate.ts';
import {
  afterStall,
  graceOf,
  type Heartbeat,
  heartbeat,
  mayFallSilent,
  readyCondition,
  type Signs,
  silentConditions,
} from './health.ts';
import { podsByNode } from './pods-by-node.ts';
import { evictionTaints, readinessTaint, scheduleTaints } from './taints.ts';
import { Zones, zoneOf } from './zones.ts';

/** How often nodes are looked at. */
const monitorPeriod = 5000;
const leaseNamespace = 'kube-node-lease';

/** What a regular look needs of a node: its last sign of life, and what follows from the node as it is. */
interface KnownNode {
  readonly node: Stored<Node>;
  /** As last seen. */
  lease: Stored<Lease> | undefined;
  sign: Heartbeat;
  readonly leaseKey: string;
  /** Milliseconds. */
  readonly grace: number;
  readonly mayFallSilent: boolean;
  /** Its taints do not follow its conditions (yet). */
  readonly wantsTaints: boolean;
}

/** The running node controller: watches for silent nodes and taints those that are not well. */
export class NodeLifecycle {
  readonly #context: ControllerContext;
  readonly #actor: string;
  readonly #registered = new Set<string>();
  readonly #nodes = new Map<string, KnownNode>();
  /** What was known of these nodes, in their order: the same list says the same. */
  #listed: readonly Stored<Node>[] = [];
  #listedKnown: readonly KnownNode[] = [];
  readonly #zones = new Zones();
  /** Names of nodes to look at. */
  readonly #changed = new Set<string>();
  /** Names of nodes that every look looks at: nothing is known of them, or they wait to be given up. */
  readonly #troubled = new Set<string>();
  /** Zone → when the last node was given up there. */
  readonly #lastEviction = new Map<string, number>();
  #wasAllDown = false;
  #timer: Disposable | undefined;
  /** When the next regular look is due: milliseconds since the epoch. */
  #due = Number.POSITIVE_INFINITY;
  /** One look runs at a time. */
  #running: Promise<void> | undefined;

  constructor(context: ControllerContext, actor: string) {
    this.#context = context;
    this.#actor = actor;
  }

  async run(): Promise<void> {
    const { cache, signal } = this.#context;
    cache
      .changes(Node, { replay: true })
      .pipe(takeUntil(fromAbort(signal)))
      .subscribe((change) => this.#nodeChanged(change));
    await aborted(signal);
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #nodeChanged({ type, object, previous }: CacheChange<Node>): void {
    const { name } = object.metadata;
    const { events } = this.#context;
    if (type === 'deleted') {
      this.#registered.delete(name);
      this.#nodes.delete(name);
      this.#troubled.delete(name);
      this.#zones.set(name, undefined);
      events.event(object, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    } else if (!this.#registered.has(name)) {
      this.#registered.add(name);
      events.event(object, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
    }
    // A heartbeat alone changes neither health nor taints: it is seen at the next regular look.
    const isHeartbeat = type !== 'deleted' && previous !== undefined && sameHealth(object, previous);
    if (type !== 'deleted' && !(isHeartbeat && zoneOf(object) === zoneOf(previous))) this.#count(object);
    if (!isHeartbeat) this.#look(name);
    this.#arm();
  }

  #count(node: Stored<Node>): void {
    const { name } = node.metadata;
    this.#zones.set(name, node);
    const wanted = readinessTaint(node);
    const waits = evictionTaints(node, wanted, this.#context.clock.now()) !== undefined;
    if (waits || readyCondition(node)?.status === 'Unknown') this.#troubled.add(name);
    else this.#troubled.delete(name);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#registered.size === 0) return;
    this.#due = this.#context.clock.monotonic() + monitorPeriod;
    this.#timer = this.#context.clock.schedule(monitorPeriod, () => {
      this.#timer = undefined;
      if (this.#context.signal.aborted) return;
      this.#discountStall();
      this.#look(...this.#nodesDue());
      this.#arm();
    });
  }

  /**
   * A look that comes late shows that this process was held up (by load, or by a machine that slept) and could not have heard
   * from anybody meanwhile. That time counts for no node's silence, as Kubernetes stops evicting where a whole zone is silent.
   */
  #discountStall(): void {
    const now = this.#context.clock.monotonic();
    const stall = now - this.#due;
    if (stall <= 0) return;
    this.#due = now;
    for (const known of this.#nodes.values()) known.sign = afterStall(known.sign, stall, now);
  }

  /** The nodes for which a look would do anything: a quiet cluster costs no turn and no request. */
  #nodesDue(): readonly string[] {
    const { cache, clock } = this.#context;
    const now = clock.monotonic();
    const due: string[] = [];
    const nodes = cache.list(Node);
    if (nodes !== this.#listed) {
      this.#listed = nodes;
      this.#listedKnown = nodes.map((node) => this.#knownOf(node));
    }
    for (const known of this.#listedKnown) {
      const { seen } = this.#heartbeat(known);
      const isSilent = known.mayFallSilent && now > seen + known.grace;
      if (known.wantsTaints || isSilent) due.push(known.node.metadata.name);
    }
    return due;
  }

  /** What follows from the node as it is; worked out anew only when it has changed. */
  #knownOf(node: Stored<Node>): KnownNode {
    const now = this.#context.clock.now();
    const { name } = node.metadata;
    const before = this.#nodes.get(name);
    if (before?.node === node) return before;
    const wantsTaints =
      scheduleTaints(node, now) !== undefined || evictionTaints(node, readinessTaint(node), now) !== undefined;
    const leaseKey = `${leaseNamespace}/${name}`;
    const lease = this.#context.cache.get(Lease, leaseKey);
    const signs = { renewTime: lease?.spec.renewTime, heartbeatTime: readyCondition(node)?.lastHeartbeatTime };
    const known: KnownNode = {
      node,
      lease,
      sign: this.#signAfter(before?.sign, signs, node),
      leaseKey,
      grace: graceOf(node),
      mayFallSilent: mayFallSilent(node),
      wantsTaints,
    };
    this.#nodes.set(name, known);
    return known;
  }

  /** The node's last sign of life, after a look at its lease. */
  #heartbeat(known: KnownNode): Heartbeat {
    const lease = this.#context.cache.get(Lease, known.leaseKey);
    if (lease === known.lease) return known.sign;
    known.lease = lease;
    const { heartbeatTime } = known.sign;
    const signs = { renewTime: lease?.spec.renewTime, heartbeatTime };
    known.sign = this.#signAfter(known.sign, signs, known.node);
    return known.sign;
  }

  #signAfter(before: Heartbeat | undefined, signs: Signs, { metadata }: Stored<Node>): Heartbeat {
    const { clock } = this.#context;
    const now = clock.monotonic();
    const age = Math.max(0, clock.now() - Date.parse(metadata.creationTimestamp));
    return heartbeat(before, signs, now - age, now);
  }

  /** Looks at these nodes, as soon as it is this loop's turn. */
  #look(...names: readonly string[]): void {
    if (names.length === 0) return;
    for (const name of names) this.#changed.add(name);
    this.#running ??= this.#lookWhileAsked().finally(() => {
      this.#running = undefined;
    });
  }

  async #lookWhileAsked(): Promise<void> {
    const { work, signal, log } = this.#context;
    while (this.#changed.size > 0 && !signal.aborted) {
      await work.turn(this.#actor);
      const names = new Set([...this.#changed, ...this.#troubled]);
      this.#changed.clear();
      try {
        await this.#lookAtNodes([...names].sort());
      } catch (error) {
        // The next regular look tries again.
        log.error('nodes not looked after', { error: errorText(error) });
      }
    }
  }

  async #lookAtNodes(names: readonly string[]): Promise<void> {
    const { cache, clock, log } = this.#context;
    this.#discountStall();
    const nodes: Stored<Node>[] = [];
    for (const name of names) {
      const node = cache.get(Node, name);
      if (node === undefined) continue;
      try {
        nodes.push(await this.#lookAt(node));
      } catch (error) {
        if (isNotFound(error)) continue;
        nodes.push(node);
        log.warn('node not looked after', { node: name, error: errorText(error) });
      }
    }
    const states = new Map<string, ZoneState>();
    for (const [zone, { nodes: all, ready }] of this.#zones.counts) states.set(zone, zoneState(ready, all - ready));
    const allDown = states.size > 0 && [...states.values()].every((state) => state === 'fullDisruption');
    if (this.#wasAllDown && !allDown) this.#forgiveAll(clock.monotonic());
    this.#wasAllDown = allDown;
    for (const [zone, members] of Map.groupBy(nodes, zoneOf)) {
      const size = this.#zones.counts.get(zone)?.nodes ?? 0;
      const interval = evictionInterval(states.get(zone) ?? 'normal', size, allDown);
      await this.#taintForEviction(zone, members, interval);
    }
  }

  /** When everything was down, it was our sight that failed: all nodes get their whole grace again. */
  #forgiveAll(now: number): void {
    for (const known of this.#nodes.values()) known.sign = { ...known.sign, seen: now };
  }

  async #lookAt(node: Stored<Node>): Promise<Stored<Node>> {
    const { client, clock, events } = this.#context;
    const now = clock.now();
    let current = node;
    const sign = this.#heartbeat(this.#knownOf(node));
    const conditions = silentConditions(node, sign, clock.monotonic(), timestamp(now));
    const wasReady = readyCondition(node)?.status === 'True';
    if (conditions.length > 0) {
      const patch = { status: { conditions } };
      current = await client.patch(Node, node.metadata.name, { type: 'strategic', patch }, { subresource: 'status' });
      if (wasReady) {
        const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
        events.event(node, 'Normal', 'NodeNotReady', message);
      }
    }
    // A kubelet that says itself that its node is not ready still speaks for its Pods.
    if (readyCondition(current)?.status === 'Unknown') await this.#markPodsNotReady(current);
    const taints = scheduleTaints(current, now);
    return taints === undefined ? current : this.#writeTaints(current, taints);
  }

  async #markPodsNotReady(node: Stored<Node>): Promise<void> {
    const { client, cache, clock, events } = this.#context;
    for (const pod of cache.list(podsByNode.at(node.metadata.name))) {
      if (!isReady(pod)) continue;
      const condition = { type: 'Ready', status: 'False', lastTransitionTime: timestamp(clock.now()) };
      const patch = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
      try {
        await client.patch(Pod, keyOf(pod), { type: 'strategic', patch }, { subresource: 'status' });
        events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  /** Nodes that are ready lose the NoExecute taint at once; others get it one by one, as the zone's rate allows. */
  async #taintForEviction(zone: string, nodes: readonly Stored<Node>[], interval: number): Promise<void> {
    const { clock, log } = this.#context;
    for (const node of nodes) {
      const wanted = readinessTaint(node);
      const now = clock.monotonic();
      const taints = evictionTaints(node, wanted, clock.now());
      if (taints === undefined) continue;
      const isSwap = (node.spec?.taints ?? []).some(({ effect, key }) => effect === 'NoExecute' && key !== wanted);
      if (wanted !== undefined && !isSwap) {
        const last = this.#lastEviction.get(zone);
        if (interval === Number.POSITIVE_INFINITY || (last !== undefined && now < last + interval)) continue;
        this.#lastEviction.set(zone, now);
      }
      try {
        await this.#writeTaints(node, taints);
      } catch (error) {
        if (!isNotFound(error)) log.warn('node not tainted', { node: node.metadata.name, error: errorText(error) });
      }
    }
  }

  async #writeTaints(node: Stored<Node>, taints: readonly Taint[]): Promise<Stored<Node>> {
    const { uid, resourceVersion, name } = node.metadata;
    const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
    return this.#context.client.patch(Node, name, { type: 'merge', patch });
  }
}

function sameHealth(a: Stored<Node>, b: Stored<Node>): boolean {
  const health = (node: Node) =>
    (node.status?.conditions ?? []).map(({ type, status }) => `${type}=${status}`).join(',');
  return a.spec === b.spec && health(a) === health(b);
}
