import { Observable, type Subscriber } from 'rxjs';
import type { LogEntry } from '../runtime.ts';

/** A line of a log that is written out when somebody reads it: most access logs never are. */
export interface LazyLine {
  /** About how long it is, in characters. */
  readonly length: number;
  /** The text with its newline. `time` in milliseconds since the epoch. */
  render(time: number): string;
}

/** Bytes of log kept per container, as the kubelet's `containerLogMaxSize`. */
const defaultLimit = 10 * 1024 * 1024;
/** Longer lines are cut into parts, as containerd does. */
const longestLine = 16_384;
/** What an entry costs beside its text. */
const overhead = 24;

/** What a container wrote, line by line, with the time of each. The oldest half goes when there is too much. */
export class LogBuffer {
  readonly #now: () => number;
  readonly #limit: number;
  /** Milliseconds since the epoch; negative for standard error. */
  #times: number[] = [];
  #texts: (string | LazyLine)[] = [];
  #size = 0;
  #ended = false;
  readonly #partial = { stdout: '', stderr: '' };
  readonly #decoders: { stdout?: TextDecoder; stderr?: TextDecoder } = {};
  readonly #followers = new Set<Subscriber<LogEntry>>();

  constructor(now: () => number, limit = defaultLimit) {
    this.#now = now;
    this.#limit = limit;
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
    const time = this.#now();
    this.#times.push(stream === 'stdout' ? time : -time);
    this.#texts.push(text);
    this.#size += text.length + overhead;
    if (this.#size > this.#limit) this.#rotate();
    if (this.#followers.size === 0) return;
    const entry = { time, stream, text: typeof text === 'string' ? text : text.render(time) };
    for (const follower of [...this.#followers]) follower.next(entry);
  }

  #rotate(): void {
    const from = Math.ceil(this.#texts.length / 2);
    this.#times = this.#times.slice(from);
    this.#texts = this.#texts.slice(from);
    this.#size = this.#texts.reduce((size, text) => size + text.length + overhead, 0);
  }

  /** The container has ended: what is left without a newline counts too, and followers are done. */
  end(): void {
    if (this.#ended) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream] !== '') this.append(stream, this.#partial[stream]);
      this.#partial[stream] = '';
    }
    this.#ended = true;
    for (const follower of [...this.#followers]) follower.complete();
    this.#followers.clear();
  }

  /** All lines from the oldest kept; with `follow`, then what comes, until the end. */
  read(follow: boolean): Observable<LogEntry> {
    return new Observable((subscriber) => {
      for (let at = 0; at < this.#texts.length && !subscriber.closed; at++) subscriber.next(this.#entry(at));
      if (!follow || this.#ended) return subscriber.complete();
      this.#followers.add(subscriber);
      return () => this.#followers.delete(subscriber);
    });
  }

  #entry(at: number): LogEntry {
    const signed = this.#times[at] as number;
    const time = Math.abs(signed);
    const text = this.#texts[at] as string | LazyLine;
    return {
      time,
      stream: signed < 0 ? 'stderr' : 'stdout',
      text: typeof text === 'string' ? text : text.render(time),
    };
  }
}
