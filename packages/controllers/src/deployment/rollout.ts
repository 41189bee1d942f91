import type { Deployment, ReplicaSet, Stored } from '@orrery/api';
import { scaledValue } from '../workload/scaled-value.ts';
import { annotations, byAge } from './revision.ts';

/** A ReplicaSet and the number of replicas that it is to have. */
export interface Scaling {
  readonly replicaSet: Stored<ReplicaSet>;
  readonly replicas: number;
}

/** How far a rollout may go above and below the desired number of Pods. */
export interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

const replicasOf = (rs: ReplicaSet) => rs.spec.replicas ?? 1;
const sum = (sets: readonly ReplicaSet[], value: (rs: ReplicaSet) => number) =>
  sets.reduce((total, rs) => total + value(rs), 0);

/** Pods that ReplicaSets ask for, in all. */
const totalReplicas = (sets: readonly ReplicaSet[]) => sum(sets, replicasOf);

/** The Deployment's `maxSurge` (percentages rounded up) and `maxUnavailable` (rounded down), as numbers of Pods. */
export function rolloutBounds(deployment: Deployment): Bounds {
  const replicas = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const maxSurge = scaledValue(rolling?.maxSurge ?? '25%', replicas, Math.ceil);
  const maxUnavailable = scaledValue(rolling?.maxUnavailable ?? '25%', replicas, Math.floor);
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: 1 };
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

/** How many replicas the new ReplicaSet is to have in the next step (`NewRSNewReplicas`). */
export function newReplicaCount(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): number {
  const desired = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') return desired;
  const current = totalReplicas(all);
  const allowed = desired + rolloutBounds(deployment).maxSurge;
  if (current >= allowed) return replicasOf(newSet);
  return replicasOf(newSet) + Math.min(allowed - current, desired - replicasOf(newSet));
}

/**
 * The one step of a rolling update that is due now: the new ReplicaSet grows (or shrinks to the desired number), or else
 * old ones shrink as far as availability allows: unhealthy replicas first, then oldest first.
 */
export function rollingStep(
  deployment: Deployment,
  newSet: Stored<ReplicaSet>,
  old: readonly Stored<ReplicaSet>[],
): readonly Scaling[] {
  const all = [...old, newSet];
  const desired = deployment.spec.replicas ?? 1;
  if (replicasOf(newSet) > desired) return [{ replicaSet: newSet, replicas: desired }];
  if (replicasOf(newSet) < desired) {
    const replicas = newReplicaCount(deployment, all, newSet);
    if (replicas !== replicasOf(newSet)) return [{ replicaSet: newSet, replicas }];
  }
  return scaleDownOld(deployment, newSet, old);
}

function scaleDownOld(
  deployment: Deployment,
  newSet: ReplicaSet,
  old: readonly Stored<ReplicaSet>[],
): readonly Scaling[] {
  const active = old.filter((rs) => replicasOf(rs) > 0).sort(byAge);
  if (active.length === 0) return [];
  const desired = deployment.spec.replicas ?? 1;
  const minAvailable = desired - rolloutBounds(deployment).maxUnavailable;
  const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const maxScaledDown = totalReplicas([...old, newSet]) - minAvailable - newUnavailable;
  if (maxScaledDown <= 0) return [];

  const counts = new Map(active.map((rs) => [rs, replicasOf(rs)]));
  let cleaned = 0;
  for (const rs of active) {
    const unhealthy = replicasOf(rs) - (rs.status?.availableReplicas ?? 0);
    const down = Math.min(maxScaledDown - cleaned, unhealthy);
    if (down <= 0) continue;
    cleaned += down;
    counts.set(rs, replicasOf(rs) - down);
  }
  const available = sum([...old, newSet], (rs) => rs.status?.availableReplicas ?? 0);
  let spare = available - minAvailable;
  for (const rs of active) {
    if (spare <= 0) break;
    const count = counts.get(rs) ?? 0;
    const down = Math.min(count, spare);
    counts.set(rs, count - down);
    spare -= down;
  }
  return [...counts]
    .filter(([rs, count]) => count !== replicasOf(rs))
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}

