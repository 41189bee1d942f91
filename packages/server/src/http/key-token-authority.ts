import type { Work } from '@orrery/core';
import { defaultIssuer } from '../tokens/simulated-authority.ts';
import type { LegacyTokenClaims, SignedClaims, TokenAuthority, TokenClaims } from '../tokens/token-authority.ts';

const algorithm = 'ES256';

/**
 * Signs service account tokens with a key that is made when the first is asked for and never leaves this process (RFC 7515,
 * ECDSA on P-256). Until then nothing of the cryptography is loaded: a cluster's start does not wait for it.
 * @param work tracks every signature under way, so that virtual time waits for it. Default: untracked
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
    // A token that comes before any was signed is none of ours.
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
        // Only the signature is checked here: whether the token is still good goes by the cluster's clock, not by this machine's.
        const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] });
        return JSON.parse(new TextDecoder().decode(payload)) as SignedClaims;
      } catch {
        // Whatever is wrong with it, it is no token of ours.
        return undefined;
      }
    },
  };
}
