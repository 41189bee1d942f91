import { fnv1a32 } from '../hash.ts';

const encoder = new TextEncoder();
const starts = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];

/** A fingerprint of a document, 32 upper-case hexadecimal digits: it names a revision of it, and protects from nothing. */
export function contentHash(document: string | Uint8Array): string {
  const bytes = typeof document === 'string' ? encoder.encode(document) : document;
  const parts = starts.map((start) => fnv1a32(bytes, start).toString(16).padStart(8, '0'));
  return parts.join('').toUpperCase();
}