/** Whether the Deployment was scaled since its active ReplicaSets were last sized. */
export function isScaling(deployment: Deployment, all: readonly ReplicaSet[]): boolean {
  const desired = deployment.spec.replicas ?? 1;
  return all.some((rs) => {
    const noted = rs.metadata.annotations?.[annotations.desiredReplicas];
    return replicasOf(rs) > 0 && noted !== undefined && Number(noted) !== desired;
  });
}

/**
 * How a scaled or paused Deployment's ReplicaSets are sized (`scale`): a single active one straight to the desired number,
 * old ones to 0 once the new one is saturated, and several active ones in proportion to their size.
 */
export function scaleStep(
  deployment: Deployment,
  newSet: Stored<ReplicaSet> | undefined,
  old: readonly Stored<ReplicaSet>[],
): readonly Scaling[] {
  const desired = deployment.spec.replicas ?? 1;
  const single = activeOrLatest(newSet, old);
  if (single !== undefined) {
    const noted = Number(single.metadata.annotations?.[annotations.desiredReplicas]);
    return replicasOf(single) === desired && noted === desired ? [] : [{ replicaSet: single, replicas: desired }];
  }
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    return old.filter((rs) => replicasOf(rs) > 0).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  }
  if (deployment.spec.strategy?.type === 'Recreate') return [];
  const active = [...old, ...(newSet === undefined ? [] : [newSet])].filter((rs) => replicasOf(rs) > 0);
  return proportionalScaling(deployment, active);
}

/** The only active ReplicaSet; when none is active the new or else the youngest one; undefined when several are. */
function activeOrLatest(
  newSet: Stored<ReplicaSet> | undefined,
  old: readonly Stored<ReplicaSet>[],
): Stored<ReplicaSet> | undefined {
  const all = [...old, ...(newSet === undefined ? [] : [newSet])];
  const active = all.filter((rs) => replicasOf(rs) > 0);
  if (active.length > 1) return undefined;
  if (active.length === 1) return active[0];
  return newSet ?? [...old].sort(byAge).at(-1);
}

/** All of the new ReplicaSet's Pods are there and available. */
function isSaturated(deployment: Deployment, newSet: ReplicaSet): boolean {
  const desired = deployment.spec.replicas ?? 1;
  return (
    replicasOf(newSet) === desired &&
    Number(newSet.metadata.annotations?.[annotations.desiredReplicas]) === desired &&
    (newSet.status?.availableReplicas ?? 0) === desired
  );
}

/**
 * Shares what is to be added or taken away among active ReplicaSets in proportion to their size; what rounding leaves over
 * goes to the largest. Lists every active one, unchanged ones too, for their annotations must follow.
 */
function proportionalScaling(deployment: Deployment, active: readonly Stored<ReplicaSet>[]): readonly Scaling[] {
  const desired = deployment.spec.replicas ?? 1;
  const allowed = desired > 0 ? desired + rolloutBounds(deployment).maxSurge : 0;
  const toAdd = allowed - totalReplicas(active);
  const sorted = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  const counts = sorted.map((replicaSet) => {
    if (toAdd === 0) return { replicaSet, replicas: replicasOf(replicaSet) };
    const share = proportion(replicaSet, deployment, allowed, toAdd - added);
    added += share;
    return { replicaSet, replicas: replicasOf(replicaSet) + share };
  });
  const first = counts[0];
  if (first !== undefined && toAdd !== 0) {
    counts[0] = { replicaSet: first.replicaSet, replicas: Math.max(0, first.replicas + (toAdd - added)) };
  }
  return counts;
}

function proportion(rs: ReplicaSet, deployment: Deployment, allowed: number, remaining: number): number {
  const replicas = replicasOf(rs);
  if (replicas === 0 || remaining === 0) return 0;
  const noted = Number(rs.metadata.annotations?.[annotations.maxReplicas] ?? Number.NaN);
  const before = Number.isInteger(noted) ? noted : (deployment.status?.replicas ?? 0);
  const share =
    (deployment.spec.replicas ?? 1) === 0 || before === 0
      ? -replicas
      : Math.round((replicas * allowed) / before) - replicas;
  return remaining > 0 ? Math.min(share, remaining) : Math.max(share, remaining);
}
