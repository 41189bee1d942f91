import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '@orrery/api';
import type { Controller } from '@orrery/core';

const group = 'rbac.authorization.k8s.io';

/**
 * The role and binding that let a plugin's controller do its work as its own service account: it reads its kinds, tells
 * Events, and does what its `rules` say (Kubernetes "Using RBAC Authorization", Controller roles).
 */
export function controllerPolicy(controller: Controller): readonly [ClusterRole, ClusterRoleBinding] {
  const name = `orrery:controller:${controller.name}`;
  const verbs = ['get', 'list', 'watch'];
  const reading: PolicyRule[] =
    controller.kinds === 'any'
      ? [{ apiGroups: ['*'], resources: ['*'], verbs }]
      : controller.kinds.map((kind) => ({ apiGroups: [kind.group], resources: [kind.resource], verbs }));
  const telling: PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] };
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [...reading, telling, ...(controller.rules ?? [])],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: controller.name, namespace: 'kube-system' }],
    },
  ];
}
