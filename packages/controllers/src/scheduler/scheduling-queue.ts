import { type BackOffOptions, backOff, type Clock, type Milliseconds } from '@orrery/core';
import TinyQueue from 'tinyqueue';
import { ParkedPods } from './parked-pods.ts';
import type { ClusterChange } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

const podBackOff: BackOffOptions = { base: '1s', max: '10s' };
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

/** Sorts parked Pods, so that a change is held against few of them. */
export interface Interests {
  /** Pods with the same answer are helped by the same changes. */
  classOf(pod: QueuedPod): string;
  /** The only types of changes that may help; undefined means all types. */
  typesOf(pod: QueuedPod): ReadonlySet<ClusterChange['type']> | undefined;
}

const eachByItself: Interests = { classOf: ({ pod }) => pod.uid, typesOf: () => undefined };

interface Entry extends QueuedPod {
  place: 'active' | 'backOff' | 'unschedulable' | 'gated' | 'popped';
  /** Order among Pods of one priority and time. */
  sequence: number;
  timer: Disposable | undefined;
  /** Its order among parked Pods. */
  parked: number;
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
  readonly #unschedulable: ParkedPods<Entry>;
  /** Entries that have left the active place meanwhile are passed over. */
  readonly #active = new TinyQueue<Entry>([], byRank);
  #sequence = 0;
  #parked = 0;

  /** `ready` is called whenever a Pod can be popped. By default, the hint is asked about each parked Pod and each change. */
  constructor(clock: Clock, hint: Hint, ready: () => void, interests: Interests = eachByItself) {
    this.#clock = clock;
    this.#hint = hint;
    this.#ready = ready;
    this.#unschedulable = new ParkedPods(interests);
  }

  /** Whether {@link pop} would give a Pod. */
  get hasActive(): boolean {
    return this.#firstActive() !== undefined;
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
        parked: 0,
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
    const entry = this.#firstActive();
    if (entry === undefined) return undefined;
    this.#active.pop();
    entry.place = 'popped';
    entry.attempts++;
    return entry;
  }

  #firstActive(): Entry | undefined {
    for (let entry = this.#active.peek(); entry !== undefined; entry = this.#active.peek()) {
      if (entry.place === 'active') return entry;
      this.#active.pop();
    }
    return undefined;
  }

  /** No node was found: the Pod waits for a change that may help, or five minutes. */
  park(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const entry = this.#popped(queued);
    if (entry === undefined) return;
    entry.rejectedBy = rejectedBy;
    entry.timestamp = this.#clock.now();
    entry.place = 'unschedulable';
    entry.parked = this.#parked++;
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
    const helped: Entry[] = [];
    for (const [first, equals] of this.#unschedulable.interestedIn(change)) {
      if (this.#hint(change, first)) helped.push(...equals);
    }
    helped.sort((a, b) => a.parked - b.parked);
    for (const entry of helped) this.#retry(entry);
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

/** Back-off after `attempts` tries, in milliseconds: 1 s, doubling up to 10 s. */
export function backOffAfter(attempts: number): Milliseconds {
  return attempts < 1 ? 0 : backOff(attempts - 1, podBackOff);
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

function byRank(a: Entry, b: Entry): number {
  return b.pod.priority - a.pod.priority || a.timestamp - b.timestamp || a.sequence - b.sequence;
}
