import type { Work } from '@orrery/core';
import { defaultIssuer } from '../tokens/simulated-authority.ts';
import type { LegacyTokenClaims, SignedClaims, TokenAuthority, TokenClaims } from '../tokens/token-authority.ts';

const algorithm = 'ES256';

/**
 * Signs service account tokens with a key that is generated for the first token and never leaves this process (RFC 7515,
 * ECDSA on P-256). No cryptography is loaded before that, so that it does not delay a cluster's start.
 * @param work tracks pending signatures, so that virtual time waits for them. Default: untracked
 */
export function createKeyTokenAuthority(work?: Work): TokenAuthority {
  let signer: Promise<Signer> | undefined;
  const made = () => {
    signer ??= makeSigner();
    return signer;
  };
  return {
    issuer: defaultIssuer,
    audience: defaultIssuer,
    sign: async (claims) => {
      using _busy = work?.busy('signing a token');
      return await (await made()).sign(claims);
    },
    // A token that is presented before the first one was signed is not from this cluster.
    verify: async (token) => {
      if (signer === undefined) return undefined;
      using _busy = work?.busy('checking a token');
      return await (await signer).verify(token);
    },
  };
}

interface Signer {
  sign(claims: TokenClaims | LegacyTokenClaims): Promise<string>;
  verify(token: string): Promise<SignedClaims>;
}

async function makeSigner(): Promise<Signer> {
  const { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair } = await import('jose');
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  return {
    sign: (claims) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: algorithm, kid })
        .sign(privateKey),
    verify: async (token) => {
      try {
        // Only the signature is checked here: expiry is decided by the cluster's clock, not by this machine's.
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] });
        return JSON.parse(new TextDecoder().decode(payload)) as SignedClaims;
      } catch {
        // Not a token of this cluster.
        return undefined;
      }
    },
  };
}
