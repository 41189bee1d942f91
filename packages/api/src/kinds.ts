import type { ICustomResourceDefinition } from 'kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition';
import type { IControllerRevision } from 'kubernetes-models/apps/v1/ControllerRevision';
import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IReplicaSet } from 'kubernetes-models/apps/v1/ReplicaSet';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { ISelfSubjectReview } from 'kubernetes-models/authentication.k8s.io/v1/SelfSubjectReview';
import type { ITokenReview } from 'kubernetes-models/authentication.k8s.io/v1/TokenReview';
import type { ILocalSubjectAccessReview } from 'kubernetes-models/authorization.k8s.io/v1/LocalSubjectAccessReview';
import type { ISelfSubjectAccessReview } from 'kubernetes-models/authorization.k8s.io/v1/SelfSubjectAccessReview';
import type { ISelfSubjectRulesReview } from 'kubernetes-models/authorization.k8s.io/v1/SelfSubjectRulesReview';
import type { ISubjectAccessReview } from 'kubernetes-models/authorization.k8s.io/v1/SubjectAccessReview';
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { ILease } from 'kubernetes-models/coordination.k8s.io/v1/Lease';
import type { IEndpointSlice } from 'kubernetes-models/discovery.k8s.io/v1/EndpointSlice';
import type { IFlowSchema } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/FlowSchema';
import type { IPriorityLevelConfiguration } from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration';
import type { IRuntimeClass } from 'kubernetes-models/node.k8s.io/v1/RuntimeClass';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IClusterRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole';
import type { IClusterRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding';
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import type { IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import type { IPriorityClass } from 'kubernetes-models/scheduling.k8s.io/v1/PriorityClass';
import type { IBinding } from 'kubernetes-models/v1/Binding';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IEndpoints } from 'kubernetes-models/v1/Endpoints';
import type { IEvent } from 'kubernetes-models/v1/Event';
import type { ILimitRange } from 'kubernetes-models/v1/LimitRange';
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import type { INode } from 'kubernetes-models/v1/Node';
import type { IPersistentVolume } from 'kubernetes-models/v1/PersistentVolume';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IPodTemplate } from 'kubernetes-models/v1/PodTemplate';
import type { IReplicationController } from 'kubernetes-models/v1/ReplicationController';
import type { IResourceQuota } from 'kubernetes-models/v1/ResourceQuota';
import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { builtinKind, type Kind, type ReplacedAs, type ReplacedAsItself } from './kind.ts';
import type { Immutable, KubernetesObject, ObjectMeta } from './object.ts';
import type {
  EnvFromSource,
  EnvVar,
  Eviction,
  LabelSelector,
  Scale,
  TokenRequest,
  Volume,
  VolumeMount,
} from './parts.ts';
import type { Status } from './status.ts';

/** A kind that serves no subresource but the object itself. */
export type NoSubresources = Record<never, never>;

/** A kind whose status is written apart from the rest. */
export interface WithStatus<T extends KubernetesObject> {
  readonly status: ReplacedAsItself<T>;
}

/** A kind whose replicas are read and set without knowing the kind (`autoscaling/v1` Scale). */
export interface WithScale<T extends KubernetesObject> extends WithStatus<T> {
  readonly scale: ReplacedAs<Scale>;
}

export interface PodSubresources extends WithStatus<Pod> {
  readonly ephemeralcontainers: ReplacedAsItself<Pod>;
  readonly resize: ReplacedAsItself<Pod>;
  readonly binding: { readonly create: { readonly body: Binding; readonly answer: Status } };
  readonly eviction: { readonly create: { readonly body: Eviction; readonly answer: Status } };
}

/** Metadata with the name that every object has; `spec` is likewise there in each kind below that has one. */
export interface NamedMeta extends Immutable<ObjectMeta & { name: string }> {}

export interface Pod extends Immutable<IPod & { metadata: NamedMeta; spec: NonNullable<IPod['spec']> }> {}
export const Pod: Kind<Pod, PodSubresources> = builtinKind('v1', 'Pod');

