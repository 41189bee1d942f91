import type { Deployment, ReplicaSet, Stored } from '@orrery/api';
import { sameTemplate } from './template.ts';

const prefix = 'deployment.kubernetes.io/';

/** Annotations with which a Deployment keeps book on itself and its ReplicaSets. */
export const annotations = {
  revision: `${prefix}revision`,
  revisionHistory: `${prefix}revision-history`,
  desiredReplicas: `${prefix}desired-replicas`,
  maxReplicas: `${prefix}max-replicas`,
  rollback: 'deprecated.deployment.rollback.to',
} as const;

/** Annotations of the Deployment that its ReplicaSets do not get. */
const notCopied: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  ...Object.values(annotations),
]);

/** `revision-history` holds no more characters than this. */
const historyLength = 2000;

type Annotations = { readonly [key: string]: string };

/** By creation time, oldest first; the name decides between equals. */
export function byAge(a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number {
  const left = a.metadata.creationTimestamp;
  const right = b.metadata.creationTimestamp;
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}

/** The ReplicaSet of the Deployment's present template: the oldest whose template is the same but for the hash. */
export function findNewReplicaSet(
  deployment: Deployment,
  replicaSets: readonly Stored<ReplicaSet>[],
): Stored<ReplicaSet> | undefined {
  return [...replicaSets].sort(byAge).find((rs) => sameTemplate(rs.spec.template ?? {}, deployment.spec.template));
}

/** The revision that an object's annotation says; 0 when it says none. */
export function revisionOf(object: ReplicaSet | Deployment): number {
  const revision = Number(object.metadata.annotations?.[annotations.revision] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
}

/** The revision of a new ReplicaSet: one above all old ones. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return old.reduce((max, rs) => Math.max(max, revisionOf(rs)), 0) + 1;
}

/**
 * Annotations of the new ReplicaSet at `revision`: the Deployment's own, the revision (which only grows) and, when an old
 * ReplicaSet is used again, the revisions that it had before.
 */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  current: Annotations | undefined,
  revision: number,
  exists: boolean,
): Annotations {
  const result: { [key: string]: string } = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notCopied.has(key)) result[key] = value;
  }
  const old = current?.[annotations.revision];
  const oldRevision = Number(old ?? 0);
  if (Number.isInteger(oldRevision) && oldRevision < revision) {
    result[annotations.revision] = String(revision);
    if (exists && old !== undefined) {
      result[annotations.revisionHistory] = historyWith(current?.[annotations.revisionHistory], old);
    }
  }
  return result;
}

/** The two annotations that later tell a scaling from a rollout. */
export function replicasAnnotations(desired: number, maxSurge: number): Annotations {
  return {
    [annotations.desiredReplicas]: String(desired),
    [annotations.maxReplicas]: String(desired + maxSurge),
  };
}

function historyWith(history: string | undefined, revision: string): string {
  const revisions = history === undefined || history === '' ? [] : history.split(',');
  revisions.push(revision);
  while (revisions.length > 1 && revisions.join(',').length > historyLength) revisions.shift();
  return revisions.join(',');
}

/** Old ReplicaSets beyond `revisionHistoryLimit` that may go: empty, observed, not being deleted; oldest revision first. */
export function replicaSetsToDelete(
  deployment: Deployment,
  old: readonly Stored<ReplicaSet>[],
): readonly Stored<ReplicaSet>[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const alive = old.filter((rs) => rs.metadata.deletionTimestamp === undefined);
  const excess = alive.length - limit;
  if (excess <= 0) return [];
  return [...alive]
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, excess)
    .filter(
      (rs) =>
        (rs.spec.replicas ?? 1) === 0 &&
        (rs.status?.replicas ?? 0) === 0 &&
        (rs.metadata.generation ?? 0) <= (rs.status?.observedGeneration ?? 0),
    );
}

/** The revision that the legacy rollback annotation asks for: 0 is the one before the present; undefined when it asks for none. */
export function rollbackTarget(deployment: Deployment): number | undefined {
  const text = deployment.metadata.annotations?.[annotations.rollback];
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined;
  return Number(text);
}

/** The revision before the latest one; 0 when there is none. */
export function previousRevision(replicaSets: readonly ReplicaSet[]): number {
  const revisions = replicaSets.map(revisionOf).sort((a, b) => b - a);
  return revisions[1] ?? 0;
}
