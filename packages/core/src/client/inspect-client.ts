import { type KubernetesObject, keyOf, keyString, kindId, Lease, Node } from '@orrery/api';
import type { Observable } from 'rxjs';
import type { Client, WatchEvent } from '../client.ts';
import type { Environment } from '../environment.ts';
import { errorText } from '../inspection/error-text.ts';
import { type ClientRequest, type Interceptor, interceptClient } from './intercept-client.ts';

/**
 * A client that waits for `actor`'s turn before each call, and reports to the inspector what was read and written. On a real
 * clock turns are free.
 */
export function inspectClient(client: Client, environment: Environment, actor: string): Client {
  return interceptClient(client, new Inspecting(environment, actor));
}

class Inspecting implements Interceptor {
  readonly #environment: Environment;
  readonly #actor: string;

  constructor(environment: Environment, actor: string) {
    this.#environment = environment;
    this.#actor = actor;
  }

  async request<R>(request: ClientRequest, send: () => Promise<R>): Promise<R> {
    const { work, inspector } = this.#environment;
    await work.turn(this.#actor, isSignOfLife(request) ? 'high' : 'normal');
    if (inspector.silent) return send();
    if (request.verb !== 'get' && request.verb !== 'list') return this.#write(request, send);
    this.#recordRead(request.verb, request);
    return send();
  }

  watch<T extends KubernetesObject>(
    request: ClientRequest,
    open: () => Observable<WatchEvent<T>>,
  ): Observable<WatchEvent<T>> {
    if (!this.#environment.inspector.silent) this.#recordRead('watch', request);
    return open();
  }

  #recordRead(verb: 'get' | 'list' | 'watch', { kind, key }: ClientRequest): void {
    const { inspector, clock } = this.#environment;
    inspector.emit({ type: 'read', time: clock.now(), actor: this.#actor, verb, kind, key });
  }

  async #write<R>({ verb, kind, key, subresource }: ClientRequest, send: () => Promise<R>): Promise<R> {
    const { inspector, clock } = this.#environment;
    const recorded = { type: 'wrote', actor: this.#actor, verb: writeVerb(verb), kind, key, subresource } as const;
    try {
      const answer = await send();
      inspector.emit({ ...recorded, time: clock.now(), ...written(answer) });
      return answer;
    } catch (error) {
      inspector.emit({ ...recorded, time: clock.now(), error: errorText(error) });
      throw error;
    }
  }
}

/** Heartbeats of nodes and of leaders, and what nodes say of themselves: others act when they stay away. */
function isSignOfLife({ kind, verb }: ClientRequest): boolean {
  return kind === lease || (kind === node && (verb === 'update' || verb === 'patch'));
}

const lease = kindId(Lease);
const node = kindId(Node);

type WriteVerb = 'create' | 'update' | 'patch' | 'apply' | 'delete';

function writeVerb(verb: ClientRequest['verb']): WriteVerb {
  return verb === 'deleteCollection' ? 'delete' : (verb as WriteVerb);
}

/** What only the answer says: the revision, and the name and namespace where the server chose them. */
function written(answer: unknown): { readonly resourceVersion?: string; readonly key?: string } {
  const object = answer as KubernetesObject | undefined;
  const resourceVersion = object?.metadata?.resourceVersion;
  if (object === undefined || resourceVersion === undefined) return {};
  return { resourceVersion, key: keyString(keyOf(object)) };
}
