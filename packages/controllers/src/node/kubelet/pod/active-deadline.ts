import type { Pod, PodStatus } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { PodVerdict } from './pod-status.ts';

/** What becomes of a Pod that ran longer than `activeDeadlineSeconds`. */
export const deadlineExceeded: PodVerdict = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

/** When the Pod's time is over, in milliseconds since the epoch; undefined without a deadline. It counts from `startTime`. */
export function activeDeadline({ spec }: Pod, status: PodStatus | undefined): Milliseconds | undefined {
  const { activeDeadlineSeconds } = spec;
  const start = status?.startTime;
  if (activeDeadlineSeconds === undefined || start === undefined) return undefined;
  return Date.parse(start) + activeDeadlineSeconds * 1000;
}
