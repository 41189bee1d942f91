import type { Milliseconds } from '@orrery/core';
import type { Observable } from 'rxjs';
import type { AttachRequest, ExecRequest, PortConnection, StreamSession } from './streams.ts';

/** `POD`, `CONTAINER` or `NODE`: whose Linux namespace is used (CRI NamespaceMode). */
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE';

/** What makes a Pod's sandbox: the infra container, which owns the network namespace (CRI PodSandboxConfig). */
export interface PodSandboxConfig {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly attempt: number;
  };
  readonly hostname: string;
  readonly labels: { readonly [key: string]: string };
  readonly annotations: { readonly [key: string]: string };
  readonly portMappings: readonly PortMapping[];
  readonly namespaces: { readonly network: NamespaceMode; readonly pid: NamespaceMode; readonly ipc: NamespaceMode };
  readonly dns: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly runtimeHandler: string;
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

export interface PodSandboxStatus {
  readonly id: string;
  readonly metadata: PodSandboxConfig['metadata'];
  readonly state: 'READY' | 'NOTREADY';
  /** Milliseconds since the epoch. */
  readonly createdAt: Milliseconds;
  /** Empty for a Pod on the node's own network. */
  readonly ips: readonly string[];
}

/** A directory or file of the node shown inside a container (CRI Mount). */
export interface Mount {
  readonly containerPath: string;
  /** Path in the node's file system (see {@link NodeFiles}). */
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation: 'PRIVATE' | 'HOST_TO_CONTAINER' | 'BIDIRECTIONAL';
}

