import { Buffer } from 'node:buffer';
import type { UserInfo } from '@orrery/core';
import { toLatin1 } from '../http/warnings.ts';

/** The headers that impersonate another user (Kubernetes "User impersonation"). Pure. */
export function impersonationHeaders({ username, uid, groups, extra = {} }: UserInfo): {
  readonly [name: string]: string | string[];
} {
  return {
    'impersonate-user': toLatin1(username),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups.map(toLatin1) }),
    ...(uid === undefined || uid === '' ? {} : { 'impersonate-uid': toLatin1(uid) }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`impersonate-extra-${headerName(key)}`, values.map(toLatin1)]),
    ),
  };
}

/** Percent-encodes the characters of a key that a header name cannot contain. */
function headerName(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
