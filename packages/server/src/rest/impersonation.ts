import { failures } from '@orrery/api';
import type { UserInfo } from '@orrery/core';

/**
 * The user that the `Impersonate-*` headers name (Kubernetes "User impersonation").
 * @throws StatusError InternalError for groups or extras without a user
 */
export function impersonation(headers: {
  readonly [name: string]: readonly string[] | undefined;
}): UserInfo | undefined {
  const valuesOf = (name: string) => (headers[name] ?? []).map(fromBytes);
  const [username = ''] = valuesOf('impersonate-user');
  const groups = valuesOf('impersonate-group');
  const [uid] = valuesOf('impersonate-uid');
  const extra: { [key: string]: readonly string[] } = Object.create(null);
  for (const [name, values] of Object.entries(headers)) {
    if (!name.startsWith(extraPrefix) || values === undefined) continue;
    extra[decodeKey(name.slice(extraPrefix.length))] = values.map(fromBytes);
  }
  const hasExtra = Object.keys(extra).length > 0;
  if (username === '') {
    if (groups.length > 0 || uid !== undefined || hasExtra) {
      throw failures.internal('requested groups, uid or extra without impersonating a user');
    }
    return undefined;
  }
  return { username, groups, ...(uid === undefined ? {} : { uid }), ...(hasExtra ? { extra: { ...extra } } : {}) };
}

const extraPrefix = 'impersonate-extra-';

/** The bytes of a header's value arrive as Latin-1; clients write UTF-8. */
function fromBytes(value: string): string {
  const codes = Array.from(value, (char) => char.codePointAt(0) ?? 0);
  const isBytes = codes.some((code) => code > 0x7f) && codes.every((code) => code <= 0xff);
  return isBytes ? new TextDecoder().decode(Uint8Array.from(codes)) : value;
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Invalid escapes are kept as they are, as in Kubernetes.
    return key;
  }
}
