import type { Observable } from 'rxjs';

/** Where bytes go: a process's standard input, a forwarded connection. */
export interface ByteSink {
  /** A promise if the reader is far behind: it resolves when there is room again, or no reader any more. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** No more bytes will come. */
  end(): void;
}

/** A command running in a container, or a container's own streams (CRI Exec and Attach). */
export interface StreamSession {
  readonly stdin: ByteSink;
  /** Completes when the process has ended. With a terminal, everything comes here. */
  readonly stdout: Observable<Uint8Array>;
  readonly stderr: Observable<Uint8Array>;
  /** Resolves with the exit code; for an attach, when the container ended or the session was closed. */
  readonly exit: Promise<{ readonly exitCode: number }>;
  /** Terminal size, in character cells. */
  resize(columns: number, rows: number): void;
  /** While it is held, an exec's process waits before it writes more, because nobody reads. Of no effect on an attach, whose container goes on. */
  hold(held: boolean): void;
  /** Ends the session: an exec's process is killed, an attach is detached. */
  close(): void;
}

/** Which of a container's streams are connected (CRI AttachRequest). */
export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A command to run in a container, and which of its streams are connected (CRI ExecRequest). */
export interface ExecRequest extends AttachRequest {
  readonly command: readonly string[];
}

/** A byte connection to a port of a Pod (CRI PortForward). */
export interface PortConnection {
  readonly data: Observable<Uint8Array>;
  readonly sink: ByteSink;
  /** While it is held, the process behind the port waits before it writes more, because nobody reads. */
  hold(held: boolean): void;
  close(): void;
}
