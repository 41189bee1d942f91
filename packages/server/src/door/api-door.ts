import type { Clock, Environment, Random } from '@orrery/core';
import type { RequestPath } from '../request-path.ts';
import { parseTarget } from '../rest/request-target.ts';
import type { ReadYaml } from '../rest/yaml-body.ts';
import type { ApiRequest, Peer } from './api-request.ts';
import type { ApiResponse } from './api-response.ts';
import { Documents, type HealthCheck, handlePath } from './documents.ts';
import { type DoorContext, Exchange } from './exchange.ts';
import { withEnd } from './held-body.ts';
import type { SendToPort } from './proxy/proxy.ts';
import { refusal } from './refusal.ts';
import { handleResource } from './resource.ts';
import { type ApiUpgrade, upgradeOf } from './upgrade.ts';
import { defaultUploadLimits, type UploadLimits, Uploads } from './uploads.ts';
import { fetchFrom } from './web.ts';

/**
 * The single front door of the API: maps an HTTP request as a value to a response as a value. The transport (a socket, a
 * simulated network, a page's `fetch`) is an adapter, and knows nothing about Kubernetes.
 */
export interface ApiDoor {
  /** Answers a request. Never rejects: failures are responses too. The body is read only if the response depends on it. */
  answer(request: ApiRequest, peer: Peer): Promise<ApiResponse>;
  /**
   * Answers a request to change the protocol of its connection (exec, attach, portforward, log, proxy): with the
   * upgrade that the adapter carries out on its connection, or with a refusal. Never rejects.
   */
  upgrade(request: ApiRequest, peer: Peer, to: 'websocket' | 'spdy'): Promise<ApiUpgrade | ApiResponse>;
  /** {@link answer} with the web's `Request` and `Response`. Never rejects. */
  fetch(request: Request, peer?: Peer): Promise<Response>;
}

/** Options of a front door. */
export interface ApiDoorOptions {
  readonly requestPath: RequestPath;
  readonly environment: Environment;
  /** Draws audit IDs and the duration of watches. */
  readonly random: Random;
  /** Times connections: the end of a watch. Default: the environment's clock; pass a real one when the cluster's runs faster than its clients. */
  readonly clock?: Clock;
  /** Additional checks of `/readyz` and `/healthz`. Default: none. */
  readonly health?: readonly HealthCheck[];
  /** Sends HTTP requests to ports of Pods, for the subresource `proxy`. Default: none, and they fail with ServiceUnavailable. */
  readonly sendToPort?: SendToPort;
  /** Bytes of request bodies in flight; more are refused with TooManyRequests. Default: {@link defaultUploadLimits}. */
  readonly uploads?: UploadLimits;
  /** Reads request bodies in YAML. Default: at once, while everybody waits. */
  readonly readYaml?: ReadYaml;
}

/** Opens a front door on a request path. */
export function createApiDoor(options: ApiDoorOptions): ApiDoor {
  const { requestPath, environment } = options;
  const context: DoorContext = {
    ...options,
    clock: options.clock ?? environment.clock,
    health: options.health ?? [],
    documents: new Documents(requestPath.kinds),
    uploads: new Uploads(options.uploads ?? defaultUploadLimits),
  };
  const door: ApiDoor = {
    answer: async (request, peer) => {
      const exchange = new Exchange(context, request, peer);
      try {
        return withEnd(await answer(exchange), exchange.leave);
      } catch (error) {
        exchange.leave();
        return await refusal(exchange, error);
      } finally {
        exchange.over();
      }
    },
    upgrade: async (request, peer, to) => {
      const exchange = new Exchange(context, request, peer);
      try {
        return await upgradeOf(exchange, to);
      } catch (error) {
        return await refusal(exchange, error);
      } finally {
        exchange.leave();
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
