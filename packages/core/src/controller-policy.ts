import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '@orrery/api';
import type { Controller } from './controller.ts';

const group = 'rbac.authorization.k8s.io';

/**
 * The role and binding that let a controller do its work as its own service account: it reads its kinds, records Events, and
 * does what its `rules` say (Kubernetes "Using RBAC Authorization", Controller roles).
 * @param namespace the service account's, which has the controller's name. Default `kube-system`
 */
export function controllerPolicy(
  controller: Controller,
  namespace = 'kube-system',
): readonly [ClusterRole, ClusterRoleBinding] {
  const name = `orrery:controller:${controller.name}`;
  const verbs = ['get', 'list', 'watch'];
  const reading: PolicyRule[] =
    controller.kinds === 'any'
      ? [{ apiGroups: ['*'], resources: ['*'], verbs }]
      : controller.kinds.map((kind) => ({ apiGroups: [kind.group], resources: [kind.resource], verbs }));
  const recording: PolicyRule = { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch', 'update'] };
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [...reading, recording, ...(controller.rules ?? [])],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: controller.name, namespace }],
    },
  ];
}
