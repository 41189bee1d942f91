import type { LazyLine, LogBuffer } from './log-buffer.ts';
import { Description } from './process/description.ts';
import type { Process } from './process/process.ts';

/** Standard output or error of a container: goes to its log and to attached clients. */
export class LogDescription extends Description {
  readonly #log: LogBuffer;
  readonly #stream: 'stdout' | 'stderr';
  readonly #attached: ReadonlySet<(stream: 'stdout' | 'stderr', bytes: Uint8Array) => void>;
  readonly #now: () => number;

  constructor(
    log: LogBuffer,
    stream: 'stdout' | 'stderr',
    attached: ReadonlySet<(stream: 'stdout' | 'stderr', bytes: Uint8Array) => void>,
    now: () => number,
  ) {
    super();
    this.#log = log;
    this.#stream = stream;
    this.#attached = attached;
    this.#now = now;
  }

  take(): undefined {
    return undefined;
  }

  put(_process: Process, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#log.write(this.#stream, bytes);
    for (const attached of this.#attached) attached(this.#stream, bytes);
  }

  /** A whole line that is not rendered before it is read. */
  line(line: LazyLine): void {
    this.#log.append(this.#stream, line);
    if (this.#attached.size === 0) return;
    const bytes = new TextEncoder().encode(line.render(this.#now()));
    for (const attached of this.#attached) attached(this.#stream, bytes);
  }
}
