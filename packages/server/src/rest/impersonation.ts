import { failures } from '@orrery/api';
import type { UserInfo } from '@orrery/core';

/**
 * Whom the `Impersonate-*` headers name (Kubernetes "User impersonation").
 * @throws StatusError InternalError for groups or extras without a user
 */
export function impersonation(headers: {
  readonly [name: string]: readonly string[] | undefined;
}): UserInfo | undefined {
  const username = headers['impersonate-user']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid']?.[0];
  const extra: { [key: string]: readonly string[] } = Object.create(null);
  for (const [name, values] of Object.entries(headers)) {
    if (!name.startsWith(extraPrefix) || values === undefined) continue;
    extra[decodeKey(name.slice(extraPrefix.length))] = values;
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

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // What is no escape is taken as it is, as Kubernetes does.
    return key;
  }
}
