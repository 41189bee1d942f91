import { failures } from '@orrery/api';
import type { Milliseconds } from '@orrery/core';
import type { LogEntry } from '@orrery/runtimes';
import { Observable } from 'rxjs';

const encoder = new TextEncoder();

/** What can be asked of a log (`v1.PodLogOptions`). */
export interface LogOptions {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly stream?: 'All' | 'Stdout' | 'Stderr';
}

/**
 * A container's log as `kubectl logs` wants it. `tailLines` counts from the end of what is there now; what is written later
 * follows. `past` is what is there now, `entries` everything, in order.
 * @throws StatusError BadRequest on options that contradict each other.
 */
export function logStream(
  entries: Observable<LogEntry>,
  past: readonly LogEntry[],
  options: LogOptions,
  now: Milliseconds,
): Observable<Uint8Array> {
  const since = sinceTime(options, now);
  const wanted = (entry: LogEntry): boolean =>
    entry.time >= since &&
    (options.stream === undefined || options.stream === 'All' || options.stream.toLowerCase() === entry.stream);
  const skip = options.tailLines === undefined ? 0 : linesToSkip(past.filter(wanted), options.tailLines);
  return new Observable((subscriber) => {
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    let passed = 0;
    let atLineStart = true;
    const subscription = entries.subscribe({
      next: (entry) => {
        if (!wanted(entry)) return;
        for (const line of lines(entry.text)) {
          if (passed < skip) {
            if (line.endsWith('\n')) passed++;
            continue;
          }
          const prefix = options.timestamps === true && atLineStart ? `${rfc3339Nano(entry.time)} ` : '';
          atLineStart = line.endsWith('\n');
          const bytes = encoder.encode(prefix + line);
          const part = bytes.length > left ? bytes.subarray(0, left) : bytes;
          left -= part.length;
          subscriber.next(part);
          if (left <= 0) {
            subscriber.complete();
            return;
          }
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    return subscription;
  });
}

/** Checks the options as the API's validation does. @throws StatusError */
export function checkLogOptions(options: LogOptions): void {
  if (options.tailLines !== undefined && options.tailLines < 0) {
    throw failures.badRequest('tailLines must be greater than or equal to 0');
  }
  if (options.limitBytes !== undefined && options.limitBytes < 1) {
    throw failures.badRequest('limitBytes must be greater than 0');
  }
  if (options.sinceSeconds !== undefined && options.sinceTime !== undefined) {
    throw failures.badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
}

function sinceTime({ sinceSeconds, sinceTime: text }: LogOptions, now: Milliseconds): Milliseconds {
  if (sinceSeconds !== undefined) return now - sinceSeconds * 1000;
  return text === undefined ? Number.NEGATIVE_INFINITY : Date.parse(text);
}

function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

function linesToSkip(past: readonly LogEntry[], tail: number): number {
  let count = 0;
  let open = false;
  for (const { text } of past) {
    for (const line of lines(text)) {
      open = !line.endsWith('\n');
      if (!open) count++;
    }
  }
  return Math.max(0, count + (open ? 1 : 0) - tail);
}

/** A moment with nine decimals, as the runtime's log files have it. */
function rfc3339Nano(time: Milliseconds): string {
  return `${new Date(time).toISOString().slice(0, 23)}000000Z`;
}
