import { Ipv4Range } from '@orrery/api';
import type { Clock } from '@orrery/core';
import { from, type Observable, Subject } from 'rxjs';
import {
  type ContainerConfig,
  type ContainerEvent,
  type ContainerRuntime,
  type ContainerStatus,
  type HttpProbeRequest,
  type HttpProbeResponse,
  type ImageInfo,
  type LogEntry,
  type NodeFiles,
  type PodNetwork,
  type PodSandboxConfig,
  type PodSandboxStatus,
  RuntimeError,
} from '../runtime.ts';
import { newFileView } from '../sim/files/file-view.ts';
import { textOf } from '../sim/files/tree.ts';
import type { ExecRequest, PortConnection, StreamSession } from '../streams.ts';
import type { SmallNetwork } from './network.fixture.ts';

interface SmallRuntimeOptions {
  /** Prefix of all ids. */
  readonly name: string;
  readonly ip: string;
  readonly podCidr: string;
  readonly network: SmallNetwork;
  readonly clock: Clock;
}

interface SmallSandbox {
  readonly config: PodSandboxConfig;
  readonly ip: string;
  status: PodSandboxStatus;
}

interface SmallContainer {
  readonly config: ContainerConfig;
  readonly sandbox: SmallSandbox;
  status: ContainerStatus;
  readonly log: LogEntry[];
  /** Set while it serves a port. */
  serving: Disposable | undefined;
}

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The only image. */
export const smallImage = 'small/tools';

/**
 * A runtime with four commands. Containers run `serve PORT TEXT`, which answers every request with the text, or `rest`, which
 * does nothing. In a running container, `get URL [TOKENFILE AUTHORITYFILE]` prints what the URL answers, and `cat FILE` a file.
 */
export class SmallRuntime implements ContainerRuntime {
  readonly name = 'small';
  readonly version = '1.0';
  readonly files: NodeFiles;
  readonly network: PodNetwork;
  readonly #options: SmallRuntimeOptions;
  readonly #sandboxes = new Map<string, SmallSandbox>();
  readonly #containers = new Map<string, SmallContainer>();
  readonly #pulled = new Set<string>();
  readonly #events = new Subject<ContainerEvent>();
  #made = 0;

