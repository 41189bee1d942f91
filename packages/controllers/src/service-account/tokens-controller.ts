import {
  isConflict,
  isNotFound,
  keyOf,
  keyString,
  type ObjectKey,
  Secret,
  ServiceAccount,
  type Stored,
  textFromBase64,
} from '@orrery/api';
import {
  type Cache,
  type Controller,
  defineController,
  defineIndex,
  type ReconcileContext,
  type WatchSource,
} from '@orrery/core';
import { accountOfToken, filledTokenSecret, tokenSecretStep } from './token-secret.ts';

/** Signs tokens with the cluster's key. */
export interface TokensControllerOptions {
  /** PEM certificates that the API server's certificate can be checked with. */
  readonly certificates: string;
  /** A token of that account that lasts as long as the Secret of that name holds it. */
  issue(account: Stored<ServiceAccount>, secretName: string): string | Promise<string>;
  /** Whether this cluster signed the token. */
  isSigned(token: string): boolean | Promise<boolean>;
}

/** Token Secrets by the key of their account. */
const tokensByAccount = defineIndex(Secret, (secret) => {
  const name = accountOfToken(secret);
  return name === undefined ? [] : [keyString({ namespace: secret.metadata.namespace ?? '', name })];
});

/**
 * Fills the Secrets of type `kubernetes.io/service-account-token` with a token of their account, and takes them away with it
 * (Kubernetes "Manually create an API token for a ServiceAccount"). An account forgets a token Secret that was deleted.
 */
export function tokensController(options: TokensControllerOptions): Controller {
  /** Names of token Secrets that were deleted, by the key of their account, until it has forgotten them. */
  const deleted = new Map<string, Set<string>>();
  const secrets: WatchSource<Secret> = {
    kind: Secret,
    map(secret, { cache }) {
      const name = accountOfToken(secret);
      if (name === undefined) return [];
      const key = keyString({ namespace: secret.metadata.namespace ?? '', name });
      const isGone = cache.get(Secret, keyOf(secret)) === undefined;
      if (isGone) deleted.set(key, (deleted.get(key) ?? new Set()).add(secret.metadata.name));
      return [key];
    },
  };
  return defineController({
    name: 'tokens-controller',
    for: ServiceAccount,
    watches: [secrets],
    indexes: [tokensByAccount],
    async reconcile(account, context) {
      for (const secret of tokenSecrets(context.cache, keyOf(account))) await tend(secret, account, options, context);
      const key = keyString(keyOf(account));
      const names = deleted.get(key);
      if (names === undefined) return;
      await forget(account, names, context);
      deleted.delete(key);
    },
    async deleted(key, context) {
      deleted.delete(keyString(key));
      const orphans = tokenSecrets(context.cache, key);
      if (orphans.length === 0) return;
      // The account may be so new that only its Secret has been seen yet.
      const account = await context.client.get(ServiceAccount, key).catch(undefinedIfMissing);
      for (const secret of orphans) await tend(secret, account, options, context);
    },
  });
}

function tokenSecrets(cache: Cache, key: ObjectKey): readonly Stored<Secret>[] {
  return cache.list(tokensByAccount.at(keyString(key)));
}

async function tend(
  secret: Stored<Secret>,
  account: Stored<ServiceAccount> | undefined,
  { certificates, issue, isSigned }: TokensControllerOptions,
  { client }: ReconcileContext,
): Promise<void> {
  const held = textFromBase64(secret.data?.token ?? '');
  const step = tokenSecretStep(secret, account, certificates, held !== '' && (await isSigned(held)));
  if (step === 'keep') return;
  try {
    if (step === 'delete' || account === undefined) {
      await client.delete(Secret, keyOf(secret), { preconditions: { uid: secret.metadata.uid } });
      return;
    }
    const token = step === 'issue' ? await issue(account, secret.metadata.name) : undefined;
    await client.update<Secret>(filledTokenSecret(secret, account, certificates, token));
  } catch (error) {
    // Another client was faster: its write brings its own event.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

async function forget(
  account: Stored<ServiceAccount>,
  names: ReadonlySet<string>,
  { client, cache }: ReconcileContext,
): Promise<void> {
  const { namespace = '' } = account.metadata;
  const isGone = (name: string | undefined) =>
    name !== undefined && names.has(name) && cache.get(Secret, { namespace, name }) === undefined;
  const secrets = account.secrets ?? [];
  const left = secrets.filter(({ name }) => !isGone(name));
  if (left.length < secrets.length) await client.update<ServiceAccount>({ ...account, secrets: left });
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
