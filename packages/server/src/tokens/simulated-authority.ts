import { fnv1a32, textFromBase64url, textToBase64url } from '@orrery/api';
import type { SignedClaims, TokenAuthority } from './token-authority.ts';

/** Issuer that Kubernetes clusters use by default. */
export const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

/**
 * Tokens for simulated clusters: JWTs in form, signed with a plain hash, so that signing is a pure function: real
 * cryptography would add threads and randomness to a simulation. They provide no security; clusters that listen on a network
 * use a real authority. `secret` distinguishes clusters.
 */
export function createSimulatedTokenAuthority(secret: string): TokenAuthority {
  const sign = (signed: string) => textToBase64url(fnv1a32(`${secret}.${signed}`).toString(16).padStart(8, '0'));
  return {
    issuer: defaultIssuer,
    audience: defaultIssuer,
    sign: (claims) => {
      const signed = `${textToBase64url(JSON.stringify({ alg: 'simulated', kid: 'simulated' }))}.${textToBase64url(JSON.stringify(claims))}`;
      return `${signed}.${sign(signed)}`;
    },
    verify: (token) => {
      const end = token.lastIndexOf('.');
      const signed = token.slice(0, Math.max(end, 0));
      if (end < 0 || sign(signed) !== token.slice(end + 1)) return undefined;
      return JSON.parse(textFromBase64url(signed.slice(signed.indexOf('.') + 1))) as SignedClaims;
    },
  };
}
