import { Deployment, type Kind, type KubernetesObject, Node, Pod, ReplicaSet, type Stored } from '@orrery/api';
import { type Cluster, powerAnnotation } from '@orrery/cluster';
import { type Clock, createRealClock, type Simulation } from '@orrery/core';
import type { Subscription } from 'rxjs';
import { readiness } from './readiness.ts';

/** Virtual milliseconds that time runs free for one generation of one object. */
const longestHurry = 600_000;
/** Real milliseconds between two steps of time at real speed. */
const step = 20;
/** The longest step, in real milliseconds: time does not catch up after the machine has slept. */
const longestStep = 1000;

/** Knows whether any object is in progress, so that virtual time may run free. Its state is only what it has observed. */
export interface Pace {
  /** Observes an object's present state. */
  seen(object: Stored, now: number): void;
  gone(object: Stored, now: number): void;
  /** Whether time may run free at this moment of virtual time. */
  free(now: number): boolean;
}

interface Tracked {
  key: string;
  /** Virtual milliseconds that this generation has been unready for, until `since`. */
  used: number;
  /** undefined: it is ready. */
  since: number | undefined;
}

/** An object is in progress while it is unready, but for at most ten virtual minutes per generation. */
export function createPace(controlled: (object: KubernetesObject) => boolean = () => false): Pace {
  const objects = new Map<string, Tracked>();
  const unready = new Set<Tracked>();
  let freeUntil = Number.NEGATIVE_INFINITY;
  const endOf = ({ since, used }: Tracked) => (since ?? 0) + longestHurry - used;
  const rest = (tracked: Tracked, now: number) => {
    if (tracked.since === undefined) return;
    const end = endOf(tracked);
    tracked.used += now - tracked.since;
    tracked.since = undefined;
    unready.delete(tracked);
    if (end < freeUntil) return;
    freeUntil = Number.NEGATIVE_INFINITY;
    for (const other of unready) freeUntil = Math.max(freeUntil, endOf(other));
  };
  return {
    seen: (object, now) => {
      const { uid, generation, annotations } = object.metadata;
      const key = `${generation ?? ''}/${annotations?.[powerAnnotation] ?? ''}`;
      const known = objects.get(uid);
      const tracked = known ?? { key, used: 0, since: undefined };
      if (known === undefined) objects.set(uid, tracked);
      if (isSettled(object, controlled(object))) {
        rest(tracked, now);
        if (tracked.key !== key) Object.assign(tracked, { key, used: 0 });
        return;
      }
      if (tracked.key !== key) {
        rest(tracked, now);
        Object.assign(tracked, { key, used: 0 });
      }
      if (tracked.since === undefined) {
        tracked.since = now;
        unready.add(tracked);
        freeUntil = Math.max(freeUntil, endOf(tracked));
      }
    },
    gone: (object, now) => {
      const tracked = objects.get(object.metadata.uid);
      if (tracked === undefined) return;
      rest(tracked, now);
      objects.delete(object.metadata.uid);
    },
    free: (now) => now < freeUntil,
  };
}

/** The Node of a machine that is off is in progress until the cluster has noticed. */
function isSettled(object: KubernetesObject, controlled: boolean): boolean {
  const isNode = object.apiVersion === Node.apiVersion && object.kind === Node.kind;
  const off = isNode && object.metadata?.annotations?.[powerAnnotation] === 'off';
  return readiness(object, controlled).ready !== off;
}

/** A simulation that the command drives. */
export interface PacedEnvironment {
  /** Runs time until {@link stop}: free until {@link follow} has listed all objects, then as {@link Pace} decides. */
  run(): Promise<void>;
  /** Follows Pods, Deployments, ReplicaSets, Nodes, and objects of the applied kinds. */
  follow(cluster: Cluster, applied: readonly KubernetesObject[], controlled: (kind: Kind) => boolean): void;
  stop(): void;
}

/** Virtual time for users: it jumps while any object is in progress, and otherwise passes at real speed. */
export function pacedEnvironment(simulation: Simulation): PacedEnvironment {
  const { clock } = simulation.environment;
  const over = new AbortController();
  const subscriptions: Subscription[] = [];
  const kinds = new Map<string, Kind>();
  let isControlled: (kind: Kind) => boolean = () => false;
  const kindOf = (object: KubernetesObject) => kinds.get(`${object.apiVersion}/${object.kind}`);
  const pace = createPace((object) => {
    const kind = kindOf(object);
    return kind !== undefined && isControlled(kind);
  });
  let starting = true;
  return {
    run: () => runPaced(simulation, { ...pace, free: (now) => starting || pace.free(now) }, over.signal),
    follow: (cluster, applied, controlled) => {
      isControlled = controlled;
      for (const kind of [Pod, Node, Deployment, ReplicaSet]) kinds.set(`${kind.apiVersion}/${kind.kind}`, kind);
      for (const { apiVersion = '', kind = '' } of applied) {
        const known = cluster.kinds.byKind(apiVersion, kind);
        if (known !== undefined) kinds.set(`${apiVersion}/${kind}`, known);
      }
      let listed = 0;
      for (const kind of kinds.values()) {
        subscriptions.push(
          cluster.client.watch(kind, { sendInitialEvents: true, allowWatchBookmarks: true }).subscribe((event) => {
            if (event.type === 'DELETED') pace.gone(event.object, clock.now());
            else if (event.type !== 'BOOKMARK') pace.seen(event.object, clock.now());
            else if (event.initialEventsEnd && ++listed === kinds.size) starting = false;
          }),
        );
      }
    },
    stop: () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      over.abort();
    },
  };
}

/** Runs virtual time until the signal is aborted: free while any object is in progress, and otherwise at real speed. */
async function runPaced(
  simulation: Simulation,
  pace: Pace,
  signal: AbortSignal,
  real: Clock = createRealClock(),
): Promise<void> {
  const { clock } = simulation.environment;
  let last = real.now();
  while (!signal.aborted) {
    if (pace.free(clock.now())) {
      await simulation.run(() => !pace.free(clock.now()), { signal, whenStill: 'wait' });
      last = real.now();
      continue;
    }
    await real.sleep(step);
    const now = real.now();
    await simulation.advance(Math.min(Math.max(now - last, 0), longestStep));
    last = now;
  }
}
