import type { ContainerRuntime, ContainerStatus, LogEntry } from '@orrery/runtimes';
import { lastValueFrom, toArray } from 'rxjs';
import { terminationLogPath } from './container-mounts.ts';
import { messagePolicy } from './runtime-labels.ts';
import { terminationMessage } from './termination-message.ts';

/** Reads the last words of an instance that has ended, from its file or its log. */
export async function readTerminationMessage(
  runtime: ContainerRuntime,
  podUid: string,
  instance: ContainerStatus,
): Promise<string> {
  const { name, attempt } = instance.metadata;
  const path = terminationLogPath(podUid, name, attempt);
  const file = runtime.files.stat(path)?.type === 'file' ? runtime.files.readFile(path) : undefined;
  const policy = messagePolicy(instance.annotations);
  let entries: readonly LogEntry[] = [];
  if (policy === 'FallbackToLogsOnError' && instance.exitCode !== 0 && (file === undefined || file.length === 0)) {
    entries = await lastValueFrom(runtime.logs(instance.id, { follow: false }).pipe(toArray()));
  }
  const text = terminationMessage({ policy, exitCode: instance.exitCode, file, log: () => entries });
  return text === '' ? instance.message : text;
}
