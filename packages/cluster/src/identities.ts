import type { UserInfo } from '@orrery/core';

const authenticated = 'system:authenticated';

/** The identity of the cluster's users and tests: its administrator (Kubernetes' `system:masters`). */
export const adminUser: UserInfo = { username: 'kubernetes-admin', groups: ['system:masters', authenticated] };

/** A node's kubelet, as the Node authorizer knows it. */
export function nodeUser(nodeName: string): UserInfo {
  return { username: `system:node:${nodeName}`, groups: ['system:nodes', authenticated] };
}

/** The account of a control plane's loop: the scheduler has its own user, each controller its service account. */
export function controllerUser(name: string): UserInfo {
  if (name === 'default-scheduler') return { username: 'system:kube-scheduler', groups: [authenticated] };
  if (name === 'controller-manager') return { username: 'system:kube-controller-manager', groups: [authenticated] };
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', authenticated],
  };
}
