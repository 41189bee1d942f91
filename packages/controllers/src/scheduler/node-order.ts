/** What an order needs to know of a node. */
export interface OrderedNode {
  readonly name: string;
}

/**
 * Nodes by name, taken from each zone in turn, so that looking at a part of them looks at all zones. The zone with the lowest name
 * comes first. A node that comes or goes is put into its zone; only the list is made anew.
 */
export class NodeOrder<N extends OrderedNode> {
  /** Nodes of each zone, by name. */
  readonly #zones = new Map<string, N[]>();
  #list: readonly N[] | undefined;

  /** All nodes. The same list until a node comes or goes. */
  get list(): readonly N[] {
    this.#list ??= this.#inTurn();
    return this.#list;
  }

  add(node: N, zone: string): void {
    this.#list = undefined;
    const members = this.#zones.get(zone);
    if (members === undefined) this.#zones.set(zone, [node]);
    else members.splice(placeOf(node.name, members), 0, node);
  }

  delete({ name }: N, zone: string): void {
    const members = this.#zones.get(zone);
    if (members === undefined) return;
    const place = placeOf(name, members);
    if (members[place]?.name !== name) return;
    this.#list = undefined;
    members.splice(place, 1);
    if (members.length === 0) this.#zones.delete(zone);
  }

  #inTurn(): readonly N[] {
    const zones = [...this.#zones.values()].sort(([a], [b]) => ((a?.name ?? '') < (b?.name ?? '') ? -1 : 1));
    const [only] = zones;
    if (zones.length === 1 && only !== undefined) return [...only];
    const longest = Math.max(0, ...zones.map(({ length }) => length));
    const list: N[] = [];
    for (let turn = 0; turn < longest; turn++) {
      for (const members of zones) {
        const member = members[turn];
        if (member !== undefined) list.push(member);
      }
    }
    return list;
  }
}

/** Where a name is among nodes by name, or would be. */
function placeOf(name: string, nodes: readonly OrderedNode[]): number {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((nodes[middle] as OrderedNode).name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
