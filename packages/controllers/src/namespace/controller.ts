import { isConflict, isNotFound, type Kind, Namespace, Pod, type Stored } from '@orrery/api';
import {
  type Client,
  type Controller,
  defineController,
  errorText,
  type Milliseconds,
  type ReconcileContext,
  type ReconcileResult,
} from '@orrery/core';
import { semanticEqual } from '../workload/semantic-equal.ts';
import { unlessGone } from '../workload/unless-gone.ts';
import { deletionConditions, type RemainingContent } from './conditions.ts';

/** The finalizer in a namespace's spec that this controller takes away when nothing is left inside. */
const finalizer = 'kubernetes';

export interface NamespaceControllerOptions {
  /** All kinds that the cluster serves at this moment, custom ones too. */
  readonly kinds: Iterable<Kind>;
}

/** Empties a namespace that is being deleted, and then lets it go (Kubernetes "Namespaces", "Finalizers"). */
export function namespaceController({ kinds }: NamespaceControllerOptions): Controller {
  return defineController({
    name: 'namespace-controller',
    for: Namespace,
    // Its own status is no reason to empty a namespace once more.
    when: (namespace, previous) =>
      previous === undefined ||
      namespace.spec !== previous.spec ||
      namespace.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp,
    watches: [
      {
        // The last Pod that ends frees its namespace sooner than the estimate says.
        kind: Pod,
        map({ metadata: { namespace = '' } }, { cache }) {
          const terminating = cache.get(Namespace, namespace)?.metadata.deletionTimestamp !== undefined;
          return terminating && cache.count(Pod, { namespace }) === 0 ? [namespace] : [];
        },
      },
    ],
    concurrency: 5,
    reconcile: (namespace, context) => unlessGone(Namespace, namespace, () => empty(namespace, kinds, context)),
  });
}

async function empty(
  namespace: Stored<Namespace>,
  kinds: Iterable<Kind>,
  context: ReconcileContext,
): Promise<ReconcileResult | void> {
  const { client, clock } = context;
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const finalizers = namespace.spec.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return;

  const { remaining, failures, grace } = await deleteContent(client, namespace.metadata.name, kinds);
  const before = namespace.status?.conditions;
  const conditions = deletionConditions(before, remaining, failures, clock.now());
  let current = namespace;
  if (namespace.status?.phase !== 'Terminating' || !semanticEqual(before, conditions)) {
    const status = { ...namespace.status, phase: 'Terminating' as const, conditions };
    current = await client.updateStatus<Namespace>({ ...namespace, status });
  }
  if (failures.length > 0)
    throw new Error(`deleting what is in namespace ${namespace.metadata.name}: ${failures.join('; ')}`);
  if (remaining.length > 0) return { requeueAfter: grace === 0 ? '1s' : grace / 2 + 1000 };
  const left = finalizers.filter((name) => name !== finalizer);
  const released: Namespace = { ...current, spec: { ...current.spec, finalizers: left } };
  await client.updateSubresource(Namespace, namespace.metadata.name, 'finalize', released);
}

interface Content {
  readonly remaining: readonly RemainingContent[];
  readonly failures: readonly string[];
  /** The longest grace that a Pod still has, in milliseconds; 0 without Pods. */
  readonly grace: Milliseconds;
}

async function deleteContent(client: Client, namespace: string, kinds: Iterable<Kind>): Promise<Content> {
  const remaining: RemainingContent[] = [];
  const failures: string[] = [];
  let grace = 0;
  for (const kind of [...kinds]) {
    if (!kind.namespaced || !kind.verbs.includes('deletecollection')) continue;
    try {
      const { items: found } = await client.list(kind, { namespace });
      if (found.length === 0) continue;
      await client.deleteCollection(kind, { namespace }, { propagationPolicy: 'Background' });
      const { items } = await client.list(kind, { namespace });
      if (items.length === 0) continue;
      remaining.push(contentOf(kind, items));
      if (kind.resource === Pod.resource && kind.group === '') grace = longestGrace(items as readonly Stored<Pod>[]);
    } catch (error) {
      // A kind that is served no more has no objects left; a conflict is met again at the next try.
      if (isNotFound(error)) continue;
      if (isConflict(error)) remaining.push({ resource: resourceName(kind), count: 1, finalizers: new Map() });
      else failures.push(`${resourceName(kind)}: ${errorText(error)}`);
    }
  }
  return { remaining, failures, grace };
}

function contentOf(kind: Kind, items: readonly Stored[]): RemainingContent {
  const finalizers = new Map<string, number>();
  for (const item of items) {
    for (const name of item.metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  return { resource: resourceName(kind), count: items.length, finalizers };
}

/** The resource with its group as Go prints it: the core group leaves only the dot. */
function resourceName(kind: Kind): string {
  return `${kind.resource}.${kind.group}`;
}

function longestGrace(pods: readonly Stored<Pod>[]): Milliseconds {
  return pods.reduce((longest, pod) => {
    const seconds = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    return Math.max(longest, seconds * 1000);
  }, 0);
}
