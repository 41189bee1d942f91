import type { Taint } from '@orrery/api';
import type { NodeInfo } from '../node-info.ts';
import { anyAddress, type HostPort, type PodInfo } from '../pod-info.ts';
import { BitSet } from './bit-set.ts';
import { LabelColumn } from './label-column.ts';
import { AmountColumn, IntColumn } from './number-columns.ts';
import { SlotLog } from './slot-log.ts';

/** What nodes have of a resource, and what their Pods have asked for. */
export interface ResourceColumn {
  readonly allocatable: AmountColumn;
  readonly requested: AmountColumn;
}

/** As many columns of one sort are kept. */
const mostColumns = 200;

/**
 * The nodes as columns: one array per resource, label, image and host port, with a node in the same slot of each. Columns of
 * labels, resources and images are made when a Pod first asks for them, and from then on follow each change of a node.
 */
export class NodeColumns {
  /** Slots of which anything changed. */
  readonly changes = new SlotLog();
  /** Slots whose node changed: its labels, taints, resources; not its Pods. */
  readonly nodeChanges = new SlotLog();
  /** Slots whose node exists. Others have Pods only. */
  readonly present = new BitSet();
  readonly unschedulable = new BitSet();
  readonly pods = new IntColumn();
  readonly podLimit = new AmountColumn();
  readonly scoredCpu = new AmountColumn();
  readonly scoredMemory = new AmountColumn();
  /** Ids of taint lists: nodes with equal taints have the same. Look them up in {@link taints}. */
  readonly taintList = new IntColumn();
  /** Taint lists by id. */
  readonly taints: (readonly Taint[])[] = [];
  readonly name: LabelColumn = new LabelColumn('metadata.name', ({ name }) => name);
  readonly #infos: (NodeInfo | undefined)[] = [];
  readonly #taintIds = new Map<string, number>();
  readonly #labels = new Map<string, LabelColumn>();
  readonly #resources = new Map<string, ResourceColumn>();
  readonly #images = new Map<string, AmountColumn>();
  /** `TCP/80` → address → slots where it is taken. */
  readonly #ports = new Map<string, Map<string, BitSet>>();

  constructor(infos: Iterable<NodeInfo> = []) {
    for (const info of infos) {
      this.nodeChanged(info);
      for (const pod of info.pods.values()) this.podsChanged(info, pod);
    }
  }

  /** Slots in use and free ones between them: all are below. */
  get size(): number {
    return this.#infos.length;
  }

  /** Whether so much is kept of what no node or Pod needs any more that it is time to begin with new columns. */
  get isCrowded(): boolean {
    const most = 4 * this.size + 1000;
    if (this.taints.length > most || this.name.size > most) return true;
    if (this.#labels.size > mostColumns || this.#resources.size > mostColumns) return true;
    if (this.#images.size > mostColumns || this.#ports.size > 10 * mostColumns) return true;
    for (const { size } of this.#labels.values()) if (size > most) return true;
    return false;
  }

  info(slot: number): NodeInfo | undefined {
    return this.#infos[slot];
  }

  /** The node changed, came into being or ceased to exist. */
  nodeChanged(info: NodeInfo): void {
    const { slot } = info;
    this.#infos[slot] = info;
    const exists = info.node !== undefined;
    this.present.set(slot, exists);
    this.unschedulable.set(slot, info.unschedulable);
    this.podLimit.set(slot, info.allocatable.get('pods') ?? 0);
    this.taintList.set(slot, this.#taintId(info.taints));
    const shown = exists ? info : undefined;
    this.name.update(slot, shown);
    for (const column of this.#labels.values()) column.update(slot, shown);
    for (const [name, column] of this.#images) column.set(slot, imageSize(info, name));
    for (const [name, { allocatable }] of this.#resources) allocatable.set(slot, info.allocatable.get(name) ?? 0);
    this.nodeChanges.push(slot);
    this.changes.push(slot);
  }

  /** A Pod came to a node or left it. */
  podsChanged(info: NodeInfo, pod: PodInfo): void {
    const { slot } = info;
    this.#infos[slot] = info;
    this.pods.set(slot, info.pods.size);
    this.scoredCpu.set(slot, info.scored.cpu);
    this.scoredMemory.set(slot, info.scored.memory);
    for (const name of pod.requests.keys()) {
      this.#resources.get(name)?.requested.set(slot, info.requested.get(name) ?? 0);
    }
    for (const { ip, protocol, port } of pod.hostPorts) {
      this.#port(`${protocol}/${port}`, ip).set(slot, info.holdsPort(protocol, port, ip));
    }
    this.changes.push(slot);
  }

  /** Something else changed that decides about this node: a nomination, the start of a Pod. */
  touch(slot: number): void {
    this.changes.push(slot);
  }

  /** Neither the node nor a Pod on it is left. */
  release(info: NodeInfo): void {
    this.#infos[info.slot] = undefined;
  }

  label(key: string): LabelColumn {
    let column = this.#labels.get(key);
    if (column === undefined) {
      column = new LabelColumn(key, ({ labels }) => labels?.[key]);
      this.#labels.set(key, column);
      for (const info of this.#infos) if (info?.node !== undefined) column.update(info.slot, info);
    }
    return column;
  }

  resource(name: string): ResourceColumn {
    let column = this.#resources.get(name);
    if (column === undefined) {
      column = { allocatable: new AmountColumn(this.size), requested: new AmountColumn(this.size) };
      this.#resources.set(name, column);
      for (const info of this.#infos) {
        if (info === undefined) continue;
        column.allocatable.set(info.slot, info.allocatable.get(name) ?? 0);
        column.requested.set(info.slot, info.requested.get(name) ?? 0);
      }
    }
    return column;
  }

  /** Bytes of an image by slot; -1 where it is not. */
  image(name: string): AmountColumn {
    let column = this.#images.get(name);
    if (column === undefined) {
      column = new AmountColumn(this.size);
      this.#images.set(name, column);
      for (const info of this.#infos) if (info !== undefined) column.set(info.slot, imageSize(info, name));
    }
    return column;
  }

  /** Whether a host port is taken on a node. */
  isTaken({ ip, protocol, port }: HostPort, slot: number): boolean {
    const holders = this.#ports.get(`${protocol}/${port}`);
    if (holders === undefined) return false;
    if (ip !== anyAddress) {
      return holders.get(anyAddress)?.has(slot) === true || holders.get(ip)?.has(slot) === true;
    }
    for (const slots of holders.values()) if (slots.has(slot)) return true;
    return false;
  }

  #port(key: string, ip: string): BitSet {
    let holders = this.#ports.get(key);
    if (holders === undefined) {
      holders = new Map();
      this.#ports.set(key, holders);
    }
    let slots = holders.get(ip);
    if (slots === undefined) {
      slots = new BitSet();
      holders.set(ip, slots);
    }
    return slots;
  }

  #taintId(taints: readonly Taint[]): number {
    const key = taints.length === 0 ? '' : JSON.stringify(taints.map(({ key, value, effect }) => [key, value, effect]));
    let id = this.#taintIds.get(key);
    if (id === undefined) {
      id = this.taints.length;
      this.taints.push(taints);
      this.#taintIds.set(key, id);
    }
    return id;
  }
}

function imageSize(info: NodeInfo, name: string): number {
  return info.images.get(name) ?? -1;
}
