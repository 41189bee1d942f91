const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes as standard base64 with padding: the form in which JSON carries `[]byte`, such as the values of a Secret's `data`. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // A call has a limited number of arguments.
  for (let start = 0; start < bytes.length; start += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x2000));
  }
  return btoa(binary);
}

/**
 * Decodes base64 to bytes. White space and missing padding are accepted; what a request may hold is checked by
 * validation, which is as strict as Go.
 * @throws SyntaxError for a text that is not base64.
 */
export function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  const binary = binaryOf(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** A text's UTF-8 bytes as standard base64. */
export function textToBase64(text: string): string {
  return toBase64(encoder.encode(text));
}

/**
 * Decodes base64 to UTF-8 text; invalid UTF-8 becomes U+FFFD.
 * @throws SyntaxError for a text that is not base64.
 */
export function textFromBase64(base64: string): string {
  return decoder.decode(fromBase64(base64));
}

/** Bytes as base64url without padding (RFC 4648, section 5): base64 for URLs and file names. */
export function toBase64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Decodes base64url to bytes.
 * @throws SyntaxError for a text that is not base64url.
 */
export function fromBase64url(base64url: string): Uint8Array<ArrayBuffer> {
  return fromBase64(base64url.replaceAll('-', '+').replaceAll('_', '/'));
}

/** A text's UTF-8 bytes as base64url without padding: the form of the parts of a JWT and of `continue`. */
export function textToBase64url(text: string): string {
  return toBase64url(encoder.encode(text));
}

/**
 * Decodes base64url to UTF-8 text; invalid UTF-8 becomes U+FFFD.
 * @throws SyntaxError for a text that is not base64url.
 */
export function textFromBase64url(base64url: string): string {
  return decoder.decode(fromBase64url(base64url));
}

function binaryOf(base64: string): string {
  try {
    return atob(base64);
  } catch (error) {
    throw new SyntaxError('illegal base64 data', { cause: error });
  }
}
