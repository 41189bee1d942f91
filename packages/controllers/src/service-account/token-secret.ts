import { type Secret, type ServiceAccount, type Stored, textToBase64 } from '@orrery/api';

/** The type of Secrets that hold a token of a service account. */
const tokenSecretType = 'kubernetes.io/service-account-token';
const accountNameAnnotation = 'kubernetes.io/service-account.name';
const accountUidAnnotation = 'kubernetes.io/service-account.uid';

/** The account that a token Secret is for; undefined for any other Secret. */
export function accountOfToken(secret: Secret): string | undefined {
  return secret.type === tokenSecretType ? secret.metadata?.annotations?.[accountNameAnnotation] : undefined;
}

/** What to do with a token Secret. */
export type TokenSecretStep =
  | 'keep'
  /** Its account is gone, or is another one of the same name. */
  | 'delete'
  /** Its certificates or its namespace are not right. */
  | 'fill'
  /** It has no token, or one that this cluster did not sign. */
  | 'issue';

/** What a token Secret needs (Kubernetes "Manually create a long-lived API token for a ServiceAccount"). Pure. */
export function tokenSecretStep(
  secret: Stored<Secret>,
  account: Stored<ServiceAccount> | undefined,
  certificates: string,
  isSigned: boolean,
): TokenSecretStep {
  if (account === undefined) return 'delete';
  const uid = secret.metadata.annotations?.[accountUidAnnotation] ?? '';
  if (uid !== '' && uid !== account.metadata.uid) return 'delete';
  if (!isSigned) return 'issue';
  const { data = {} } = secret;
  const isRight = data['ca.crt'] === textToBase64(certificates) && (data.namespace ?? '') !== '' && uid !== '';
  return isRight ? 'keep' : 'fill';
}

/** The Secret with all that such a Secret holds. `token` is a new one; undefined keeps the one that is there. */
export function filledTokenSecret(
  secret: Stored<Secret>,
  { metadata: account }: Stored<ServiceAccount>,
  certificates: string,
  token: string | undefined,
): Stored<Secret> {
  const { data = {}, metadata } = secret;
  return {
    ...secret,
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        [accountNameAnnotation]: account.name,
        [accountUidAnnotation]: account.uid,
      },
    },
    data: {
      ...data,
      'ca.crt': textToBase64(certificates),
      namespace: (data.namespace ?? '') === '' ? textToBase64(metadata.namespace ?? '') : (data.namespace as string),
      ...(token === undefined ? {} : { token: textToBase64(token) }),
    },
  };
}
