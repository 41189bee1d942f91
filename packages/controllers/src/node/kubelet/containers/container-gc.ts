import { membership } from '@orrery/api';
import type { PodRecord } from '../pod/pod-records.ts';
import type { RuntimeView } from './runtime-view.ts';

/** Of each container the runtime keeps the instance that counts and the one before; of the sandboxes, those that are used. */
export async function collectGarbage(view: RuntimeView, record: PodRecord): Promise<void> {
  const { containers, sandboxes } = view.observed(record);
  const kept = new Map<string, number>();
  for (const { id, state, metadata } of containers) {
    const newer = kept.get(metadata.name) ?? 0;
    kept.set(metadata.name, newer + 1);
    if (newer >= 2 && state !== 'RUNNING') await view.removeContainer(record, id);
  }
  const isUsed = membership(containers.map(({ sandboxId }) => sandboxId));
  for (const { id } of sandboxes.slice(1)) {
    if (!isUsed(id)) await view.removeSandbox(record, id);
  }
}
