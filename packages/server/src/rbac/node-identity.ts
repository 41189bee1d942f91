import type { UserInfo } from '@orrery/core';

const group = 'system:nodes';
const prefix = 'system:node:';

/** The node whose kubelet the user is (Kubernetes "Using Node Authorization"); undefined for all other users. */
export function nodeOf({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(prefix) || !groups.includes(group)) return undefined;
  const name = username.slice(prefix.length);
  return name === '' ? undefined : name;
}
