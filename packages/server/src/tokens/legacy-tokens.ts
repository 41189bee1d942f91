import { type Secret, type ServiceAccount, type Stored, textFromBase64 } from '@orrery/api';
import { RevisionConflict } from '@orrery/store';
import { produce } from 'immer';
import type { ServerContext } from '../context.ts';
import type { LegacyTokenClaims, TokenAuthority } from './token-authority.ts';
import type { TokenVerdict } from './token-requests.ts';

const legacyIssuer = 'kubernetes/serviceaccount';

/** Label of a token Secret: the day on which its token was last used (`2026-01-31`). */
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';

/** Signs a token of the account that is valid while the Secret of that name contains it. */
export function signLegacyToken(
  tokens: TokenAuthority,
  { metadata }: Stored<ServiceAccount>,
  secretName: string,
): string | Promise<string> {
  const { namespace = '', name, uid } = metadata;
  return tokens.sign({
    iss: legacyIssuer,
    sub: `system:serviceaccount:${namespace}:${name}`,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
  });
}

/**
 * The user of a Secret's token, while the Secret contains this very token and its account exists with the same UID. It is valid
 * only for the API server's audience. The Secret is labelled with the day of the use. Undefined for the claims of any other
 * token.
 */
export async function verifyLegacyToken(
  { store, tokens, environment }: Pick<ServerContext, 'store' | 'tokens' | 'environment'>,
  token: string,
  claims: LegacyTokenClaims,
  audiences: readonly string[],
): Promise<TokenVerdict | undefined> {
  if (claims.iss !== legacyIssuer) return undefined;
  const namespace = claims['kubernetes.io/serviceaccount/namespace'];
  const name = claims['kubernetes.io/serviceaccount/service-account.name'];
  const uid = claims['kubernetes.io/serviceaccount/service-account.uid'];
  if (claims.sub !== `system:serviceaccount:${namespace}:${name}`) return { error: 'sub claim is invalid' };
  if (!audiences.includes(tokens.audience))
    return {
      error: `token audiences ${JSON.stringify([tokens.audience])} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    };
  const secretName = claims['kubernetes.io/serviceaccount/secret.name'];
  const secret = store.get('secrets', { namespace, name: secretName }) as Stored<Secret> | undefined;
  const invalidated = { error: 'service account token has been invalidated' };
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return invalidated;
  if (textFromBase64(secret.data?.token ?? '') !== token)
    return { error: "service account token does not match server's copy" };
  const account = store.get('serviceaccounts', { namespace, name });
  if (account === undefined || account.metadata.uid !== uid || account.metadata.deletionTimestamp !== undefined)
    return invalidated;
  await noteUse(store, secret, environment.clock.now());
  return {
    audiences: [tokens.audience],
    user: {
      username: claims.sub,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    },
  };
}

async function noteUse(store: ServerContext['store'], secret: Stored<Secret>, now: number): Promise<void> {
  const { metadata } = secret;
  const today = new Date(now).toISOString().slice(0, 10);
  if (metadata.labels?.[lastUsedLabel] === today) return;
  const used = produce(secret, (draft) => {
    draft.metadata.labels = { ...draft.metadata.labels, [lastUsedLabel]: today };
  });
  try {
    await store.update('secrets', used, Number(metadata.resourceVersion));
  } catch (error) {
    // Another writer was faster; the next use is recorded.
    if (!(error instanceof RevisionConflict)) throw error;
  }
}
