import { type Kind, type KubernetesObject, keyString, Pod } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';
import type { Subscription } from 'rxjs';
import type { ProgressItem } from './progress.ts';
import { readiness, waitAnnotation } from './readiness.ts';

/** An object and its readiness. */
interface FollowedItem extends ProgressItem {
  /** The object as passed in. */
  readonly of: KubernetesObject;
}

/** Objects that are followed until they are ready. */
export interface Followed {
  /** Resolves when all objects are ready, except those that are skipped. */
  readonly ready: Promise<void>;
  items(): readonly FollowedItem[];
  stop(): void;
}

export interface FollowOptions {
  readonly cluster: Cluster;
  /** As the server stored them. */
  readonly objects: readonly KubernetesObject[];
  /** Whether some controller writes the status of a kind. */
  controlled(kind: Kind): boolean;
  /** Milliseconds since the start. */
  now(): number;
  changed(items: readonly ProgressItem[]): void;
  /** Called when the first Pod of the default namespaces is Ready. */
  firstPodReady(): void;
}

/** Watches the applied objects and reports every change in their readiness. */
export function followReadiness({
  cluster,
  objects,
  controlled,
  now,
  changed,
  firstPodReady,
}: FollowOptions): Followed {
  const items = new Map<string, FollowedItem>();
  const subscriptions: Subscription[] = [];
  let allReady = () => undefined as void;
  const ready = new Promise<void>((resolve) => {
    allReady = resolve;
  });
  const report = () => {
    const list = [...items.values()];
    changed(list);
    if (list.every(({ state }) => state !== 'waiting')) allReady();
  };
  const byKind = new Map<Kind, KubernetesObject[]>();
  for (const object of objects) {
    const kind = cluster.kinds.byKind(object.apiVersion ?? '', object.kind ?? '');
    if (kind === undefined) continue;
    byKind.set(kind, [...(byKind.get(kind) ?? []), object]);
    const skipped = object.metadata?.annotations?.[waitAnnotation] === 'false';
    // The watch decides whether it is ready, and so has the time; it begins at once.
    items.set(itemId(kind, object), {
      name: itemName(kind, object),
      state: skipped ? 'skipped' : 'waiting',
      reason: skipped ? '' : readiness(object, controlled(kind)).reason,
      readyAfter: undefined,
      of: object,
    });
  }
  for (const kind of byKind.keys()) {
    subscriptions.push(
      cluster.client.watch(kind).subscribe((event) => {
        if (event.type === 'BOOKMARK') return;
        const id = itemId(kind, event.object);
        const item = items.get(id);
        if (item === undefined || item.state === 'skipped') return;
        const { ready: isReady, reason } =
          event.type === 'DELETED' ? { ready: false, reason: 'deleted' } : readiness(event.object, controlled(kind));
        const next: FollowedItem = {
          ...item,
          state: isReady ? 'ready' : 'waiting',
          reason,
          readyAfter: isReady ? (item.readyAfter ?? now()) : undefined,
        };
        if (next.state === item.state && next.reason === item.reason) return;
        items.set(id, next);
        report();
      }),
    );
  }
  subscriptions.push(
    cluster.client.watch(Pod).subscribe((event) => {
      if (event.type !== 'BOOKMARK' && readiness(event.object).ready) firstPodReady();
    }),
  );
  report();
  return {
    ready,
    items: () => [...items.values()],
    stop: () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

function namespaceOf(kind: Kind, object: KubernetesObject): string {
  return kind.namespaced ? (object.metadata?.namespace ?? 'default') : '';
}

function itemId(kind: Kind, object: KubernetesObject): string {
  return `${kind.resource}.${kind.group}/${namespaceOf(kind, object)}/${object.metadata?.name}`;
}

/** `deployment/web`; with the namespace where it is not `default`. */
function itemName(kind: Kind, object: KubernetesObject): string {
  const namespace = namespaceOf(kind, object);
  const name = object.metadata?.name ?? '';
  return `${kind.singular}/${keyString({ namespace: namespace === 'default' ? '' : namespace, name })}`;
}
