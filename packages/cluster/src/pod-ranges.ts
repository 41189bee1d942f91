import { Ipv4Range } from '@orrery/api';

/** Where nodes' Pod ranges come from, as kube-controller-manager has it. */
export interface PodRangeOptions {
  /** The range of all Pods (`--cluster-cidr`). Default 10.224.0.0/11. */
  readonly clusterCidr?: string;
  /** Length of the prefix of one node's range (`--node-cidr-mask-size`), in bits. Default 24: 254 addresses. */
  readonly nodeCidrMaskSize?: number;
}

/** Room for 8,192 nodes, beside the ranges that Services, simulated machines and most networks at home have. */
const defaultClusterCidr = '10.224.0.0/11';
const defaultNodeCidrMaskSize = 24;
/** A range of four addresses: of a smaller one, no Pod could have any. */
const longestPrefix = 30;
/** Bits between the two prefixes, as in Kubernetes: 65,536 nodes. */
const widestDifference = 16;

/**
 * The Pod ranges of a cluster's nodes, each given to one node and kept by it until it is released (Kubernetes' node IPAM
 * controller with its `RangeAllocator`). A range that was released is given again as late as possible.
 */
export class PodRanges {
  /** What all nodes' ranges are part of. */
  readonly cluster: Ipv4Range;
  readonly #prefixLength: number;
  /** By name of the node. */
  readonly #held = new Map<string, Ipv4Range>();
  /** By number of the range: how many hold it, or part of it. */
  readonly #holders = new Map<number, number>();
  /** How many ranges no node ever gets. */
  readonly #reserved: number;
  #next = 0;

  /** `reserved` are ranges that no Pod may have an address of. @throws Error for a range that cannot be divided as is asked */
  constructor(options: PodRangeOptions = {}, reserved: readonly Ipv4Range[] = []) {
    this.cluster = clusterRange(options.clusterCidr ?? defaultClusterCidr);
    this.#prefixLength = nodePrefix(this.cluster, options.nodeCidrMaskSize ?? defaultNodeCidrMaskSize);
    for (const range of reserved) this.#count(range, 1);
    this.#reserved = this.#holders.size;
    if (this.#reserved === this.cluster.count(this.#prefixLength))
      throw new Error(`cluster CIDR ${this.cluster}: nothing of it is left for Pods beside ${reserved.join(' and ')}`);
  }

  /** The range of a node: the one that it has, or the next that is free. @throws Error when none is */
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
      `no Pod range is left for node ${node}: ${this.cluster} has room for ${room} of /${this.#prefixLength}, and nodes have all of them; ` +
        'widen it (clusterCidr, orrery up --cluster-cidr) or give each node less of it (nodeCidrMaskSize, --node-cidr-mask-size)',
    );
  }

  /** Whether a node has a range. */
  has(node: string): boolean {
    return this.#held.has(node);
  }

  /** @throws Error if an address that is none of a Pod's could become one */
  checkOutside(ip: string, whose: string): void {
    if (!this.cluster.contains(ip)) return;
    throw new Error(
      `the address of ${whose}, ${ip}, lies in the range of Pods, ${this.cluster}: choose another one (clusterCidr, orrery up --cluster-cidr)`,
    );
  }

  /** Leaves a node the range that it has already, wherever that came from. What is no IPv4 range concerns nobody here. */
  occupy(node: string, cidr: string): void {
    const range = Ipv4Range.parse(cidr);
    if (range === undefined || this.#held.get(node)?.toString() === range.toString()) return;
    this.release(node);
    this.#hold(node, range);
  }

  /** The node is gone: its range is free. */
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

  /** Counts one holder more, or less, of each range that has an address of the given one. */
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
