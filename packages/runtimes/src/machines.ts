import type { Environment, Plugin } from '@orrery/core';
import type { HttpRequest, HttpResponse } from './http.ts';
import type { ContainerRuntime } from './runtime.ts';

/** Amounts of a machine's resources, as quantities: `cpu`, `memory`, `ephemeral-storage`, `pods`, extended resources. */
export type MachineResources = { readonly [resource: string]: string };

/** An address and a port. */
export interface NetworkEndpoint {
  readonly ip: string;
  readonly port: number;
}

/** What a cluster asks of the machine of one node. */
export interface MachineRequest {
  /** The node's name. */
  readonly name: string;
  /** The node's range of Pod addresses (`spec.podCIDR`): `10.224.7.0/24`. No other node shares it. */
  readonly podCidr: string;
  /** What the machine should have. Machines whose hardware is given ignore it and report {@link Machine.capacity}. */
  readonly capacity?: MachineResources;
}

/** The machine of one node, switched on or off. */
export interface Machine {
  /** The address at which nodes and Pods reach it (`InternalIP`); outside all Pod ranges. */
  readonly ip: string;
  /** The resources that it has, where these differ from the requested ones. */
  readonly capacity?: MachineResources;
  /** `amd64`, `arm64` (label `kubernetes.io/arch`). */
  readonly architecture: string;
  /** `linux` (label `kubernetes.io/os`). */
  readonly operatingSystem: string;
  /**
   * Switches the machine on and returns its runtime, with whatever still runs there. While it is on, returns the same runtime.
   * @throws Error if the machine does not come up
   */
  powerOn(): Promise<ContainerRuntime>;
  /** Pulls the plug: containers are gone without notice. Does nothing if the machine is off. */
  powerOff(): Promise<void>;
}

/**
 * Where connections to a Service's addresses go, on every node (Kubernetes "Virtual IPs and Service Proxies"). A route consists of
 * parts, which are set one by one: one EndpointSlice of a large Service can change without the others being repeated.
 */
export interface ServiceRoutes {
  /**
   * Routes connections for an address to the endpoints of all parts in turn, replacing one part. A part without endpoints is
   * removed, and the route with its last part. Only the default part, `''`, stays: a route without endpoints refuses connections.
   */
  set(ip: string, port: number, endpoints: readonly NetworkEndpoint[], part?: string): void | Promise<void>;
  /** Removes a route with all its parts. Idempotent. */
  delete(ip: string, port: number): void | Promise<void>;
}

/** What the cluster's DNS answers (Kubernetes "DNS for Services and Pods"). Like routes, names have parts. */
export interface ServiceNames {
  /**
   * Sets the addresses of one part of a full name, `web.default.svc.cluster.local`, which has those of all its parts. A part
   * without addresses is removed, and the name with its last part. Only the default part, `''`, stays.
   */
  set(name: string, ips: readonly string[], part?: string): void | Promise<void>;
  /** Removes a name with all its parts. Idempotent. */
  delete(name: string): void | Promise<void>;
}

/**
 * The network of a cluster's nodes and Pods, in which every Pod reaches every other by its address ("The Kubernetes network
 * model"), as the service proxy programs it.
 */
export interface ServiceNetwork {
  readonly routes: ServiceRoutes;
  readonly names: ServiceNames;
}

/** The API that machines serve to their containers. */
export interface ContainerApi {
  /** Answers one request; never rejects. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>;
  /** PEM of the authority by which containers verify the API server's certificate. */
  readonly certificateAuthority: string;
}

/** The machines of a cluster and the network between them. */
export interface Machines {
  /**
   * The address at which {@link serveApi} serves the API: the endpoint of the Service `kubernetes` (Kubernetes "Accessing the
   * Kubernetes API from a Pod").
   */
  readonly apiServer: NetworkEndpoint;
  readonly network: ServiceNetwork;
  /**
   * Finds or makes the machine of a node; one name always has the same machine. It may be on already.
   * @throws Error if there is no such machine, or none is left
   */
  machine(request: MachineRequest): Machine | Promise<Machine>;
  /** Serves the API to the containers of all machines, until the result is disposed. */
  serveApi(api: ContainerApi): Promise<AsyncDisposable>;
  /** Releases all machines. Simulated ones are switched off; real ones go on. Idempotent. */
  close(): Promise<void>;
}

/** What machines are opened with. */
export interface MachinesContext {
  /** The cluster's clock, chance, turns and inspection. Real machines have their own time. */
  readonly environment: Environment;
  /** The cluster's plugins; machines take the slots that are theirs, as simulated ones take `images`. */
  readonly plugins: readonly Plugin[];
  /** Name servers of Pods: the network answers {@link ServiceNames} at these addresses. */
  readonly clusterDns: readonly string[];
}

/** Opens the machines of a cluster: its option `machines`. */
export type MachineProvider<M extends Machines = Machines> = (context: MachinesContext) => M | Promise<M>;
