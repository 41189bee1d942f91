import { Ipv4Range } from '@orrery/api';

/** How Pod ranges are allocated to nodes, with the terms of kube-controller-manager. */
export interface PodRangeOptions {
  /** The range of all Pods' addresses (`--cluster-cidr`). Default 10.224.0.0/11. */
  readonly clusterCidr?: string;
  /** The prefix length of one node's range (`--node-cidr-mask-size`), in bits. Default 24: 256 addresses. */
  readonly nodeCidrMaskSize?: number;
}

/** Room for 8,192 nodes; overlaps neither Services, simulated machines, nor most home networks. */
const defaultClusterCidr = '10.224.0.0/11';
const defaultNodeCidrMaskSize = 24;
/** Four addresses: in a smaller range, none is left for a Pod. */
const longestPrefix = 30;
/** The most bits between the two prefixes, as in Kubernetes: 65,536 nodes. */
const widestDifference = 16;

/**
 * Allocates a Pod range to each node, which keeps it until it is released (the `RangeAllocator` of Kubernetes' node IPAM
 * controller). A released range is reused as late as possible.
 */
export class PodRanges {
  /** The range that all nodes' ranges are part of. */
  readonly cluster: Ipv4Range;
  readonly #prefixLength: number;
  /** By the node's name. */
  readonly #held = new Map<string, Ipv4Range>();
  /** How many nodes hold a range or part of it, by the range's number. */
  readonly #holders = new Map<number, number>();
  /** How many ranges are reserved. */
  readonly #reserved: number;
  #next = 0;

  /** Never allocates addresses of `reserved` ranges. @throws Error if the cluster's range cannot be divided as asked */
  constructor(options: PodRangeOptions = {}, reserved: readonly Ipv4Range[] = []) {
    this.cluster = clusterRange(options.clusterCidr ?? defaultClusterCidr);
    this.#prefixLength = nodePrefix(this.cluster, options.nodeCidrMaskSize ?? defaultNodeCidrMaskSize);
    for (const range of reserved) this.#count(range, 1);
    this.#reserved = this.#holders.size;
    if (this.#reserved === this.cluster.count(this.#prefixLength))
      throw new Error(`cluster CIDR ${this.cluster}: all of it is reserved (${reserved.join(', ')})`);
  }

  /** Returns the node's range: the one it holds, or else the next free one. @throws Error if none is free */
  take(node: string): string {
    const held = this.#held.get(node);
    if (held !== undefined) return held.toString();
    const count = this.cluster.count(this.#prefixLength);
    for (let tries = 0; tries < count; tries++) {
      const index = this.#next;
      this.#next = (this.#next + 1) % count;
      if (this.#holders.has(index)) continue;
      const range = this.cluster.part(this.#prefixLength, index);
      this.#hold(node, range);
      return range.toString();
    }
    const room = count - this.#reserved;
    throw new Error(
      `no Pod range is left for node ${node}: ${this.cluster} has room for ${room} of /${this.#prefixLength}, and all are in use; ` +
        'widen it (clusterCidr, orrery up --cluster-cidr) or give each node less of it (nodeCidrMaskSize, --node-cidr-mask-size)',
    );
  }

  /** Whether a node holds a range. */
  has(node: string): boolean {
    return this.#held.has(node);
  }

  /** @throws Error if an address is in the range of Pods though it is not a Pod's */
  checkOutside(ip: string, whose: string): void {
    if (!this.cluster.contains(ip)) return;
    throw new Error(
      `the address of ${whose}, ${ip}, is in the range of Pods, ${this.cluster}: choose another range (clusterCidr, orrery up --cluster-cidr)`,
    );
  }

  /** Records the range that a node already has. Ignores anything but IPv4 ranges. */
  occupy(node: string, cidr: string): void {
    const range = Ipv4Range.parse(cidr);
    if (range === undefined || this.#held.get(node)?.toString() === range.toString()) return;
    this.release(node);
    this.#hold(node, range);
  }

  /** Frees the range of a node that is gone. */
  release(node: string): void {
    const range = this.#held.get(node);
    if (range === undefined) return;
    this.#held.delete(node);
    this.#count(range, -1);
  }

  #hold(node: string, range: Ipv4Range): void {
    this.#held.set(node, range);
    this.#count(range, 1);
  }

  /** Adds or removes a holder of each range that overlaps the given one. */
  #count(range: Ipv4Range, change: 1 | -1): void {
    if (!range.overlaps(this.cluster)) return;
    const size = 2 ** (32 - this.#prefixLength);
    const first = Math.max(0, Math.floor((range.first - this.cluster.first) / size));
    const end = Math.min(this.cluster.size, range.first + range.size - this.cluster.first) / size;
    for (let index = first; index < end; index++) {
      const holders = (this.#holders.get(index) ?? 0) + change;
      if (holders === 0) this.#holders.delete(index);
      else this.#holders.set(index, holders);
    }
  }
}

function clusterRange(text: string): Ipv4Range {
  const range = Ipv4Range.parse(text);
  if (range === undefined)
    throw new Error(`cluster CIDR ${text}: must be a range of IPv4 addresses in CIDR notation, such as 10.244.0.0/16`);
  if (range.toString() !== text)
    throw new Error(`cluster CIDR ${text}: has bits set beyond its prefix; write ${range}`);
  return range;
}

function nodePrefix(cluster: Ipv4Range, prefixLength: number): number {
  const longest = Math.min(longestPrefix, cluster.prefixLength + widestDifference);
  if (Number.isInteger(prefixLength) && prefixLength >= cluster.prefixLength && prefixLength <= longest)
    return prefixLength;
  throw new Error(
    cluster.prefixLength > longest
      ? `cluster CIDR ${cluster}: is too small for a node's range; it can be a /${longest} at the smallest`
      : `node CIDR mask size ${prefixLength}: must be a whole number from ${cluster.prefixLength} to ${longest} for the cluster CIDR ${cluster}`,
  );
}
