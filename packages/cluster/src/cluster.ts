import { type KindRegistry, type KubernetesObject, parseManifest, type Stored } from '@orrery/api';
import type { Client, Environment, Manager, UserInfo } from '@orrery/core';
import type { Machines } from '@orrery/runtimes';
import type { ApiServer } from '@orrery/server';
import type { ClusterNodes } from './nodes.ts';

/** The field manager of `apply`, the counterpart of `kubectl` in `kubectl apply --server-side`. */
const fieldManager = 'orrery';

/** A whole cluster in this process (Kubernetes "Cluster Architecture"). */
export interface Cluster<M extends Machines = Machines> {
  readonly environment: Environment;
  readonly server: ApiServer;
  readonly kinds: KindRegistry;
  /** The administrator's client. */
  readonly client: Client;
  /** The nodes, each a machine with its kubelet. */
  readonly nodes: ClusterNodes;
  /** The nodes' machines, typed by their provider: simulated ones have their network and runtimes. */
  readonly machines: M;
  /** Runs the control plane's loops. */
  readonly manager: Manager;
  /** A client that acts as another user. */
  as(user: UserInfo): Client;
  /** Applies all objects of a manifest (YAML or JSON text, or objects), in order, by server-side apply. @throws the first StatusError */
  apply<T extends KubernetesObject>(manifest: Manifest<T>): Promise<readonly Stored[]>;
  /** Stops every loop and watch, closes the machines and the store. Idempotent. */
  close(): Promise<void>;
}

/** YAML or JSON text, an object, or several. */
export type Manifest<T extends KubernetesObject = KubernetesObject> = string | T | readonly T[];

/** Applies the objects of a manifest, in order. */
export async function applyManifest(client: Client, manifest: Manifest): Promise<readonly Stored[]> {
  const objects =
    typeof manifest === 'string'
      ? parseManifest(manifest, 'manifest').objects.map(({ object }) => object)
      : Array.isArray(manifest)
        ? (manifest as readonly KubernetesObject[])
        : [manifest as KubernetesObject];
  const applied: Stored[] = [];
  for (const object of objects)
    applied.push(await client.apply(object, { fieldManager, force: true, fieldValidation: 'Strict' }));
  return applied;
}
