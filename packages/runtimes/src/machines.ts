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

/** Which machine a cluster asks for: one node's. */
export interface MachineRequest {
  /** The node's name. */
  readonly name: string;
  /** The range that its Pods get their addresses from (`spec.podCIDR`): `10.224.7.0/24`. No other node has it. */
  readonly podCidr: string;
  /** What it should have. A machine that has what it has ignores this, and says so in {@link Machine.capacity}. */
  readonly capacity?: MachineResources;
}

/** One node's machine. It is there while it is switched off too. */
export interface Machine {
  /** Its own address, which nodes and Pods reach it at (`InternalIP`); outside of every Pod range. */
  readonly ip: string;
  /** What it has, where it knows better than the cluster that asked for it. */
  readonly capacity?: MachineResources;
  /** `amd64`, `arm64` (label `kubernetes.io/arch`). */
  readonly architecture: string;
  /** `linux` (label `kubernetes.io/os`). */
  readonly operatingSystem: string;
  /**
   * Switches it on and gives its runtime, with what still runs there; the same again while it is on.
   * @throws Error when it does not come up
   */
  powerOn(): Promise<ContainerRuntime>;
  /** Pulls the plug: its containers are gone, and nobody is told. Nothing happens to one that is off. */
  powerOff(): Promise<void>;
}

/** Where connections to a Service's addresses go, on every node (Kubernetes "Virtual IPs and Service Proxies"). */
export interface ServiceRoutes {
  /** Sends connections to an address to the endpoints by turns, in place of where they went; to none: they are refused. */
  set(ip: string, port: number, endpoints: readonly NetworkEndpoint[]): void | Promise<void>;
  /** Forgets the address; one that is not known is no error. */
  delete(ip: string, port: number): void | Promise<void>;
}

/** What the cluster's DNS answers (Kubernetes "DNS for Services and Pods"). */
export interface ServiceNames {
  /** `name` is a full one, `web.default.svc.cluster.local`; no addresses: it is known, and leads nowhere. */
  set(name: string, ips: readonly string[]): void | Promise<void>;
  /** Forgets the name; one that is not known is no error. */
  delete(name: string): void | Promise<void>;
}

/**
 * The network of a cluster's nodes and Pods, where every Pod reaches every other by its address (Kubernetes "The Kubernetes
 * network model"), as the service proxy programs it.
 */
export interface ServiceNetwork {
  readonly routes: ServiceRoutes;
  readonly names: ServiceNames;
}

/** The API as machines serve it to their containers. */
export interface ContainerApi {
  /** Answers one request; never rejects. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>;
  /** PEM of the authority that signed the certificate which the API is served with: what containers are given to check it by. */
  readonly certificateAuthority: string;
}

/** The machines of a cluster, and the network between them: what a cluster's nodes are made of. */
export interface Machines {
  /**
   * Where containers reach the API server once it is served: the endpoint of the Service `kubernetes`
   * (Kubernetes "Accessing the Kubernetes API from a Pod").
   */
  readonly apiServer: NetworkEndpoint;
  readonly network: ServiceNetwork;
  /**
   * The machine of a node, switched off or still on; the same again for the same name.
   * @throws Error when there is no such machine, or none is left
   */
  machine(request: MachineRequest): Machine | Promise<Machine>;
  /** Serves the API to the containers of all machines, at {@link apiServer}, until what it gives is disposed. */
  serveApi(api: ContainerApi): Promise<AsyncDisposable>;
  /** Lets go of all machines. Simulated ones end with that; those that exist without the cluster go on. */
  close(): Promise<void>;
}

/** What machines are opened for. */
export interface MachinesContext {
  /** The cluster's clock, chance, turns and inspection. What does not run in the cluster's time needs none of it. */
  readonly environment: Environment;
  /** The cluster's plugins. Machines take what is meant for them, as simulated ones take `images`, and leave the rest. */
  readonly plugins: readonly Plugin[];
  /** The addresses that Pods are given as their name servers: the network answers {@link ServiceNames} there. */
  readonly clusterDns: readonly string[];
}

/** Opens machines for a cluster: what a cluster takes as its option `machines`. */
export type MachineProvider<M extends Machines = Machines> = (context: MachinesContext) => M | Promise<M>;
