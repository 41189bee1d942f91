import type { Clock } from '@orrery/core';
import { Observable, type Subscriber } from 'rxjs';
import type { LogEntry } from '../runtime.ts';

/** A log line that is rendered when it is read: most access logs never are. */
export interface LazyLine {
  /** About how long it is, in characters. */
  readonly length: number;
  /** The text with its newline. `time` in milliseconds since the epoch. */
  render(time: number): string;
}

/** Bytes of log kept per container, as the kubelet's `containerLogMaxSize`. */
const defaultLimit = 10 * 1024 * 1024;
/** Bytes that a container always keeps, however little room there is. */
const leastLimit = 65_536;
/** Longer lines are cut into parts, as containerd does. */
const longestLine = 16_384;
/** What an entry costs beside its text. */
const overhead = 24;

/** The same line again and again at one pace, as probes and loops in scripts write it: one run, however often. */
interface Run {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string | LazyLine;
  /** Time of the first line, in milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds from line to line. */
  step: number;
  /** Time at which one more line belongs to the run, in milliseconds since the epoch. */
  next: number;
  count: number;
}

/** What a container wrote, line by line, with the time of each. The oldest half goes when there is too much. */
export class LogBuffer {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #limit: number;
  readonly #total: { bytes: number };
  readonly #host: { bytes: number; readonly room: number };
  #runs: Run[] = [];
  #last: Run | undefined;
  /** Bytes of all lines, with what each costs beside its text. */
  #size = 0;
  #ended = false;
  readonly #partial = { stdout: '', stderr: '' };
  readonly #decoders: { stdout?: TextDecoder; stderr?: TextDecoder } = {};
  /** Most logs are never followed. */
  #followers: Set<Subscriber<LogEntry>> | undefined;

  /** `total` keeps count of the bytes of all the node's logs, `host` of those of all nodes, which have `room` together. */
  constructor(
    clock: Pick<Clock, 'now'>,
    limit = defaultLimit,
    total = { bytes: 0 },
    host = { bytes: 0, room: Number.POSITIVE_INFINITY },
  ) {
    this.#clock = clock;
    this.#limit = limit;
    this.#total = total;
    this.#host = host;
  }

  /** Size on the node's disk, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** The log is thrown away with its container. */
  discard(): void {
    this.#count(-this.#size);
    this.#runs = [];
    this.#last = undefined;
  }

  /** Bytes as a process writes them; a line counts when its newline comes. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#decoders[stream] ??= new TextDecoder();
    let text = this.#partial[stream] + this.#decoders[stream].decode(bytes, { stream: true });
    for (;;) {
      const end = text.indexOf('\n') + 1;
      if (end === 0 && text.length < longestLine) break;
      const size = end === 0 || end > longestLine ? longestLine : end;
      this.append(stream, text.slice(0, size));
      text = text.slice(size);
    }
    this.#partial[stream] = text;
  }

  /** A whole line, with its newline where it has one. */
  append(stream: 'stdout' | 'stderr', text: string | LazyLine): void {
    if (this.#ended) return;
    const time = this.#clock.now();
    const last = this.#last;
    if (
      last !== undefined &&
      last.text === text &&
      last.stream === stream &&
      (last.next === time || last.count === 1)
    ) {
      if (last.count === 1) last.step = time - last.start;
      last.count++;
      last.next = time + last.step;
    } else {
      this.#last = { stream, text, start: time, step: 0, next: time, count: 1 };
      this.#runs.push(this.#last);
    }
    this.#count(text.length + overhead);
    if (this.#size > this.#limit || (this.#host.bytes > this.#host.room && this.#size > leastLimit)) this.#rotate();
    if (this.#followers === undefined) return;
    const entry = entryAt(time, stream, text);
    for (const follower of [...this.#followers]) follower.next(entry);
  }

  #count(bytes: number): void {
    this.#size += bytes;
    this.#total.bytes += bytes;
    this.#host.bytes += bytes;
  }

  #rotate(): void {
    const half = Math.min(this.#limit, this.#size) / 2;
    let from = 0;
    for (let run = this.#runs[0]; run !== undefined && this.#size > half; run = this.#runs[from]) {
      const each = run.text.length + overhead;
      const gone = Math.min(run.count, Math.ceil((this.#size - half) / each));
      this.#count(-gone * each);
      if (gone === run.count) from++;
      else this.#runs[from] = { ...run, start: run.start + gone * run.step, count: run.count - gone };
    }
    this.#runs = this.#runs.slice(from);
    this.#last = this.#runs.at(-1);
  }

  /** The container has ended: what is left without a newline counts too, and followers are done. */
  end(): void {
    if (this.#ended) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream] !== '') this.append(stream, this.#partial[stream]);
      this.#partial[stream] = '';
    }
    this.#ended = true;
    for (const follower of [...(this.#followers ?? [])]) follower.complete();
    this.#followers = undefined;
  }

  /** All lines from the oldest kept; with `follow`, then what comes, until the end. */
  read(follow: boolean): Observable<LogEntry> {
    return new Observable((subscriber) => {
      for (let at = 0; at < this.#runs.length && !subscriber.closed; at++) {
        const { stream, text, start, step, count } = this.#runs[at] as Run;
        for (let line = 0; line < count && !subscriber.closed; line++)
          subscriber.next(entryAt(start + line * step, stream, text));
      }
      if (!follow || this.#ended) return subscriber.complete();
      const followers = this.#followers ?? new Set();
      this.#followers = followers;
      followers.add(subscriber);
      return () => {
        followers.delete(subscriber);
        if (followers.size === 0 && this.#followers === followers) this.#followers = undefined;
      };
    });
  }
}

function entryAt(time: number, stream: 'stdout' | 'stderr', text: string | LazyLine): LogEntry {
  return { time, stream, text: typeof text === 'string' ? text : text.render(time) };
}
