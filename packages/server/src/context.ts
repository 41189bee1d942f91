import type { KindRegistry, KubernetesObject } from '@orrery/api';
import type { Client, Environment, EventRecorder, UserInfo } from '@orrery/core';
import type { ObjectStore } from '@orrery/store';
import type { AdmissionChain } from './admission/admission-chain.ts';
import type { AdmissionContext } from './admission/admission-plugin.ts';
import type { Authorizer } from './authorizer.ts';
import type { NodeApi } from './node-api.ts';
import type { StrategyRegistry } from './strategies/strategy.ts';
import type { TokenAuthority } from './tokens/token-authority.ts';

/** How the API server reaches the kubelets of nodes. */
export interface NodeDirectory {
  /** The kubelet's API on that node; undefined if it is unreachable. */
  find(nodeName: string): NodeApi | undefined;
}

/** State shared by the parts of the request path. */
export interface ServerContext {
  readonly store: ObjectStore;
  readonly kinds: KindRegistry;
  /** The strategy of each resource. */
  readonly strategies: StrategyRegistry;
  readonly environment: Environment;
  readonly admission: AdmissionChain;
  readonly authorizers: readonly Authorizer[];
  readonly tokens: TokenAuthority;
  readonly nodes: NodeDirectory;
  /** The API server's own client and recorder, for admission plugins. */
  readonly client: Client;
  readonly events: EventRecorder;
  /** @throws StatusError Forbidden */
  authorize(user: UserInfo, attributes: import('./request-path.ts').AccessAttributes): Promise<void>;
}

/** Creates the admission context of one request, with the tasks to run after its commit. */
export function admissionContext(
  server: ServerContext,
  warn: (text: string) => void,
): AdmissionContext & { committed(object: KubernetesObject): Promise<void> | undefined } {
  let tasks: ((object: KubernetesObject) => void | Promise<void>)[] | undefined;
  return {
    client: server.client,
    clock: server.environment.clock,
    random: server.environment.random,
    events: server.events,
    warn,
    afterCommit: (task) => {
      tasks ??= [];
      tasks.push(task);
    },
    committed: (object) => (tasks === undefined ? undefined : runAll(tasks, object)),
  };
}

async function runAll(
  tasks: readonly ((object: KubernetesObject) => void | Promise<void>)[],
  object: KubernetesObject,
): Promise<void> {
  for (const task of tasks) await task(object);
}