export interface Node extends Immutable<INode & { metadata: NamedMeta; spec: NonNullable<INode['spec']> }> {}
export const Node: Kind<Node, WithStatus<Node>> = builtinKind('v1', 'Node');

export interface Namespace
  extends Immutable<INamespace & { metadata: NamedMeta; spec: NonNullable<INamespace['spec']> }> {}
export const Namespace: Kind<
  Namespace,
  WithStatus<Namespace> & { readonly finalize: Pick<ReplacedAsItself<Namespace>, 'update'> }
> = builtinKind('v1', 'Namespace');

export interface Secret extends Immutable<ISecret & { metadata: NamedMeta }> {}
export const Secret: Kind<Secret, NoSubresources> = builtinKind('v1', 'Secret');

export interface ConfigMap extends Immutable<IConfigMap & { metadata: NamedMeta }> {}
export const ConfigMap: Kind<ConfigMap, NoSubresources> = builtinKind('v1', 'ConfigMap');

export interface ServiceAccount extends Immutable<IServiceAccount & { metadata: NamedMeta }> {}
export const ServiceAccount: Kind<
  ServiceAccount,
  { readonly token: { readonly create: { readonly body: TokenRequest; readonly answer: TokenRequest } } }
> = builtinKind('v1', 'ServiceAccount');

export interface Service extends Immutable<IService & { metadata: NamedMeta; spec: NonNullable<IService['spec']> }> {}
export const Service: Kind<Service, WithStatus<Service>> = builtinKind('v1', 'Service');

export interface Endpoints extends Immutable<IEndpoints & { metadata: NamedMeta }> {}
export const Endpoints: Kind<Endpoints, NoSubresources> = builtinKind('v1', 'Endpoints');

export interface Event extends Immutable<IEvent & { metadata: NamedMeta }> {}
export const Event: Kind<Event, NoSubresources> = builtinKind('v1', 'Event');

export interface Binding extends Immutable<IBinding & { metadata: NamedMeta }> {}
export const Binding: Kind<Binding, NoSubresources> = builtinKind('v1', 'Binding');

export interface PersistentVolumeClaim
  extends Immutable<
    IPersistentVolumeClaim & {
      metadata: NamedMeta;
      spec: NonNullable<IPersistentVolumeClaim['spec']>;
    }
  > {}
export const PersistentVolumeClaim: Kind<PersistentVolumeClaim, WithStatus<PersistentVolumeClaim>> = builtinKind(
  'v1',
  'PersistentVolumeClaim',
);

export interface PersistentVolume
  extends Immutable<
    IPersistentVolume & {
      metadata: NamedMeta;
      spec: NonNullable<IPersistentVolume['spec']>;
    }
  > {}
export const PersistentVolume: Kind<PersistentVolume, WithStatus<PersistentVolume>> = builtinKind(
  'v1',
  'PersistentVolume',
);

export interface LimitRange
  extends Immutable<ILimitRange & { metadata: NamedMeta; spec: NonNullable<ILimitRange['spec']> }> {}
export const LimitRange: Kind<LimitRange, NoSubresources> = builtinKind('v1', 'LimitRange');

export interface ResourceQuota
  extends Immutable<IResourceQuota & { metadata: NamedMeta; spec: NonNullable<IResourceQuota['spec']> }> {}
export const ResourceQuota: Kind<ResourceQuota, WithStatus<ResourceQuota>> = builtinKind('v1', 'ResourceQuota');

export interface PodTemplate extends Immutable<IPodTemplate & { metadata: NamedMeta }> {}
export const PodTemplate: Kind<PodTemplate, NoSubresources> = builtinKind('v1', 'PodTemplate');

export interface ReplicationController
  extends Immutable<
    IReplicationController & {
      metadata: NamedMeta;
      spec: NonNullable<IReplicationController['spec']>;
    }
  > {}
export const ReplicationController: Kind<ReplicationController, WithScale<ReplicationController>> = builtinKind(
  'v1',
  'ReplicationController',
);

export interface Deployment
  extends Immutable<IDeployment & { metadata: NamedMeta; spec: NonNullable<IDeployment['spec']> }> {}
