import type { Milliseconds } from '@orrery/core';

/** How much of a zone is down. */
export type ZoneState = 'normal' | 'partialDisruption' | 'fullDisruption';

/** One node is given up every ten seconds; in a large zone that is mostly down, one every hundred. */
const normalInterval: Milliseconds = 10_000;
const secondaryInterval: Milliseconds = 100_000;
const unhealthyShare = 0.55;
const largeZone = 50;

/** The state of a zone by its numbers of ready and unready nodes. */
export function zoneState(ready: number, notReady: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'fullDisruption';
  if (notReady > 2 && notReady / (ready + notReady) >= unhealthyShare) return 'partialDisruption';
  return 'normal';
}

/**
 * Milliseconds between two nodes of a zone whose Pods are evicted; infinite where none are: in a small zone that is mostly
 * down, and everywhere while all zones are down, for then it is rather we who cannot see.
 */
export function evictionInterval(state: ZoneState, nodes: number, allZonesDown: boolean): Milliseconds {
  if (allZonesDown) return Number.POSITIVE_INFINITY;
  if (state !== 'partialDisruption') return normalInterval;
  return nodes > largeZone ? secondaryInterval : Number.POSITIVE_INFINITY;
}
