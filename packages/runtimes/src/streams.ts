import type { Observable } from 'rxjs';

/** Where bytes go: a process's standard input, a forwarded connection. */
export interface ByteSink {
  write(chunk: Uint8Array): void;
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
  close(): void;
}
