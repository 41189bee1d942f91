import type { Milliseconds } from '@orrery/core';

/** A moment, in milliseconds since the epoch, as `metav1.Time` prints it: RFC 3339 in UTC, whole seconds. */
export function timestamp(time: Milliseconds): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
