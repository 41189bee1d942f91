import {
  failures,
  fieldErrors,
  invalid,
  type KubernetesObject,
  type Pod,
  type Secret,
  type ServiceAccount,
  type Stored,
  timestamp,
} from '@orrery/api';
import type { UserInfo, WriteOptions } from '@orrery/core';
import type { ServerContext } from '../context.ts';
import { decodeSubresource } from '../decode-body.ts';
import { nodeOf } from '../rbac/node-identity.ts';
import type { RequestScope, WriteResult } from '../request-path.ts';
import { verifyLegacyToken } from './legacy-tokens.ts';
import { nodeTokenFault } from './node-token-requests.ts';
import type { TokenAuthority, TokenClaims } from './token-authority.ts';

/** Default lifetime of a token in seconds. */
const defaultExpiration = 3600;
const minExpiration = 600;
const maxExpiration = 2 ** 32;
/** A Pod-bound token of exactly this lifetime (seconds) is the automatic one: it is valid for a year, with a warning after the hour. */
const automaticExpiration = 3607;
const extendedExpiration = 31_536_000;
/** Seconds that a deleted object's tokens remain valid. */
const deletionLeeway = 60;

/** The body of a token request. */
export interface TokenRequestBody extends KubernetesObject {
  readonly spec?: {
    readonly audiences?: readonly string[];
    readonly expirationSeconds?: number;
    readonly boundObjectRef?: {
      readonly kind?: string;
      readonly apiVersion?: string;
      readonly name?: string;
      readonly uid?: string;
    };
  };
}

