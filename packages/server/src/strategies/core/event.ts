import type { ResourceStrategy, StrategyEntry } from '../strategy.ts';

const strategy: ResourceStrategy = { allowCreateOnUpdate: true, garbageCollected: false };

/** Kubernetes `registry/core/event/strategy.go`. */
export const event: StrategyEntry = { group: '', kind: 'Event', strategy };

/** The same Events in the newer group. */
export const eventOfEvents: StrategyEntry = { group: 'events.k8s.io', kind: 'Event', strategy };
