import type { ContainerRuntime } from '@orrery/runtimes';
import type { PodRecord } from '../pod/pod-record.ts';
import { ignoringMissing } from './stop-containers.ts';

/** Of each container the runtime keeps the instance that counts and the one before; of the sandboxes, those that are used. */
export async function collectGarbage(runtime: ContainerRuntime, record: PodRecord): Promise<void> {
  const kept = new Map<string, number>();
  for (const { id, state, metadata } of record.observed.containers) {
    const newer = kept.get(metadata.name) ?? 0;
    kept.set(metadata.name, newer + 1);
    if (newer < 2 || state === 'RUNNING') continue;
    await ignoringMissing(runtime.removeContainer(id));
    record.containerIds.delete(id);
    record.messages.delete(id);
    record.resized.delete(id);
  }
  const [, ...old] = record.observed.sandboxes;
  for (const { id } of old) {
    if (record.observed.containers.some(({ sandboxId }) => sandboxId === id)) continue;
    await ignoringMissing(runtime.removePodSandbox(id));
    record.sandboxIds.delete(id);
  }
}

/** Removes all that is left of a Pod that has stopped: its containers with their files and logs, and its sandboxes. */
export async function removeContainers(runtime: ContainerRuntime, record: PodRecord): Promise<void> {
  for (const id of record.containerIds) await ignoringMissing(runtime.removeContainer(id));
  for (const id of record.sandboxIds) await ignoringMissing(runtime.removePodSandbox(id));
}
