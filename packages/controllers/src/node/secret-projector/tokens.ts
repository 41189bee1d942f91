import { type Pod, ServiceAccount, type TokenRequest } from '@orrery/api';
import { type Client, type Clock, errorText, type Milliseconds, type Random } from '@orrery/core';
import type { TokenProjection } from './payload.ts';

/** A bound token of a Pod's service account (Kubernetes "Bound service account tokens"). */
export interface BoundToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: Milliseconds;
  readonly expiresAt: Milliseconds;
}

const day: Milliseconds = 86_400_000;
const maxJitter: Milliseconds = 10_000;

/** When a token is to be replaced: at 80 % of its life, or after a day, less a random jitter of up to ten seconds. */
export function refreshTime({ issuedAt, expiresAt }: Omit<BoundToken, 'token'>, jitter: Milliseconds): Milliseconds {
  return Math.min(expiresAt - (expiresAt - issuedAt) / 5, issuedAt + day) - jitter;
}

/** Tokens of this node's Pods, each fetched once and kept until it is due to be replaced. */
export class PodTokens {
  readonly #tokens = new Map<string, BoundToken & { readonly refreshAt: Milliseconds }>();
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(client: Client, clock: Clock, random: Random) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  /** The token that was fetched for the projection, if any. */
  get(pod: Pod, projection: TokenProjection): string | undefined {
    return this.#tokens.get(tokenKey(pod, projection))?.token;
  }

  /**
   * Makes sure that there is a token that is not due. A refresh that fails keeps the old token as long as it is valid.
   * Returns when to come again, in milliseconds since the epoch. @throws Error saying why there is no valid token.
   */
  async ensure(pod: Pod, projection: TokenProjection): Promise<Milliseconds> {
    const key = tokenKey(pod, projection);
    const held = this.#tokens.get(key);
    const now = this.#clock.now();
    if (held !== undefined && now < held.refreshAt) return held.refreshAt;
    try {
      const token = await this.#request(pod, projection);
      const refreshAt = Math.max(refreshTime(token, this.#random.next() * maxJitter), now + 1000);
      this.#tokens.set(key, { ...token, refreshAt });
      return refreshAt;
    } catch (error) {
      if (held === undefined) throw new Error(`failed to fetch token: ${errorText(error)}`);
      if (now >= held.expiresAt)
        throw new Error(`token ${shown(pod, projection)} expired and refresh failed: ${errorText(error)}`);
      return now + retryDelay;
    }
  }

  /** Forgets a Pod's tokens. */
  forget(podUid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${podUid}/`)) this.#tokens.delete(key);
  }

  async #request(pod: Pod, { audience, expirationSeconds }: TokenProjection): Promise<BoundToken> {
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience === undefined || audience === '' ? [] : [audience],
        expirationSeconds: expirationSeconds ?? 3600,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
      },
    } as const satisfies TokenRequest;
    const key = { namespace: pod.metadata.namespace ?? '', name: pod.spec.serviceAccountName ?? 'default' };
    const answer = await this.#client.createSubresource(ServiceAccount, key, 'token', request);
    const { status } = answer;
    if (status?.token === undefined || status.expirationTimestamp === undefined) {
      throw new Error(`the API server gave no token for service account ${key.name}`);
    }
    return { token: status.token, issuedAt: this.#clock.now(), expiresAt: Date.parse(status.expirationTimestamp) };
  }
}

/** Pause before a refresh that failed is tried again, while the old token is valid. */
const retryDelay: Milliseconds = 10_000;

function tokenKey(pod: Pod, { audience = '', expirationSeconds = 3600 }: TokenProjection): string {
  return `${pod.metadata.uid}/${pod.spec.serviceAccountName}/${audience}/${expirationSeconds}`;
}

/** A token's request as the kubelet's token manager writes it, in Go's syntax. */
function shown({ metadata, spec }: Pod, { audience = '', expirationSeconds = 3600 }: TokenProjection): string {
  const account = JSON.stringify(spec.serviceAccountName ?? 'default');
  const audiences = audience === '' ? '[]string(nil)' : `[]string{${JSON.stringify(audience)}}`;
  const bound = `v1.BoundObjectReference{Kind:"Pod", APIVersion:"v1", Name:"${metadata.name}", UID:"${metadata.uid}"}`;
  return `${account}/${JSON.stringify(metadata.namespace ?? '')}/${audiences}/${expirationSeconds}/${bound}`;
}
