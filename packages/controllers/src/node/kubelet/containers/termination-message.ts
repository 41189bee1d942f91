import type { LogEntry } from '@orrery/runtimes';

/** The most of a termination message that is read from its file, in bytes. */
const maxMessageBytes = 4096;
/** The most that is taken from the log instead, in bytes and lines. */
const maxLogBytes = 2048;
const maxLogLines = 80;

/** How an instance's message is found (`terminationMessagePolicy`). */
export interface MessageSource {
  readonly policy: string;
  readonly exitCode: number;
  /** What stands in the message file; undefined if there is none. */
  readonly file: Uint8Array | undefined;
  /** Called only if the log is needed. */
  log(): readonly LogEntry[];
}

/** The last words of a container (Kubernetes "Determine the Reason for Pod Failure"). */
export function terminationMessage({ policy, exitCode, file, log }: MessageSource): string {
  if (file !== undefined && file.length > 0) {
    return new TextDecoder().decode(
      file.length > maxMessageBytes ? file.subarray(file.length - maxMessageBytes) : file,
    );
  }
  if (policy !== 'FallbackToLogsOnError' || exitCode === 0) return '';
  const lines = log()
    .map(({ text }) => text)
    .join('')
    .split(/(?<=\n)/);
  const tail = new TextEncoder().encode(lines.slice(-maxLogLines).join(''));
  return new TextDecoder().decode(tail.length > maxLogBytes ? tail.subarray(tail.length - maxLogBytes) : tail);
}
