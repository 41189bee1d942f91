import type { Node, Stored, Taint } from '@orrery/api';
import { anyAddress, type PodInfo } from './pod-info.ts';
import { type Resources, readResources } from './resources.ts';

const noTaints: readonly Taint[] = [];

/** A node as the scheduler keeps it at hand: what it has, and what its Pods have taken, counted as they come and go. */
export class NodeInfo {
  readonly name: string;
  /** Its place in the scheduler's columns. */
  readonly slot: number;
  #node: Stored<Node> | undefined;
  #allocatable: Resources = new Map();
  readonly #requested = new Map<string, number>();
  readonly #pods = new Map<string, PodInfo>();
  /** `TCP/80` → address → how many Pods hold it. */
  readonly #ports = new Map<string, Map<string, number>>();
  /** Image name → its size in bytes. */
  readonly #images = new Map<string, number>();
  #scoredCpu = 0;
  #scoredMemory = 0;

  constructor(name: string, slot: number) {
    this.name = name;
    this.slot = slot;
  }

  /** Undefined while only its Pods are known, not the node itself. */
  get node(): Stored<Node> | undefined {
    return this.#node;
  }

  get labels(): Node['metadata']['labels'] {
    return this.#node?.metadata.labels;
  }

  get taints(): readonly Taint[] {
    return this.#node?.spec?.taints ?? noTaints;
  }

  get unschedulable(): boolean {
    return this.#node?.spec?.unschedulable === true;
  }

  /** What Pods may take in all. cpu in thousandths, the rest in units. */
  get allocatable(): Resources {
    return this.#allocatable;
  }

  /** What its Pods have asked for, Pods that are about to be bound included. */
  get requested(): Resources {
    return this.#requested;
  }

  /** The same as scores count it: cpu in thousandths, memory in bytes. */
  get scored(): { readonly cpu: number; readonly memory: number } {
    return { cpu: this.#scoredCpu, memory: this.#scoredMemory };
  }

  get pods(): ReadonlyMap<string, PodInfo> {
    return this.#pods;
  }

  get images(): ReadonlyMap<string, number> {
    return this.#images;
  }

  setNode(node: Stored<Node> | undefined): void {
    this.#node = node;
    this.#allocatable = readResources(node?.status?.allocatable);
    this.#images.clear();
    for (const { names, sizeBytes } of node?.status?.images ?? []) {
      for (const name of names ?? []) this.#images.set(name, sizeBytes ?? 0);
    }
  }

  /** The node in a later state that offers the same. */
  refresh(node: Stored<Node>): void {
    this.#node = node;
  }

  add(pod: PodInfo): void {
    this.#pods.set(pod.uid, pod);
    this.#count(pod, 1);
  }

  /** A Pod in a later state, which takes up the same. */
  replace(pod: PodInfo): void {
    this.#pods.delete(pod.uid);
    this.#pods.set(pod.uid, pod);
  }

  remove(pod: PodInfo): void {
    if (this.#pods.delete(pod.uid)) this.#count(pod, -1);
  }

  /** Whether one of the Pod's host ports is taken. */
  conflictsWith(pod: PodInfo): boolean {
    for (const { ip, protocol, port } of pod.hostPorts) {
      const holders = this.#ports.get(`${protocol}/${port}`);
      if (holders !== undefined && (ip === anyAddress || holders.has(anyAddress) || holders.has(ip))) return true;
    }
    return false;
  }

  /** Whether a Pod here holds exactly this address and port. */
  holdsPort(protocol: string, port: number, ip: string): boolean {
    return this.#ports.get(`${protocol}/${port}`)?.has(ip) === true;
  }

  /** Puts its Pods back into an order in which they were. */
  restoreOrder(pods: Iterable<PodInfo>): void {
    for (const pod of pods) this.replace(pod);
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    for (const [name, value] of pod.requests) {
      this.#requested.set(name, (this.#requested.get(name) ?? 0) + sign * value);
    }
    this.#scoredCpu += sign * pod.scored.cpu;
    this.#scoredMemory += sign * pod.scored.memory;
    for (const { ip, protocol, port } of pod.hostPorts) {
      const key = `${protocol}/${port}`;
      const holders = this.#ports.get(key) ?? new Map<string, number>();
      const count = (holders.get(ip) ?? 0) + sign;
      if (count > 0) holders.set(ip, count);
      else holders.delete(ip);
      if (holders.size > 0) this.#ports.set(key, holders);
      else this.#ports.delete(key);
    }
  }
}
