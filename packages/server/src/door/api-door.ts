import type { Clock, Environment, Random } from '@orrery/core';
import type { RequestPath } from '../request-path.ts';
import { parseTarget } from '../rest/request-target.ts';
import type { ApiRequest, Peer } from './api-request.ts';
import type { ApiResponse } from './api-response.ts';
import { Documents, type HealthCheck, handlePath } from './documents.ts';
import { type DoorContext, Exchange } from './exchange.ts';
import type { SendToPort } from './proxy/proxy.ts';
import { refusal } from './refusal.ts';
import { handleResource } from './resource.ts';
import { type ApiUpgrade, upgradeOf } from './upgrade.ts';
import { fetchFrom } from './web.ts';

/**
 * The one front door of the API: from an HTTP request as a value to its answer as a value. What carries requests to it (a
 * socket, a simulated network, a page's `fetch`) is an adapter, and knows nothing of Kubernetes.
 */
export interface ApiDoor {
  /** Answers a request. Never rejects: failures are answers too. The body is read only if the answer depends on it. */
  answer(request: ApiRequest, peer: Peer): Promise<ApiResponse>;
  /**
   * Answers a request to change the protocol of its connection (exec, attach, portforward, log, proxy): with what the adapter
   * then does on its connection, or with a refusal. Never rejects.
   */
  upgrade(request: ApiRequest, peer: Peer, to: 'websocket' | 'spdy'): Promise<ApiUpgrade | ApiResponse>;
  /** {@link answer} in the web's own classes. Never rejects. */
  fetch(request: Request, peer?: Peer): Promise<Response>;
}

/** What a front door stands on. */
export interface ApiDoorOptions {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  /** Draws audit ids and how long watches last. */
  readonly random: Random;
  /** Times connections: the end of a watch. Default: the environment's clock; give a real one when the cluster's runs faster than its clients. */
  readonly clock?: Clock;
  /** What `/readyz` and `/healthz` ask, besides whether the server answers. Default: nothing. */
  readonly health?: readonly HealthCheck[];
  /** Speaks HTTP to ports of Pods, for the subresource `proxy`. Default: none, and such requests are refused as unavailable. */
  readonly sendToPort?: SendToPort;
}

/** Opens a front door on a request path. */
export function createApiDoor(options: ApiDoorOptions): ApiDoor {
  const { requestPath, environment } = options;
  const context: DoorContext = {
    ...options,
    clock: options.clock ?? environment.clock,
    health: options.health ?? [],
    documents: new Documents(requestPath.kinds),
  };
  const door: ApiDoor = {
    answer: async (request, peer) => {
      const exchange = new Exchange(context, request, peer);
      try {
        return await answer(exchange);
      } catch (error) {
        return refusal(exchange, error);
      }
    },
    upgrade: async (request, peer, to) => {
      const exchange = new Exchange(context, request, peer);
      try {
        return await upgradeOf(exchange, to);
      } catch (error) {
        return refusal(exchange, error);
      }
    },
    fetch: (request, peer = nobody) => fetchFrom(door, request, peer),
  };
  return door;
}

const nobody: Peer = { remoteAddress: '' };

/** @throws StatusError */
async function answer(exchange: Exchange): Promise<ApiResponse> {
  await exchange.authenticate();
  const target = parseTarget(exchange.path);
  return target.type === 'resource' ? handleResource(exchange, target) : handlePath(exchange, target.path);
}
