import { fromBase64, toBase64 } from '@orrery/api';

/** A signing key, as a certificate authority needs it. */
export interface SigningKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
  /** An ECDSA signature with SHA-256 over `data`, as a DER sequence of r and s. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** A source of keys. A simulation injects one whose keys derive from the seed. */
export interface KeySource {
  generate(): Promise<SigningKey>;
  /** Reads a PKCS #8 key back. */
  load(privateKeyPem: string): Promise<SigningKey>;
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signature = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Real keys: ECDSA P-256 from the platform's WebCrypto. */
export const webCryptoKeys: KeySource = {
  async generate() {
    const pair = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
    return signingKey(pair.privateKey, pair.publicKey);
  },
  async load(privateKeyPem) {
    const privateKey = await crypto.subtle.importKey('pkcs8', bufferOf(fromPem(privateKeyPem)), curve, true, ['sign']);
    const jwk = await crypto.subtle.exportKey('jwk', privateKey);
    const half = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
    const publicKey = await crypto.subtle.importKey('jwk', half as JsonWebKey, curve, true, ['verify']);
    return signingKey(privateKey, publicKey);
  },
};

async function signingKey(privateKey: CryptoKey, publicKey: CryptoKey): Promise<SigningKey> {
  const [spki, pkcs8] = await Promise.all([
    crypto.subtle.exportKey('spki', publicKey),
    crypto.subtle.exportKey('pkcs8', privateKey),
  ]);
  return {
    publicKey: new Uint8Array(spki),
    privateKeyPem: toPem('PRIVATE KEY', new Uint8Array(pkcs8)),
    async sign(data) {
      const raw = new Uint8Array(await crypto.subtle.sign(signature, privateKey, bufferOf(data)));
      return derSignature(raw);
    },
  };
}

/** WebCrypto returns r and s concatenated; X.509 expects `SEQUENCE { INTEGER r, INTEGER s }`. */
export function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const r = derInteger(raw.subarray(0, half));
  const s = derInteger(raw.subarray(half));
  return Uint8Array.of(0x30, r.length + s.length, ...r, ...s);
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  // A leading zero keeps a number with its top bit set positive.
  const sign = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return Uint8Array.of(0x02, digits.length + sign.length, ...sign, ...digits);
}

/** Encodes bytes as PEM with that label. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * Decodes PEM.
 * @throws SyntaxError if its body is not base64
 */
export function fromPem(pem: string): Uint8Array {
  return fromBase64(pem.replace(/-----[A-Z0-9 ]+-----/g, '').replace(/\s+/g, ''));
}

function bufferOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