/** POST `serviceaccounts/NAME/token` (authentication.k8s.io TokenRequest): a token that can be bound to an object. @throws StatusError */
export async function requestToken(
  server: ServerContext,
  scope: RequestScope,
  body: KubernetesObject,
  options: WriteOptions,
): Promise<WriteResult> {
  const type = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
  const { spec = {} } = decodeSubresource<TokenRequestBody>(scope, type, body, options);
  const account = server.store.get('serviceaccounts', { namespace: scope.namespace, name: scope.name }) as
    | Stored<ServiceAccount>
    | undefined;
  if (account === undefined) throw failures.notFound({ group: '', resource: 'serviceaccounts' }, scope.name);
  checkNode(server, scope, spec);
  const asked = spec.expirationSeconds ?? defaultExpiration;
  const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
  if (asked < minExpiration) {
    throw invalid(kind, '', [
      fieldErrors.invalid('spec.expirationSeconds', asked, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  if (asked > maxExpiration) {
    throw invalid(kind, '', [
      fieldErrors.invalid('spec.expirationSeconds', asked, 'may not specify a duration larger than 2^32 seconds'),
    ]);
  }
  const { tokens, environment } = server;
  const audiences = (spec.audiences ?? []).length > 0 ? (spec.audiences ?? []) : [tokens.audience];
  const bound = boundObject(server, scope, spec.boundObjectRef);
  const now = Math.floor(environment.clock.now() / 1000);
  const extended = bound.pod !== undefined && asked === automaticExpiration && audiences.includes(tokens.audience);
  const exp = now + (extended ? extendedExpiration : asked);
  const claims: TokenClaims = {
    aud: audiences,
    exp,
    iat: now,
    iss: tokens.issuer,
    jti: environment.random.uuid(),
    'kubernetes.io': {
      namespace: scope.namespace,
      ...bound,
      serviceaccount: { name: scope.name, uid: account.metadata.uid },
      ...(extended ? { warnafter: now + asked } : {}),
    },
    nbf: now,
    sub: `system:serviceaccount:${scope.namespace}:${scope.name}`,
  };
  const token = await tokens.sign(claims);
  return {
    created: true,
    object: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: scope.name, namespace: scope.namespace, creationTimestamp: timestamp(now * 1000) },
      spec: { audiences, expirationSeconds: asked, boundObjectRef: spec.boundObjectRef ?? null },
      // The caller gets the lifetime that it requested, so that it renews in time.
      status: { token, expirationTimestamp: timestamp((now + asked) * 1000) },
    } as KubernetesObject,
  };
}

/** @throws StatusError Forbidden for a request that a kubelet may not make */
function checkNode(server: ServerContext, { user, namespace, name }: RequestScope, spec: Spec): void {
  const node = nodeOf(user);
  if (node === undefined) return;
  const pod = server.store.get('pods', { namespace, name: spec.boundObjectRef?.name ?? '' }) as Stored<Pod> | undefined;
  const fault = nodeTokenFault(node, spec, pod, server.tokens.audience);
  if (fault !== undefined) throw failures.forbidden({ group: '', resource: 'serviceaccounts' }, name, fault);
}

type Spec = NonNullable<TokenRequestBody['spec']>;
type BoundClaims = Pick<TokenClaims['kubernetes.io'], 'pod' | 'node' | 'secret'>;

function boundObject(
  server: ServerContext,
  scope: RequestScope,
  ref: NonNullable<TokenRequestBody['spec']>['boundObjectRef'],
): BoundClaims {
  if (ref === undefined || ref === null) return {};
  const name = ref.name ?? '';
  const type = ref.kind ?? '';
  const kinds: { readonly [kind: string]: { collection: string; namespace: string } } = {
    Pod: { collection: 'pods', namespace: scope.namespace },
    Secret: { collection: 'secrets', namespace: scope.namespace },
    Node: { collection: 'nodes', namespace: '' },
  };
  const found = kinds[type];
  if (found === undefined || (ref.apiVersion ?? 'v1') !== 'v1')
    throw failures.badRequest(`cannot bind token to object of type ${ref.apiVersion ?? ''}, Kind=${type}`);
  const resource = { group: '', resource: found.collection };
  const object = server.store.get(found.collection, { namespace: found.namespace, name });
  if (object === undefined) throw failures.notFound(resource, name);
  const { uid } = object.metadata;
  if (ref.uid !== undefined && ref.uid !== '' && ref.uid !== uid) {
    throw failures.conflict(
      resource,
      name,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (type === 'Secret') return { secret: { name, uid: (object as Stored<Secret>).metadata.uid } };
  if (type === 'Node') return { node: { name, uid } };
  const pod = object as Stored<Pod>;
  const account = pod.spec.serviceAccountName ?? '';
  if (account !== scope.name) {
    throw failures.badRequest(
      `cannot bind token for serviceaccount "${scope.name}" to pod running with serviceaccount "${account}"`,
    );
  }
  const node =
    (pod.spec.nodeName ?? '') === ''
      ? undefined
      : server.store.get('nodes', { namespace: '', name: pod.spec.nodeName ?? '' });
  return {
    pod: { name, uid },
    ...(node === undefined ? {} : { node: { name: node.metadata.name, uid: node.metadata.uid } }),
  };
}

/** The result of checking a token. */
export type TokenVerdict =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly error: string };

/**
 * The user of a token, if it is still valid: not expired, its account exists with the same UID, and the object that it is bound
 * to has not been gone for more than a minute. Undefined for a text that is not a token of this cluster.
 */
export async function verifyToken(
  server: Pick<ServerContext, 'store' | 'environment'> & { readonly tokens: TokenAuthority },
  token: string,
  audiences: readonly string[],
): Promise<TokenVerdict | undefined> {
  const claims = await server.tokens.verify(token);
  if (claims === undefined) return undefined;
  if (!('kubernetes.io' in claims)) return verifyLegacyToken(server, token, claims, audiences);
  if (claims.iss !== server.tokens.issuer) return undefined;
  const now = server.environment.clock.now() / 1000;
  if (now >= claims.exp) return { error: 'service account token has expired' };
  if (now < claims.nbf) return { error: 'service account token is not valid yet' };
  const matching = claims.aud.filter((audience) => audiences.includes(audience));
  if (matching.length === 0)
    return {
      error: `token audiences ${JSON.stringify(claims.aud)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    };
  const { namespace, serviceaccount, pod, node, secret } = claims['kubernetes.io'];
  const alive = (collection: string, key: { namespace: string; name: string }, uid: string): boolean => {
    const object = server.store.get(collection, key);
    if (object === undefined || object.metadata.uid !== uid) return false;
    const { deletionTimestamp } = object.metadata;
    return deletionTimestamp === undefined || now <= Date.parse(deletionTimestamp) / 1000 + deletionLeeway;
  };
  const invalidated = { error: 'service account token has been invalidated' };
  if (!alive('serviceaccounts', { namespace, name: serviceaccount.name }, serviceaccount.uid)) return invalidated;
  if (pod !== undefined && !alive('pods', { namespace, name: pod.name }, pod.uid)) return invalidated;
  if (secret !== undefined && !alive('secrets', { namespace, name: secret.name }, secret.uid)) return invalidated;
  if (node !== undefined && pod === undefined && !alive('nodes', { namespace: '', name: node.name }, node.uid))
    return invalidated;
  return {
    audiences: matching,
    user: {
      username: claims.sub,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
        ...(pod === undefined
          ? {}
          : { 'authentication.kubernetes.io/pod-name': [pod.name], 'authentication.kubernetes.io/pod-uid': [pod.uid] }),
        ...(node === undefined
          ? {}
          : {
              'authentication.kubernetes.io/node-name': [node.name],
              'authentication.kubernetes.io/node-uid': [node.uid],
            }),
      },
    },
  };
}
