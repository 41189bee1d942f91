/** The claims of a service account token (RFC 7519 claims, and Kubernetes' private claim). Times are seconds since the epoch. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: { readonly name: string; readonly uid: string };
    readonly pod?: { readonly name: string; readonly uid: string };
    readonly node?: { readonly name: string; readonly uid: string };
    readonly secret?: { readonly name: string; readonly uid: string };
    readonly warnafter?: number;
  };
}

/** The claims of a `kubernetes.io/service-account-token` Secret's token. It has no expiry and no audience. */
export interface LegacyTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly 'kubernetes.io/serviceaccount/namespace': string;
  readonly 'kubernetes.io/serviceaccount/secret.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.uid': string;
}

/** Signs and verifies service account tokens. Deterministic in simulation, real keys at the edge. */
export interface TokenAuthority {
  /** `iss` of its tokens. */
  readonly issuer: string;
  /** Audience of the API server itself. */
  readonly audience: string;
  sign(claims: TokenClaims | LegacyTokenClaims): string | Promise<string>;
  /** The claims of a token that this authority signed; undefined for any other text. Expiry is not checked. */
  verify(token: string): SignedClaims | Promise<SignedClaims>;
}

/** The claims of a token of this authority; undefined for any other text. */
export type SignedClaims = TokenClaims | LegacyTokenClaims | undefined;