  constructor(options: SmallRuntimeOptions) {
    this.#options = options;
    const { clock, network, ip } = options;
    this.files = newFileView({ now: () => clock.now(), changes: { count: 0 } });
    this.network = {
      httpGet: (request) => probe(network, ip, request),
      connect: async (host, port) => {
        await probe(network, ip, { scheme: 'http', host, port, path: '/', headers: [], timeout: 0 });
      },
      grpcHealth: () => Promise.reject(new Error('nothing here speaks gRPC')),
    };
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const number = ++this.#made;
    const id = `${this.#options.name}-sandbox-${number}`;
    const onHost = config.namespaces.network === 'NODE';
    const ip = onHost ? this.#options.ip : Ipv4Range.of(this.#options.podCidr).at(number + 1);
    const createdAt = this.#options.clock.now();
    const status = { id, metadata: config.metadata, state: 'READY', createdAt, ips: onHost ? [] : [ip] } as const;
    this.#sandboxes.set(id, { config, ip, status });
    this.#emit('STARTED', id, id);
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined || sandbox.status.state === 'NOTREADY') return;
    for (const container of this.#containers.values()) if (container.sandbox === sandbox) this.#end(container, 137);
    sandbox.status = { ...sandbox.status, state: 'NOTREADY' };
    this.#emit('STOPPED', id, id);
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id);
    for (const [containerId, { sandbox }] of this.#containers)
      if (sandbox.status.id === id) await this.removeContainer(containerId);
    if (this.#sandboxes.delete(id)) this.#emit('DELETED', id, id);
  }

  async podSandboxStatus(id: string): Promise<PodSandboxStatus> {
    return found(this.#sandboxes.get(id), id).status;
  }

  async listPodSandboxes(): Promise<readonly PodSandboxStatus[]> {
    return [...this.#sandboxes.values()].map(({ status }) => status);
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = found(this.#sandboxes.get(sandboxId), sandboxId);
    const id = `${this.#options.name}-container-${++this.#made}`;
    const { metadata, image, labels, annotations } = config;
    const status: ContainerStatus = {
      id,
      sandboxId,
      metadata,
      state: 'CREATED',
      createdAt: this.#options.clock.now(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      image,
      imageRef: imageOf(image).imageRef,
      labels,
      annotations,
    };
    this.#containers.set(id, { config, sandbox, status, log: [], serving: undefined });
    this.#emit('CREATED', sandboxId, id);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = found(this.#containers.get(id), id);
    const { network, clock } = this.#options;
    const [command = '', port = '', ...words] = [...container.config.command, ...container.config.args];
    if (command !== 'serve' && command !== 'rest') {
      this.#end(container, 128, 'StartError');
      throw new RuntimeError('StartError', `exec: "${command}": executable file not found in $PATH`);
    }
    if (command === 'serve') {
      container.serving = network.serve(container.sandbox.ip, Number(port), {
        answer: ({ path }) => {
          container.log.push({ time: clock.now(), stream: 'stdout', text: `GET ${path}\n` });
          return { status: 200, headers: {}, body: `${words.join(' ')}\n` };
        },
      });
    }
    container.status = { ...container.status, state: 'RUNNING', startedAt: clock.now() };
    this.#emit('STARTED', container.status.sandboxId, id);
  }

  async stopContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container !== undefined) this.#end(container, 143);
  }

  #end(container: SmallContainer, exitCode: number, reason = 'Error'): void {
    if (container.status.state === 'EXITED') return;
    container.serving?.[Symbol.dispose]();
    container.status = {
      ...container.status,
      state: 'EXITED',
      exitCode,
      reason,
      finishedAt: this.#options.clock.now(),
    };
    this.#emit('STOPPED', container.status.sandboxId, container.status.id);
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (container === undefined) return;
    this.#end(container, 137);
    this.#containers.delete(id);
    this.#emit('DELETED', container.status.sandboxId, id);
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    return found(this.#containers.get(id), id).status;
  }

  async listContainers(): Promise<readonly ContainerStatus[]> {
    return [...this.#containers.values()].map(({ status }) => status);
  }

  events(): Observable<ContainerEvent> {
    return this.#events;
  }

  #emit(type: ContainerEvent['type'], sandboxId: string, containerId: string): void {
    const podUid = this.#sandboxes.get(sandboxId)?.config.metadata.uid ?? '';
    this.#events.next({ type, sandboxId, podUid, containerId });
  }

  async execSync(id: string, command: readonly string[]): Promise<Result> {
    const container = found(this.#containers.get(id), id);
    if (container.status.state !== 'RUNNING') throw new RuntimeError('Unknown', `container ${id} is not running`);
    try {
      return { exitCode: 0, stdout: await this.#output(container, command), stderr: '' };
    } catch (error) {
      return { exitCode: 1, stdout: '', stderr: `${command[0]}: ${error instanceof Error ? error.message : error}\n` };
    }
  }

  async #output({ config, sandbox }: SmallContainer, [command, ...args]: readonly string[]): Promise<string> {
    const [first = '', tokenFile, authorityFile] = args;
    const read = (path: string) => textOf(this.files.readFile(nodePath(config, path)));
    if (command === 'cat') return read(first);
    if (command !== 'get') throw new Error('not found');
    const { servers, searches } = sandbox.config.dns;
    const client = { ip: sandbox.ip, nameservers: servers, searches };
    const { body } =
      tokenFile === undefined || authorityFile === undefined
        ? await this.#options.network.request(client, first)
        : await this.#options.network.request({ ...client, authority: read(authorityFile) }, first, {
            headers: [{ name: 'Authorization', value: `Bearer ${read(tokenFile)}` }],
          });
    return typeof body === 'string' ? body : textOf(body);
  }

  async exec(id: string, { command }: ExecRequest): Promise<StreamSession> {
    const result = this.execSync(id, command);
    const bytes = (name: 'stdout' | 'stderr') => from(result.then((done) => new TextEncoder().encode(done[name])));
    return {
      stdin: { write: () => {}, end: () => {} },
      stdout: bytes('stdout'),
      stderr: bytes('stderr'),
      exit: result,
      resize: () => {},
      hold: () => {},
      close: () => {},
    };
  }

  attach(): Promise<StreamSession> {
    return Promise.reject(new RuntimeError('Unknown', 'nothing here can be attached to'));
  }

  portForward(): Promise<PortConnection> {
    return Promise.reject(new RuntimeError('Unknown', 'no port can be forwarded from here'));
  }

  logs(id: string): Observable<LogEntry> {
    return from(found(this.#containers.get(id), id).log);
  }

  async pullImage(ref: string): Promise<ImageInfo> {
    const info = imageOf(ref);
    this.#pulled.add(ref);
    return info;
  }

  async imageStatus(ref: string): Promise<ImageInfo | undefined> {
    return this.#pulled.has(ref) ? imageOf(ref) : undefined;
  }

  async listImages(): Promise<readonly (ImageInfo & { readonly names: readonly string[] })[]> {
    return [...this.#pulled].map((ref) => ({ ...imageOf(ref), names: [ref] }));
  }

  async close(): Promise<void> {
    for (const id of [...this.#sandboxes.keys()]) await this.removePodSandbox(id);
    this.#events.complete();
  }
}

function found<T>(thing: T | undefined, id: string): T {
  if (thing === undefined) throw new RuntimeError('NotFound', `${id}: not found`);
  return thing;
}

function imageOf(ref: string): ImageInfo {
  if (ref.replace(/:latest$/, '') !== smallImage)
    throw new RuntimeError('ImageNotFound', `failed to resolve image "${ref}": not found`);
  return { imageRef: `${smallImage}@sha256:${'0'.repeat(64)}`, sizeBytes: 1000 };
}

/** The path on the node of a container's file. Containers have no files but mounted ones. */
function nodePath({ mounts }: ContainerConfig, path: string): string {
  const mount = mounts.find(({ containerPath }) => path === containerPath || path.startsWith(`${containerPath}/`));
  if (mount === undefined) throw new Error(`${path}: No such file or directory`);
  return `${mount.hostPath}${path.slice(mount.containerPath.length)}`;
}

async function probe(network: SmallNetwork, ip: string, request: HttpProbeRequest): Promise<HttpProbeResponse> {
  const { scheme, host, port, path, headers } = request;
  const url = `${scheme}://${host}:${port}${path}`;
  const { status, body } = await network.request({ ip, nameservers: [], searches: [] }, url, { headers });
  return { status, headers: {}, body: typeof body === 'string' ? body : textOf(body) };
}