export const Deployment: Kind<Deployment, WithScale<Deployment>> = builtinKind('apps/v1', 'Deployment');

export interface ReplicaSet
  extends Immutable<IReplicaSet & { metadata: NamedMeta; spec: NonNullable<IReplicaSet['spec']> }> {}
export const ReplicaSet: Kind<ReplicaSet, WithScale<ReplicaSet>> = builtinKind('apps/v1', 'ReplicaSet');

export interface StatefulSet
  extends Immutable<IStatefulSet & { metadata: NamedMeta; spec: NonNullable<IStatefulSet['spec']> }> {}
export const StatefulSet: Kind<StatefulSet, WithScale<StatefulSet>> = builtinKind('apps/v1', 'StatefulSet');

export interface DaemonSet
  extends Immutable<IDaemonSet & { metadata: NamedMeta; spec: NonNullable<IDaemonSet['spec']> }> {}
export const DaemonSet: Kind<DaemonSet, WithStatus<DaemonSet>> = builtinKind('apps/v1', 'DaemonSet');

export interface ControllerRevision extends Immutable<IControllerRevision & { metadata: NamedMeta }> {}
export const ControllerRevision: Kind<ControllerRevision, NoSubresources> = builtinKind(
  'apps/v1',
  'ControllerRevision',
);

export interface Job extends Immutable<IJob & { metadata: NamedMeta; spec: NonNullable<IJob['spec']> }> {}
export const Job: Kind<Job, WithStatus<Job>> = builtinKind('batch/v1', 'Job');

export interface CronJob extends Immutable<ICronJob & { metadata: NamedMeta; spec: NonNullable<ICronJob['spec']> }> {}
export const CronJob: Kind<CronJob, WithStatus<CronJob>> = builtinKind('batch/v1', 'CronJob');

export interface Lease extends Immutable<ILease & { metadata: NamedMeta; spec: NonNullable<ILease['spec']> }> {}
export const Lease: Kind<Lease, NoSubresources> = builtinKind('coordination.k8s.io/v1', 'Lease');

export interface EndpointSlice extends Immutable<IEndpointSlice & { metadata: NamedMeta }> {}
export const EndpointSlice: Kind<EndpointSlice, NoSubresources> = builtinKind('discovery.k8s.io/v1', 'EndpointSlice');

export interface Role extends Immutable<IRole & { metadata: NamedMeta }> {}
export const Role: Kind<Role, NoSubresources> = builtinKind('rbac.authorization.k8s.io/v1', 'Role');

export interface RoleBinding extends Immutable<IRoleBinding & { metadata: NamedMeta }> {}
export const RoleBinding: Kind<RoleBinding, NoSubresources> = builtinKind(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
);

export interface ClusterRole extends Immutable<IClusterRole & { metadata: NamedMeta }> {}
export const ClusterRole: Kind<ClusterRole, NoSubresources> = builtinKind(
  'rbac.authorization.k8s.io/v1',
  'ClusterRole',
);

export interface ClusterRoleBinding extends Immutable<IClusterRoleBinding & { metadata: NamedMeta }> {}
export const ClusterRoleBinding: Kind<ClusterRoleBinding, NoSubresources> = builtinKind(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
);

export interface PodDisruptionBudget
  extends Immutable<
    IPodDisruptionBudget & {
      metadata: NamedMeta;
      spec: NonNullable<IPodDisruptionBudget['spec']>;
    }
  > {}
export const PodDisruptionBudget: Kind<PodDisruptionBudget, WithStatus<PodDisruptionBudget>> = builtinKind(
  'policy/v1',
  'PodDisruptionBudget',
);

export interface PriorityClass extends Immutable<IPriorityClass & { metadata: NamedMeta }> {}
export const PriorityClass: Kind<PriorityClass, NoSubresources> = builtinKind('scheduling.k8s.io/v1', 'PriorityClass');

export interface FlowSchema
  extends Immutable<IFlowSchema & { metadata: NamedMeta; spec: NonNullable<IFlowSchema['spec']> }> {}
export const FlowSchema: Kind<FlowSchema, WithStatus<FlowSchema>> = builtinKind(
  'flowcontrol.apiserver.k8s.io/v1',
  'FlowSchema',
);

