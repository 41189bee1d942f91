import type { Observable } from 'rxjs';

/**
 * What the API server asks of a node's kubelet (the kubelet's own HTTP API: /containerLogs, /exec, /attach, /portForward). The server
 * does not know what a kubelet is; whoever puts both together sees that they fit.
 */
export interface NodeApi {
  /** @throws StatusError BadRequest while the container has no log yet. */
  logs(target: ContainerTarget, options: LogOptions): Promise<Observable<Uint8Array>>;
  /** @throws StatusError when the container does not run. */
  exec(target: ContainerTarget, request: ExecRequest): Promise<StreamSession>;
  /** @throws StatusError when the container does not run. */
  attach(target: ContainerTarget, request: AttachRequest): Promise<StreamSession>;
  /** @throws StatusError when the Pod has no sandbox that runs. */
  portForward(target: Omit<ContainerTarget, 'container'>, port: number): Promise<PortConnection>;
}

/** Which container of which Pod. */
export interface ContainerTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

/** What `kubectl logs` can ask for (`v1.PodLogOptions`). */
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

/** Which of a container's streams `kubectl attach` connects (`v1.PodAttachOptions`). */
export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** What `kubectl exec` runs, and which of its streams are connected (`v1.PodExecOptions`). */
export interface ExecRequest extends AttachRequest {
  readonly command: readonly string[];
}

/** A command running in a container, or a container's own streams. */
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

/** A byte connection to a port of a Pod. */
export interface PortConnection {
  readonly data: Observable<Uint8Array>;
  readonly sink: ByteSink;
  close(): void;
}

/** Where bytes go: a process's standard input, a forwarded connection. */
export interface ByteSink {
  write(chunk: Uint8Array): void;
  /** No more bytes will come. */
  end(): void;
}
