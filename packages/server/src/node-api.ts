import type { Observable } from 'rxjs';

/**
 * The part of a node's kubelet that the API server calls (in Kubernetes, its HTTP API: /containerLogs, /exec, /attach,
 * /portForward). The server does not depend on the kubelet; the code that composes both checks that they match.
 */
export interface NodeApi {
  /** @throws StatusError BadRequest while the container has no log yet. */
  logs(target: ContainerTarget, options: LogOptions): Promise<Observable<Uint8Array>>;
  /** @throws StatusError if the container is not running */
  exec(target: ContainerTarget, request: ExecRequest): Promise<StreamSession>;
  /** @throws StatusError if the container is not running */
  attach(target: ContainerTarget, request: AttachRequest): Promise<StreamSession>;
  /** @throws StatusError if the Pod has no running sandbox */
  portForward(target: Omit<ContainerTarget, 'container'>, port: number): Promise<PortConnection>;
}

/** Identifies a container of a Pod. */
export interface ContainerTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

/** The options of `kubectl logs` (`v1.PodLogOptions`). */
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

/** The container's streams that `kubectl attach` connects (`v1.PodAttachOptions`). */
export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The command that `kubectl exec` runs, and which of its streams are connected (`v1.PodExecOptions`). */
export interface ExecRequest extends AttachRequest {
  readonly command: readonly string[];
}

/** A command running in a container, or a container's own streams. */
export interface StreamSession {
  readonly stdin: ByteSink;
  /** Completes when the process has ended. With a terminal, all output arrives here. */
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

/** A byte connection to a port of a Pod. */
export interface PortConnection {
  readonly data: Observable<Uint8Array>;
  readonly sink: ByteSink;
  /** While it is held, the process behind the port waits before it writes more, because nobody reads. */
  hold(held: boolean): void;
  close(): void;
}

/** A sink for bytes: a process's standard input, a forwarded connection. */
export interface ByteSink {
  /** A promise if the reader is far behind: it resolves when there is room again, or no reader any more. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** No more bytes will come. */
  end(): void;
}
