import { validateConstraints } from '../custom-schema/constraints.ts';
import type { FieldError } from '../field-error.ts';
import { type Kind, kindId } from '../kind.ts';
import * as kinds from '../kinds.ts';
import type { KubernetesObject } from '../object.ts';
import type { Errors } from './checks.ts';
import { validateClusterRole, validateRole, validateRoleBinding, validateRoleBindingUpdate } from './kinds/access.ts';
import {
  validateBinding,
  validateLease,
  validateLimitRange,
  validateNamespace,
  validateNode,
  validateNodeUpdate,
  validatePodDisruptionBudget,
  validatePodPreset,
  validatePriorityClass,
  validatePriorityClassUpdate,
  validateResourceQuota,
  validateResourceQuotaUpdate,
  validateRuntimeClass,
  validateRuntimeClassUpdate,
} from './kinds/cluster.ts';
import { validateCronJob } from './kinds/cron-jobs.ts';
import {
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionUpdate,
} from './kinds/custom-resource-definition.ts';
import { validateConfigMap, validateConfigMapUpdate, validateSecret, validateSecretUpdate } from './kinds/data.ts';
import { validateFlowSchema, validatePriorityLevelConfiguration } from './kinds/flow-control.ts';
import { validateJob, validateJobUpdate } from './kinds/jobs.ts';
import {
  validateEndpointSlice,
  validateEndpointSliceUpdate,
  validateEndpoints,
  validateService,
  validateServiceUpdate,
} from './kinds/network.ts';
import {
  validatePersistentVolume,
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimUpdate,
  validatePersistentVolumeUpdate,
} from './kinds/storage.ts';
import {
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateReplicaStatus,
  validateReplicationController,
  validateSelectorUpdate,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from './kinds/workloads.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';
import { validatePod, validatePodCreate, validatePodStatus } from './pod/pod.ts';
import { validatePodTemplate } from './pod/pod-spec.ts';
import { validateEphemeralContainersUpdate, validatePodResize, validatePodSpecUpdate } from './pod/pod-update.ts';

type Check<T> = (errors: Errors, object: T) => void;
type Compare<T> = (errors: Errors, object: T, old: T) => void;

/** The rules of one kind beside those of its metadata. */
interface Rules<T> {
  /** Of a new object. */
  readonly create?: Check<T>;
  /** Of an object that replaces another. */
  readonly update?: Compare<T>;
  /** Of a status that replaces another. */
  readonly status?: Compare<T>;
  /** Of an object that another subresource changes, where it may change what the object's own endpoint may not. */
  readonly subresources?: { readonly [name: string]: Compare<T> };
}

function rules<T extends KubernetesObject>(kind: Kind<T>, of: Rules<T>): [string, Rules<KubernetesObject>] {
  return [kindId(kind), of as unknown as Rules<KubernetesObject>];
}

/** Rules for objects whose content is revalidated on each update, if it changed, and compared with the old one. */
function both<T extends KubernetesObject>(
  kind: Kind<T>,
  check: Check<T>,
  compare?: Compare<T>,
  status?: Compare<T>,
): [string, Rules<KubernetesObject>] {
  return rules(kind, {
    create: check,
    update: (errors, object, old) => {
      if (isSameContent(object, old)) return;
      check(errors, object);
      compare?.(errors, object, old);
    },
    ...(status === undefined ? {} : { status }),
  });
}

/** Whether nothing but metadata and status differs: what was valid is not looked at again. */
function isSameContent(object: KubernetesObject, old: KubernetesObject): boolean {
  for (const field in { ...old, ...object }) {
    if (field === 'metadata' || field === 'status' || field === 'apiVersion' || field === 'kind') continue;
    if (object[field as keyof KubernetesObject] !== old[field as keyof KubernetesObject]) return false;
  }
  return true;
}

const replicaStatus: Compare<{ status?: object } & KubernetesObject> = (errors, { status }) =>
  validateReplicaStatus(errors, status as { readonly [count: string]: unknown } | undefined);

const rulesOf: ReadonlyMap<string, Rules<KubernetesObject>> = new Map([
  both(kinds.FlowSchema, validateFlowSchema),
  both(kinds.PriorityLevelConfiguration, validatePriorityLevelConfiguration),
  rules(kinds.Pod, {
    create: validatePodCreate,
    update: (errors, pod, old) => {
      validatePod(errors, pod, old);
      validatePodSpecUpdate(errors, pod, old);
    },
    status: validatePodStatus,
    subresources: {
      // It sets the node's name; the binding itself has been checked.
      binding: () => undefined,
      ephemeralcontainers: (errors, pod, old) => {
        validatePod(errors, pod, old);
        validateEphemeralContainersUpdate(errors, pod, old);
      },
      resize: (errors, pod, old) => {
        validatePod(errors, pod, old);
        validatePodResize(errors, pod, old);
      },
    },
  }),
  rules(kinds.Secret, { create: validateSecret, update: validateSecretUpdate }),
  rules(kinds.ConfigMap, { create: validateConfigMap, update: validateConfigMapUpdate }),
  rules(kinds.Binding, { create: validateBinding }),
  rules(kinds.CronJob, { create: validateCronJob, update: validateCronJob }),
  both(kinds.PodTemplate, (errors, { template }) => validatePodTemplate(errors, template, 'template')),
  both(kinds.Deployment, validateDeployment, validateSelectorUpdate, replicaStatus),
  both(kinds.ReplicaSet, validateReplicaSet, validateSelectorUpdate, replicaStatus),
  both(kinds.DaemonSet, validateDaemonSet, validateSelectorUpdate),
  both(kinds.StatefulSet, validateStatefulSet, validateStatefulSetUpdate, replicaStatus),
  both(kinds.ReplicationController, validateReplicationController, undefined, replicaStatus),
  both(kinds.Job, validateJob, validateJobUpdate),
  both(kinds.Service, validateService, validateServiceUpdate),
  both(kinds.Endpoints, validateEndpoints),
  both(kinds.EndpointSlice, validateEndpointSlice, validateEndpointSliceUpdate),
  both(kinds.Role, validateRole),
  both(kinds.ClusterRole, validateClusterRole),
  both(kinds.RoleBinding, validateRoleBinding, validateRoleBindingUpdate),
  both(kinds.ClusterRoleBinding, validateRoleBinding, validateRoleBindingUpdate),
  both(kinds.Namespace, validateNamespace),
  both(kinds.Node, validateNode, validateNodeUpdate, validateNode),
  both(kinds.Lease, validateLease),
  both(kinds.PodDisruptionBudget, validatePodDisruptionBudget),
  both(kinds.PriorityClass, validatePriorityClass, validatePriorityClassUpdate),
  both(kinds.RuntimeClass, validateRuntimeClass, validateRuntimeClassUpdate),
  both(kinds.ResourceQuota, validateResourceQuota, validateResourceQuotaUpdate, validateResourceQuota),
  both(kinds.LimitRange, validateLimitRange),
  both(kinds.PersistentVolume, validatePersistentVolume, validatePersistentVolumeUpdate),
  both(kinds.PersistentVolumeClaim, validatePersistentVolumeClaim, validatePersistentVolumeClaimUpdate),
  both(kinds.PodPreset, validatePodPreset),
  both(kinds.CustomResourceDefinition, validateCustomResourceDefinition, validateCustomResourceDefinitionUpdate),
]);

/** Reviews, bindings and the like are answered, never stored: they need no name. */
function isStored(kind: Kind): boolean {
  return kind.verbs.includes('get');
}

/**
 * What is wrong with an object that is to be created; empty if it is valid. The object has been decoded, defaulted and
 * admitted, and its name generated. Build the 422 with `invalid`.
 */
export function validateCreate(kind: Kind, object: KubernetesObject): FieldError[] {
  const errors: Errors = isStored(kind) ? validateMetadata(kind, object.metadata) : [];
  if (kind.custom) errors.push(...validateConstraints(kind, object));
  else rulesOf.get(kindId(kind))?.create?.(errors, object);
  return errors;
}

/**
 * What is wrong with an object that is to replace the stored `old` one; empty if it is valid. Parts that are shared with
 * the old object (`===`) are not looked at again.
 */
export function validateUpdate(kind: Kind, object: KubernetesObject, old: KubernetesObject): FieldError[] {
  const errors: Errors = validateMetadataUpdate(object.metadata, old.metadata);
  if (kind.custom) errors.push(...validateConstraints(kind, object));
  else rulesOf.get(kindId(kind))?.update?.(errors, object, old);
  return errors;
}

/** What is wrong with an object whose status is to replace that of the stored `old` one (subresource `status`). */
export function validateStatusUpdate(kind: Kind, object: KubernetesObject, old: KubernetesObject): FieldError[] {
  const errors: Errors = validateMetadataUpdate(object.metadata, old.metadata);
  if (kind.custom) errors.push(...validateConstraints(kind, object));
  else rulesOf.get(kindId(kind))?.status?.(errors, object, old);
  return errors;
}

/** {@link validateUpdate} for a write through a subresource; `''` is the object itself. */
export function validateSubresourceUpdate(
  kind: Kind,
  subresource: string,
  object: KubernetesObject,
  old: KubernetesObject,
): FieldError[] {
  if (subresource === 'status') return validateStatusUpdate(kind, object, old);
  const compare = kind.custom ? undefined : rulesOf.get(kindId(kind))?.subresources?.[subresource];
  if (compare === undefined) return validateUpdate(kind, object, old);
  const errors: Errors = validateMetadataUpdate(object.metadata, old.metadata);
  compare(errors, object, old);
  return errors;
}
