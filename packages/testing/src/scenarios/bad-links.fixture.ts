import type { FaultRule } from '../faults/fault-rules.ts';

/** Links on which everything goes wrong now and then. */
export const badLinks: FaultRule = {
  latency: { max: 200 },
  loss: 0.2,
  crash: 0.03,
  conflict: 0.05,
  watchDrop: 0.03,
  watchExpiry: 0.01,
  watchStall: 0.01,
};
