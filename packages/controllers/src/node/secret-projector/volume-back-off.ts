import type { BackOffOptions } from '@orrery/core';

/** The waits before a volume that could not be made is tried again (kubelet's `goroutinemap/exponentialbackoff`). */
export const volumeBackOff: BackOffOptions = { base: '500ms', max: '2m2s' };
