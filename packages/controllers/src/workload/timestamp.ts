import type { Milliseconds } from '@orrery/core';

/** A moment, in milliseconds since the epoch, as `metav1.Time` prints it: RFC 3339 in UTC, whole seconds. */
export function timestamp(time: Milliseconds): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** The same as `metav1.MicroTime`: microseconds, as Leases have. */
export function microTimestamp(time: Milliseconds): string {
  return `${new Date(time).toISOString().slice(0, 23)}000Z`;
}