/** What makes a container (CRI ContainerConfig). */
export interface ContainerConfig {
  readonly metadata: { readonly name: string; readonly attempt: number };
  /** Reference of an image that was pulled. */
  readonly image: string;
  /** If empty, the image's entrypoint is used. */
  readonly command: readonly string[];
  /** If empty, the image's command is used, unless `command` is given. */
  readonly args: readonly string[];
  /** `''` uses the image's. */
  readonly workingDir: string;
  readonly envs: readonly { readonly key: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly labels: { readonly [key: string]: string };
  readonly annotations: { readonly [key: string]: string };
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: {
    /** 0 is no limit. */
    readonly memoryLimitBytes: number;
    readonly cpuShares: number;
    readonly cpuQuota: number;
  };
  readonly security: {
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly supplementalGroups: readonly number[];
    readonly readonlyRootFilesystem: boolean;
    readonly privileged: boolean;
    /** Whether the image's groups of the user are added (`Merge`, the default) or not (`Strict`). */
    readonly supplementalGroupsPolicy?: 'Merge' | 'Strict';
    /** Linux capabilities beside or less than the runtime's usual ones, without `CAP_`. */
    readonly capabilities?: { readonly add: readonly string[]; readonly drop: readonly string[] };
    /** No process may get more rights than its parent. Default false. */
    readonly noNewPrivileges?: boolean;
    /** Which container's process namespace is joined when the mode is `CONTAINER` of another (ephemeral containers). */
    readonly targetContainerId?: string;
  };
  /** Signal that asks the process to stop; default SIGTERM or the image's. */
  readonly stopSignal?: string;
}

export type ContainerState = 'CREATED' | 'RUNNING' | 'EXITED' | 'UNKNOWN';

export interface ContainerStatus {
  readonly id: string;
  readonly sandboxId: string;
  readonly metadata: ContainerConfig['metadata'];
  readonly state: ContainerState;
  /** Milliseconds since the epoch; 0 where it has not happened. */
  readonly createdAt: Milliseconds;
  readonly startedAt: Milliseconds;
  readonly finishedAt: Milliseconds;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`, `StartError`. */
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  /** Digest of the image: `docker.io/library/nginx@sha256:…`. */
  readonly imageRef: string;
  readonly labels: { readonly [key: string]: string };
  readonly annotations: { readonly [key: string]: string };
}

/** Something happened to a sandbox or container (CRI ContainerEventResponse, "evented PLEG"). */
export interface ContainerEvent {
  readonly type: 'CREATED' | 'STARTED' | 'STOPPED' | 'DELETED';
  readonly sandboxId: string;
  readonly podUid: string;
  /** The sandbox's own id when it is the infra container. */
  readonly containerId: string;
}

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly time: Milliseconds;
  readonly stream: 'stdout' | 'stderr';
  /** With its newline, where the process wrote one. */
  readonly text: string;
}

export interface ImageInfo {
  /** `docker.io/library/nginx@sha256:…`. */
  readonly imageRef: string;
  readonly sizeBytes: number;
  /** User that the image runs as; absent is root. */
  readonly user?: string;
}

/** Credentials for one registry (CRI AuthConfig). */
export interface ImageAuth {
  readonly username: string;
  readonly password: string;
}

/** Why the runtime refuses, in CRI's terms: the kubelet maps them to waiting reasons. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code:
    | 'NotFound'
    | 'ImageNotFound'
    | 'RegistryUnavailable'
    | 'SignatureValidationFailed'
    | 'Unauthorized'
    | 'DeadlineExceeded'
    | 'StartError'
    | 'InvalidArgument'
    | 'Unknown';

  constructor(code: RuntimeError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A stat of one entry of the node's file system, following no link. */
export interface FileStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'socket' | 'charDevice' | 'blockDevice';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly mtime: Milliseconds;
}

/**
 * A node's file system, as the kubelet and the secret projector write it. Simulated nodes have a virtual one; with a real
 * runtime it is the machine's. Errors carry `code` like Node's: ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY.
 * Synchronous, because each call is a step that must not be torn.
 */
export interface NodeFiles {
  readFile(path: string): Uint8Array;
  /** Creates or replaces; `mode` is set exactly (no umask). */
  writeFile(path: string, content: Uint8Array | string, options?: { mode?: number; uid?: number; gid?: number }): void;
  /** With parents; existing directories are left as they are. */
  mkdir(path: string, options?: { mode?: number; uid?: number; gid?: number }): void;
  readdir(path: string): readonly string[];
  /** Follows no link; undefined where nothing is. */
  lstat(path: string): FileStat | undefined;
  /** Follows links; undefined where nothing is. */
  stat(path: string): FileStat | undefined;
  readlink(path: string): string;
  symlink(target: string, path: string): void;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): void;
  /** Recursively; nothing there is no error. */
  remove(path: string): void;
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  /** Bytes in use under the path. */
  usage(path: string): number;
  /** Makes an in-memory directory (tmpfs) limited to the given number of bytes. Absent where files are never in memory. */
  makeMemoryDirectory?(path: string, sizeBytes: number, options?: { mode?: number; gid?: number }): void;
}

/** What an HTTP probe or hook learned. */
export interface HttpProbeResponse {
  readonly status: number;
  readonly body: string;
  readonly headers: { readonly [name: string]: string };
}

export interface HttpProbeRequest {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeout: Milliseconds;
}

/**
 * How the kubelet reaches Pods over the network, for probes and hooks. A runtime may return synchronously instead of by promise.
 * Failures to connect or time-outs are thrown (or rejected) as errors with the text that Go's net package would give.
 */
export interface PodNetwork {
  httpGet(request: HttpProbeRequest): HttpProbeResponse | Promise<HttpProbeResponse>;
  /** Resolves when a TCP connection could be made. */
  connect(host: string, port: number, timeout: Milliseconds): void | Promise<void>;
  /** The serving status of gRPC health v1: `SERVING`, `NOT_SERVING`, `UNKNOWN`, `SERVICE_UNKNOWN`. */
  grpcHealth(host: string, port: number, service: string, timeout: Milliseconds): string | Promise<string>;
  /** Makes ready what is sent again and again, as probes are: each call sends it as {@link httpGet}. Absent where that gains nothing. */
  prepareHttpGet?(request: HttpProbeRequest): () => HttpProbeResponse | Promise<HttpProbeResponse>;
  /** The same for {@link connect}. */
  prepareConnect?(host: string, port: number, timeout: Milliseconds): () => void | Promise<void>;
}

/** What a runtime says of itself or of its node's network (CRI RuntimeCondition). */
export interface RuntimeCondition {
  readonly type: 'RuntimeReady' | 'NetworkReady';
  readonly status: boolean;
  /** A word for programs, empty where all is well: `NetworkPluginNotReady`. */
  readonly reason: string;
  readonly message: string;
}

/** What one container uses of its node beside its volumes (CRI ContainerStats). */
export interface ContainerUsage {
  readonly memoryBytes: number;
  readonly writableLayerBytes: number;
  readonly logBytes: number;
  /** Files and directories of its writable layer. */
  readonly inodes: number;
  readonly processes: number;
}

/** What is used of a node by all that is on it. */
export interface NodeUsage {
  readonly memoryBytes: number;
  /** Of its one file system: images, writable layers, volumes, logs. */
  readonly storageBytes: number;
  readonly inodes: number;
  readonly processes: number;
}

/** What runs containers: shaped like CRI, so that the kubelet is one program over all runtimes. One instance serves one node. */
export interface ContainerRuntime {
  readonly name: string;
  readonly version: string;
  readonly files: NodeFiles;
  readonly network: PodNetwork;

  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  /** Stops all that runs in it; idempotent. */
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  /** @throws RuntimeError NotFound */
  podSandboxStatus(id: string): PodSandboxStatus | Promise<PodSandboxStatus>;
  listPodSandboxes(): readonly PodSandboxStatus[] | Promise<readonly PodSandboxStatus[]>;

  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  /** @throws RuntimeError StartError when the command cannot be run. */
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, then SIGKILL after `grace` (milliseconds; 0 kills immediately). Resolves when it has ended. */
  stopContainer(id: string, grace: Milliseconds): Promise<void>;
  /** Holds a container that runs to other resources (CRI UpdateContainerResources). Absent where that cannot be done. */
  updateContainerResources?(id: string, resources: ContainerConfig['resources']): Promise<void>;
  removeContainer(id: string): Promise<void>;
  /** @throws RuntimeError NotFound */
  containerStatus(id: string): ContainerStatus | Promise<ContainerStatus>;
  listContainers(): readonly ContainerStatus[] | Promise<readonly ContainerStatus[]>;
  events(): Observable<ContainerEvent>;

  /** Resolves when the command has ended; rejects with DeadlineExceeded after `timeout` (milliseconds; 0 is none), and kills it. */
  execSync(
    id: string,
    command: readonly string[],
    timeout: Milliseconds,
  ): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;
  exec(id: string, request: ExecRequest): Promise<StreamSession>;
  attach(id: string, request: AttachRequest): Promise<StreamSession>;
  portForward(sandboxId: string, port: number): Promise<PortConnection>;
  /** The container's output from the start; with `follow`, also new output until the container ends. */
  logs(id: string, options: { readonly follow: boolean }): Observable<LogEntry>;

  /** @throws RuntimeError ImageNotFound, Unauthorized, RegistryUnavailable */
  pullImage(ref: string, auth?: ImageAuth): Promise<ImageInfo>;
  imageStatus(ref: string): ImageInfo | undefined | Promise<ImageInfo | undefined>;
  listImages():
    | readonly (ImageInfo & { readonly names: readonly string[] })[]
    | Promise<readonly (ImageInfo & { readonly names: readonly string[] })[]>;

  /** How the runtime itself is (CRI Status); what is not named is as it should be. Absent: it always is. */
  status?(): readonly RuntimeCondition[] | Promise<readonly RuntimeCondition[]>;

  /** Takes an image off the node, by its digest; none of that name is no error. Absent: images stay. */
  removeImage?(imageRef: string): void | Promise<void>;

  /** The node's resource usage, valid until the next call. If absent, usage is unknown and the node is never under pressure. */
  nodeUsage?(): NodeUsage | Promise<NodeUsage>;
  /** @throws RuntimeError NotFound */
  containerUsage?(id: string): ContainerUsage | Promise<ContainerUsage>;

  /** Frees what the runtime holds; running containers are killed. */
  close(): Promise<void>;
}
