import { isAlreadyExists, isConflict, isNotFound, Lease, microTimestamp, Node, type Stored } from '@orrery/api';
import type { ControllerContext } from '@orrery/core';
import type { KubeletSettings } from '../options.ts';

const namespace = 'kube-node-lease';

/** A node's Lease, which says that the node is alive (KEP-589). */
export class NodeLease {
  readonly #settings: KubeletSettings;
  readonly #context: ControllerContext;
  /** As it was last written. */
  #lease: Stored<Lease> | undefined;

  constructor(settings: KubeletSettings, context: ControllerContext) {
    this.#settings = settings;
    this.#context = context;
  }

  /** Says that the node is alive now; makes the Lease where there is none. @throws StatusError what the API says */
  async renew(): Promise<void> {
    const { client, clock } = this.#context;
    const { nodeName, leaseDurationSeconds } = this.#settings;
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds,
      renewTime: microTimestamp(clock.now()),
    };
    if (this.#lease !== undefined) {
      try {
        this.#lease = await client.update<Lease>({ ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
        return;
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        this.#lease = undefined;
      }
    }
    const owner = this.#context.cache.get(Node, nodeName);
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: nodeName,
        namespace,
        ...(owner === undefined
          ? {}
          : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: owner.metadata.uid }] }),
      },
      spec,
    };
    try {
      this.#lease = await client.create<Lease>(lease);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const old = await client.get(Lease, { namespace, name: nodeName });
      this.#lease = await client.update<Lease>({ ...old, spec: { ...old.spec, ...spec } });
    }
  }
}
