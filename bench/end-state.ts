import type { KubernetesObject } from '@orrery/api';
import type { Cluster } from '@orrery/cluster';

/** All objects of a cluster, as texts that are equal in two runs of the same case, and how often each occurs. */
export type EndState = ReadonlyMap<string, number>;

/**
 * Reads all objects, of all kinds, and replaces what differs from run to run: generated names, uids, revisions, times and durations,
 * addresses, container IDs, and which of the equal nodes something is on. Nodes whose share of the Pods is not about the same as that
 * of the others are part of the state.
 */
export async function endState({ client, kinds, nodes }: Cluster): Promise<EndState> {
  const counts = new Map<string, number>();
  const add = (text: string) => counts.set(text, (counts.get(text) ?? 0) + 1);
  const podsByNode = new Map(nodes.names.map((name) => [name, 0]));
  for (const kind of kinds) {
    if (!kind.verbs.includes('list')) continue;
    const { items } = await client.list(kind);
    for (const object of items) {
      add(comparable(object));
      const { nodeName } = (object as { readonly spec?: { readonly nodeName?: string } }).spec ?? {};
      if (kind.kind === 'Pod' && nodeName !== undefined) podsByNode.set(nodeName, (podsByNode.get(nodeName) ?? 0) + 1);
    }
  }
  for (const count of unevenShares([...podsByNode.values()])) add(`a node with ${count} Pods`);
  return counts;
}

/** Of numbers of Pods, those that are more than half above or below their mean, and not only by one or two Pods. */
export function unevenShares(counts: readonly number[]): readonly number[] {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.filter((count) => Math.abs(count - mean) > Math.max(mean / 2, 2));
}

/** What two states do not have in common, a line each: how often `one` and `other` have it, and what. Empty if they are equal. */
export function stateDifferences(one: EndState, other: EndState): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((text) => one.get(text) !== other.get(text))
    .map((text) => `${one.get(text) ?? 0}, ${other.get(text) ?? 0}: ${text}`)
    .sort();
}

/** An object as a text, without what differs from run to run. */
export function comparable(object: KubernetesObject): string {
  const { metadata, ...rest } = object;
  const { resourceVersion, uid, managedFields = [], ...own } = metadata ?? {};
  // Ordered by their times. When a node reports again, every five minutes or so, it owns its heartbeats too.
  const tracked = object.kind === 'Node' ? [] : managedFields;
  const managers = tracked.toSorted((a, b) => (managerOf(a) < managerOf(b) ? -1 : 1));
  return replacements.reduce(
    (text, [pattern, replacement]) => text.replaceAll(pattern, replacement),
    JSON.stringify(sorted({ ...rest, metadata: { ...own, managedFields: managers } })),
  );
}

type ManagedFields = NonNullable<NonNullable<KubernetesObject['metadata']>['managedFields']>[number];

function managerOf({ manager, operation, subresource }: ManagedFields): string {
  return JSON.stringify([manager, operation, subresource]);
}

/** The characters of generated names, which have neither vowels nor digits that look like letters. */
const generated = '[bcdfghjklmnpqrstvwxz2456789]{5}';

const replacements: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID'],
  [/sim:\/\/[0-9a-f]+/g, 'CONTAINER'],
  [/"(resourceVersion|resourceVersionMatch)":"\d+"/g, '"$1":"REVISION"'],
  [/(?<=")[^"]+\.[0-9a-f]{15,16}(?=")/g, 'EVENT'],
  [new RegExp(`(-[0-9a-f]{8,10}|kube-api-access)-${generated}\\b`, 'g'), '$1-NAME'],
  [/\b10\.\d+\.\d+\.\d+(\/\d+)?/g, 'ADDRESS'],
  [/\b172\.\d+\.\d+\.\d+/g, 'ADDRESS'],
  [/\b192\.168\.\d+\.\d+/g, 'ADDRESS'],
  [/\bnode\d+\b/g, 'NODE'],
  [/\b\d+(\.\d+)?(ms|µs|s)\b/g, 'DURATION'],
];

/** With the fields of all objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  );
}