export interface PriorityLevelConfiguration
  extends Immutable<
    IPriorityLevelConfiguration & { metadata: NamedMeta; spec: NonNullable<IPriorityLevelConfiguration['spec']> }
  > {}
export const PriorityLevelConfiguration: Kind<
  PriorityLevelConfiguration,
  WithStatus<PriorityLevelConfiguration>
> = builtinKind('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration');

export interface RuntimeClass extends Immutable<IRuntimeClass & { metadata: NamedMeta }> {}
export const RuntimeClass: Kind<RuntimeClass, NoSubresources> = builtinKind('node.k8s.io/v1', 'RuntimeClass');

export interface TokenReview
  extends Immutable<ITokenReview & { metadata: NamedMeta; spec: NonNullable<ITokenReview['spec']> }> {}
export const TokenReview: Kind<TokenReview, NoSubresources> = builtinKind('authentication.k8s.io/v1', 'TokenReview');

export interface SelfSubjectReview extends Immutable<ISelfSubjectReview & { metadata: NamedMeta }> {}
export const SelfSubjectReview: Kind<SelfSubjectReview, NoSubresources> = builtinKind(
  'authentication.k8s.io/v1',
  'SelfSubjectReview',
);

export interface SubjectAccessReview
  extends Immutable<
    ISubjectAccessReview & {
      metadata: NamedMeta;
      spec: NonNullable<ISubjectAccessReview['spec']>;
    }
  > {}
export const SubjectAccessReview: Kind<SubjectAccessReview, NoSubresources> = builtinKind(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
);

export interface SelfSubjectAccessReview
  extends Immutable<
    ISelfSubjectAccessReview & {
      metadata: NamedMeta;
      spec: NonNullable<ISelfSubjectAccessReview['spec']>;
    }
  > {}
export const SelfSubjectAccessReview: Kind<SelfSubjectAccessReview, NoSubresources> = builtinKind(
  'authorization.k8s.io/v1',
  'SelfSubjectAccessReview',
);

export interface LocalSubjectAccessReview
  extends Immutable<
    ILocalSubjectAccessReview & {
      metadata: NamedMeta;
      spec: NonNullable<ILocalSubjectAccessReview['spec']>;
    }
  > {}
export const LocalSubjectAccessReview: Kind<LocalSubjectAccessReview, NoSubresources> = builtinKind(
  'authorization.k8s.io/v1',
  'LocalSubjectAccessReview',
);

export interface SelfSubjectRulesReview
  extends Immutable<
    ISelfSubjectRulesReview & {
      metadata: NamedMeta;
      spec: NonNullable<ISelfSubjectRulesReview['spec']>;
    }
  > {}
export const SelfSubjectRulesReview: Kind<SelfSubjectRulesReview, NoSubresources> = builtinKind(
  'authorization.k8s.io/v1',
  'SelfSubjectRulesReview',
);

export interface CustomResourceDefinition
  extends Immutable<
    ICustomResourceDefinition & {
      metadata: NamedMeta;
      spec: NonNullable<ICustomResourceDefinition['spec']>;
    }
  > {}
export const CustomResourceDefinition: Kind<
  CustomResourceDefinition,
  WithStatus<CustomResourceDefinition>
> = builtinKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition');

/** PodPreset's spec (`settings.k8s.io/v1alpha1`). */
export interface PodPresetSpec {
  readonly selector?: LabelSelector;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
  readonly volumes?: readonly Volume[];
  readonly volumeMounts?: readonly VolumeMount[];
}

/** PodPreset injects data into the Pods of its namespace when they are created (Kubernetes 1.6 to 1.19, "Pod Presets"). */
export interface PodPreset
  extends Immutable<{
    apiVersion: 'settings.k8s.io/v1alpha1';
    kind: 'PodPreset';
    metadata: NamedMeta;
    spec: PodPresetSpec;
  }> {}
export const PodPreset: Kind<PodPreset, NoSubresources> = builtinKind('settings.k8s.io/v1alpha1', 'PodPreset');
