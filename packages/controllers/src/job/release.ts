import { isNotFound, keyOf, Pod, type Stored } from '@orrery/api';
import type { Client } from '@orrery/core';
import { trackingFinalizer } from './job-pods.ts';

/** Takes the finalizer from a Pod. A Pod that is gone has none. @throws StatusError */
export async function withoutTracking(client: Client, pod: Stored<Pod>): Promise<void> {
  const patch = {
    metadata: { uid: pod.metadata.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] },
  };
  try {
    await client.patch(Pod, keyOf(pod), { type: 'strategic', patch });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
