import { builtinKind, type Kind, kindId } from '../kind.ts';
import * as kinds from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import {
  defaultCsiDriver,
  defaultCustomResourceDefinition,
  defaultLimitRange,
  defaultNamespace,
  defaultNode,
  defaultPersistentVolume,
  defaultPersistentVolumeClaim,
  defaultPodPreset,
  defaultPriorityClass,
  defaultRoleBinding,
  defaultSecret,
  defaultSpec,
  defaultStorageClass,
} from './cluster.ts';
import {
  defaultEndpointSlice,
  defaultEndpoints,
  defaultHorizontalPodAutoscaler,
  defaultIngressClass,
  defaultNetworkPolicy,
  defaultService,
} from './network.ts';
import { defaultPod } from './pod.ts';
import { schemaDefaults } from './schema-defaults.ts';
import { defaultApiService, defaultMutatingWebhooks, defaultValidatingWebhooks } from './webhooks.ts';
import {
  defaultCronJob,
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultPodTemplateObject,
  defaultReplicaSet,
  defaultReplicationController,
  defaultStatefulSet,
} from './workloads.ts';

type Default = (object: KubernetesObject) => KubernetesObject;

function entry<T extends KubernetesObject>(kind: Kind<T>, change: (object: T) => T): [string, Default] {
  return [kindId(kind), change as unknown as Default];
}

/** For kinds that have no constant of their own. */
function named<T extends KubernetesObject>(
  apiVersion: string,
  kind: string,
  change: (object: T) => T,
): [string, Default] {
  return entry<T>(builtinKind(apiVersion, kind), change);
}

const defaultsOf: ReadonlyMap<string, Default> = new Map([
  entry(kinds.Pod, defaultPod),
  entry(kinds.PodTemplate, defaultPodTemplateObject),
  entry(kinds.Deployment, defaultDeployment),
  entry(kinds.ReplicaSet, defaultReplicaSet),
  entry(kinds.StatefulSet, defaultStatefulSet),
  entry(kinds.DaemonSet, defaultDaemonSet),
  entry(kinds.ReplicationController, defaultReplicationController),
  entry(kinds.Job, defaultJob),
  entry(kinds.CronJob, defaultCronJob),
  entry(kinds.Service, defaultService),
  entry(kinds.Endpoints, defaultEndpoints),
  entry(kinds.EndpointSlice, defaultEndpointSlice),
  named('networking.k8s.io/v1', 'NetworkPolicy', defaultNetworkPolicy),
  named('networking.k8s.io/v1', 'IngressClass', defaultIngressClass),
  named('autoscaling/v2', 'HorizontalPodAutoscaler', defaultHorizontalPodAutoscaler),
  entry(kinds.Secret, defaultSecret),
  entry(kinds.Namespace, defaultNamespace),
  entry(kinds.Node, defaultNode),
  entry(kinds.PersistentVolume, defaultPersistentVolume),
  entry(kinds.PersistentVolumeClaim, defaultPersistentVolumeClaim),
  named('storage.k8s.io/v1', 'StorageClass', defaultStorageClass),
  named('storage.k8s.io/v1', 'CSIDriver', defaultCsiDriver),
  entry(kinds.LimitRange, defaultLimitRange),
  entry(kinds.PodDisruptionBudget, defaultSpec<kinds.PodDisruptionBudget>),
  entry(kinds.ResourceQuota, defaultSpec<kinds.ResourceQuota>),
  entry(kinds.RoleBinding, defaultRoleBinding<kinds.RoleBinding>),
  entry(kinds.ClusterRoleBinding, defaultRoleBinding<kinds.ClusterRoleBinding>),
  entry(kinds.PriorityClass, defaultPriorityClass),
  entry(kinds.PodPreset, defaultPodPreset),
  entry(kinds.CustomResourceDefinition, defaultCustomResourceDefinition),
  named('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', defaultMutatingWebhooks),
  named('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', defaultValidatingWebhooks),
  named('apiregistration.k8s.io/v1', 'APIService', defaultApiService),
]);

/**
 * Writes the defaults that the API server writes into an object which has the form of its kind's type. Pure: the same
 * object (`===`) if nothing is absent, and otherwise parts in which nothing changes are shared with the input.
 */
export function applyDefaults(kind: Kind, object: KubernetesObject): KubernetesObject {
  if (kind.custom) return schemaDefaults(kind.types, kind.type, object) as KubernetesObject;
  const change = defaultsOf.get(kindId(kind));
  return change === undefined ? object : change(object);
}
