import type { KubernetesObject } from '@orrery/api';
import type { ServerContext } from '../context.ts';
import { userInfoBody } from '../subresources/reviews.ts';
import { verifyToken } from './token-requests.ts';

/** The status of a TokenReview (authentication.k8s.io): the user of its token. */
export async function tokenStatus(server: ServerContext, review: KubernetesObject): Promise<object> {
  const { token = '', audiences = [] } =
    (review as { readonly spec?: { readonly token?: string; readonly audiences?: readonly string[] } }).spec ?? {};
  const verdict = await verifyToken(server, token, audiences.length > 0 ? audiences : [server.tokens.audience]);
  if (verdict === undefined) return { authenticated: false, user: {}, error: 'invalid bearer token' };
  if ('error' in verdict) return { authenticated: false, user: {}, error: `[invalid bearer token, ${verdict.error}]` };
  return { authenticated: true, user: userInfoBody(verdict.user), audiences: verdict.audiences };
}
