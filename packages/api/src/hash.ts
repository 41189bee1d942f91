import { canonicalJson } from './json.ts';

const encoder = new TextEncoder();
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** FNV-1a, 32 bits, of a text's UTF-8 bytes or of bytes. `start` continues from an earlier hash. */
export function fnv1a32(data: string | Uint8Array, start = offsetBasis): number {
  if (typeof data === 'string') return hashOfText(data, start);
  return hashOfBytes(data, start);
}

function hashOfText(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Most texts are ASCII, each character one byte.
    if (code > 127) return hashOfBytes(encoder.encode(text), start);
    hash = Math.imul(hash ^ code, prime);
  }
  return hash >>> 0;
}

function hashOfBytes(bytes: Uint8Array, start: number): number {
  let hash = start;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), prime);
  return hash >>> 0;
}

/** Letters and digits that spell no words: Kubernetes makes generated names of them. */
const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A text spelled in the safe alphabet, character by character (`rand.SafeEncodeString`). */
export function safeEncode(text: string): string {
  let out = '';
  for (const byte of encoder.encode(text)) out += safeAlphabet[byte % safeAlphabet.length];
  return out;
}

/**
 * The hash that names a ReplicaSet after its Pod template (label `pod-template-hash`) or a revision after its data: the same
 * for equal values, whatever the order of their fields. `collisionCount` changes the hash when the name is taken.
 */
export function templateHash(template: unknown, collisionCount?: number): string {
  let hash = fnv1a32(canonicalJson(template));
  if (collisionCount !== undefined) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, collisionCount, true);
    hash = fnv1a32(bytes, hash);
  }
  return safeEncode(String(hash));
}
