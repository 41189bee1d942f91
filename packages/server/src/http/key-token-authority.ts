import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair } from 'jose';
import { defaultIssuer } from '../tokens/simulated-authority.ts';
import type { TokenAuthority, TokenClaims } from '../tokens/token-authority.ts';

const algorithm = 'ES256';

/** Signs service account tokens with a key that is made now and never leaves this process (RFC 7515, ECDSA on P-256). */
export async function createKeyTokenAuthority(): Promise<TokenAuthority> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  return {
    issuer: defaultIssuer,
    audience: defaultIssuer,
    sign: (claims) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: algorithm, kid })
        .sign(privateKey),
    verify: async (token) => {
      try {
        // Only the signature is checked here: whether the token is still good goes by the cluster's clock, not by this machine's.
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] });
        return JSON.parse(new TextDecoder().decode(payload)) as TokenClaims;
      } catch {
        // Whatever is wrong with it, it is no token of ours.
        return undefined;
      }
    },
  };
}
