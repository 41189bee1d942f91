import type { Clock, Milliseconds } from '@orrery/core';
import type { ClusterChange } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/** Wait after the first try that failed; it doubles with each further one. */
const initialBackOff: Milliseconds = 1000;
const longestBackOff: Milliseconds = 10_000;
/** A Pod that nothing has helped for so long is tried again anyway. */
const unschedulableTimeout: Milliseconds = 5 * 60_000;

/** A Pod that waits for a node. */
export interface QueuedPod {
  pod: PodInfo;
  /** Tries so far. */
  attempts: number;
  /** When it was queued last. */
  timestamp: Milliseconds;
  /** Names of the plugins that rejected it; empty when something else went wrong. */
  rejectedBy: ReadonlySet<string>;
}

interface Entry extends QueuedPod {
  place: 'active' | 'backOff' | 'unschedulable' | 'gated' | 'popped';
  /** Order among Pods of one priority and time. */
  sequence: number;
  timer: Disposable | undefined;
}

/** Whether a change is worth another try of a Pod. */
export type Hint = (change: ClusterChange, pod: QueuedPod) => boolean;

/**
 * Pods without a node (kube-scheduler's scheduling queue): those to be tried now, by priority and then by age; those that
 * wait out their back-off; those that wait for the cluster to change; those that are held by scheduling gates.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #ready: () => void;
  readonly #hint: Hint;
  readonly #entries = new Map<string, Entry>();
  readonly #unschedulable = new Set<Entry>();
  readonly #active = new ActiveHeap();
  #sequence = 0;

  /** `ready` is called whenever a Pod can be popped. */
  constructor(clock: Clock, hint: Hint, ready: () => void) {
    this.#clock = clock;
    this.#hint = hint;
    this.#ready = ready;
  }

  /** Whether {@link pop} would give a Pod. */
  get hasActive(): boolean {
    return this.#active.peek() !== undefined;
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  /** Takes a Pod in, or takes note that it has changed. */
  put(pod: PodInfo): void {
    const entry = this.#entries.get(pod.uid);
    if (entry === undefined) {
      const timestamp = this.#clock.now();
      const created: Entry = {
        pod,
        attempts: 0,
        timestamp,
        rejectedBy: new Set(),
        place: 'popped',
        sequence: this.#sequence++,
        timer: undefined,
      };
      this.#entries.set(pod.uid, created);
      if (isGated(pod)) created.place = 'gated';
      else this.#activate(created);
      return;
    }
    const before = entry.pod;
    entry.pod = pod;
    if (entry.place === 'gated' && !isGated(pod)) this.#activate(entry);
    else if (entry.place === 'unschedulable' && mayHelp(before, pod)) this.#retry(entry);
  }

  delete(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    this.#leave(entry);
    entry.place = 'popped';
    this.#entries.delete(uid);
  }

  /** The Pod to try next; it counts as tried once more. */
  pop(): QueuedPod | undefined {
    const entry = this.#active.pop();
    if (entry === undefined) return undefined;
    entry.place = 'popped';
    entry.attempts++;
    return entry;
  }

  /** No node was found: the Pod waits for a change that may help, or five minutes. */
  park(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const entry = this.#popped(queued);
    if (entry === undefined) return;
    entry.rejectedBy = rejectedBy;
    entry.timestamp = this.#clock.now();
    entry.place = 'unschedulable';
    this.#unschedulable.add(entry);
    entry.timer = this.#clock.schedule(unschedulableTimeout, () => this.#retry(entry));
  }

  /** Something went wrong that is not the cluster's state: the Pod is tried again after its back-off. */
  backOff(queued: QueuedPod): void {
    const entry = this.#popped(queued);
    if (entry === undefined) return;
    entry.rejectedBy = new Set();
    entry.timestamp = this.#clock.now();
    this.#retry(entry);
  }

  /** Something happened: Pods that it may help are tried again. */
  changed(change: ClusterChange): void {
    for (const entry of this.#unschedulable) {
      if (this.#hint(change, entry)) this.#retry(entry);
    }
  }

  stop(): void {
    for (const entry of this.#entries.values()) this.#leave(entry);
    this.#entries.clear();
  }

  #popped({ pod }: QueuedPod): Entry | undefined {
    const entry = this.#entries.get(pod.uid);
    return entry?.place === 'popped' ? entry : undefined;
  }

  #retry(entry: Entry): void {
    this.#leave(entry);
    const wait = entry.timestamp + backOffAfter(entry.attempts) - this.#clock.now();
    if (wait <= 0) {
      this.#activate(entry);
      return;
    }
    entry.place = 'backOff';
    entry.timer = this.#clock.schedule(wait, () => {
      entry.timer = undefined;
      this.#activate(entry);
    });
  }

  #activate(entry: Entry): void {
    this.#leave(entry);
    entry.place = 'active';
    this.#active.push(entry);
    this.#ready();
  }

  #leave(entry: Entry): void {
    entry.timer?.[Symbol.dispose]();
    entry.timer = undefined;
    this.#unschedulable.delete(entry);
  }
}

/** Back-off after so many tries, in milliseconds: 1 s, doubling up to 10 s. */
export function backOffAfter(attempts: number): Milliseconds {
  return attempts < 1 ? 0 : Math.min(initialBackOff * 2 ** (attempts - 1), longestBackOff);
}

function isGated({ pod }: PodInfo): boolean {
  return (pod.spec.schedulingGates ?? []).length > 0;
}

/** Status changes, which the scheduler makes itself, are no reason to try again. */
function mayHelp(before: PodInfo, after: PodInfo): boolean {
  const a = before.pod;
  const b = after.pod;
  return (
    a.spec !== b.spec || a.metadata.labels !== b.metadata.labels || a.metadata.annotations !== b.metadata.annotations
  );
}

function comesFirst(a: Entry, b: Entry): boolean {
  if (a.pod.priority !== b.pod.priority) return a.pod.priority > b.pod.priority;
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp;
  return a.sequence < b.sequence;
}

/** A binary heap of entries; those that have left the active place meanwhile are skipped. */
class ActiveHeap {
  readonly #entries: Entry[] = [];

  push(entry: Entry): void {
    const entries = this.#entries;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent] as Entry;
      if (!comesFirst(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  peek(): Entry | undefined {
    while (this.#entries.length > 0) {
      const first = this.#entries[0] as Entry;
      if (first.place === 'active') return first;
      this.#removeFirst();
    }
    return undefined;
  }

  pop(): Entry | undefined {
    const first = this.peek();
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const entries = this.#entries;
    const last = entries.pop() as Entry;
    if (entries.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right !== undefined && comesFirst(right, entries[child] as Entry)) child++;
      if (!comesFirst(entries[child] as Entry, last)) break;
      entries[index] = entries[child] as Entry;
      index = child;
    }
    entries[index] = last;
  }
}
