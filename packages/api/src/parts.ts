import type { ILabelSelector } from '@kubernetes-models/apimachinery/apis/meta/v1/LabelSelector';
import type { ITokenRequest } from 'kubernetes-models/authentication.k8s.io/v1/TokenRequest';
import type { IScale } from 'kubernetes-models/autoscaling/v1/Scale';
import type { IEviction } from 'kubernetes-models/policy/v1/Eviction';
import type { IPolicyRule } from 'kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule';
import type { IClusterTrustBundleProjection } from 'kubernetes-models/v1/ClusterTrustBundleProjection';
import type { IConfigMapProjection } from 'kubernetes-models/v1/ConfigMapProjection';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IContainerPort } from 'kubernetes-models/v1/ContainerPort';
import type { IContainerState } from 'kubernetes-models/v1/ContainerState';
import type { IContainerStatus } from 'kubernetes-models/v1/ContainerStatus';
import type { IDownwardAPIVolumeFile } from 'kubernetes-models/v1/DownwardAPIVolumeFile';
import type { IEnvFromSource } from 'kubernetes-models/v1/EnvFromSource';
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar';
import type { IEphemeralContainer } from 'kubernetes-models/v1/EphemeralContainer';
import type { IGRPCAction } from 'kubernetes-models/v1/GRPCAction';
import type { IHTTPGetAction } from 'kubernetes-models/v1/HTTPGetAction';
import type { IKeyToPath } from 'kubernetes-models/v1/KeyToPath';
import type { ILifecycleHandler } from 'kubernetes-models/v1/LifecycleHandler';
import type { IObjectReference } from 'kubernetes-models/v1/ObjectReference';
import type { IPersistentVolumeClaimSpec } from 'kubernetes-models/v1/PersistentVolumeClaimSpec';
import type { IPodCertificateProjection } from 'kubernetes-models/v1/PodCertificateProjection';
import type { IPodCondition } from 'kubernetes-models/v1/PodCondition';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IPodStatus } from 'kubernetes-models/v1/PodStatus';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { IProjectedVolumeSource } from 'kubernetes-models/v1/ProjectedVolumeSource';
import type { IResourceRequirements } from 'kubernetes-models/v1/ResourceRequirements';
import type { IServiceAccountTokenProjection } from 'kubernetes-models/v1/ServiceAccountTokenProjection';
import type { ITaint } from 'kubernetes-models/v1/Taint';
import type { IToleration } from 'kubernetes-models/v1/Toleration';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { IVolumeMount } from 'kubernetes-models/v1/VolumeMount';
import type { IVolumeProjection } from 'kubernetes-models/v1/VolumeProjection';
import type { Immutable } from './object.ts';

export interface LabelSelector extends Immutable<ILabelSelector> {}
export interface TokenRequest extends Immutable<ITokenRequest> {}
export interface Scale extends Immutable<IScale> {}
export interface Eviction extends Immutable<IEviction> {}
export interface PolicyRule extends Immutable<IPolicyRule> {}
export interface ConfigMapProjection extends Immutable<IConfigMapProjection> {}
export interface Container extends Immutable<IContainer> {}
export interface ContainerPort extends Immutable<IContainerPort> {}
export interface ContainerState extends Immutable<IContainerState> {}
export interface ContainerStatus extends Immutable<IContainerStatus> {}
export interface DownwardAPIVolumeFile extends Immutable<IDownwardAPIVolumeFile> {}
export interface EnvFromSource extends Immutable<IEnvFromSource> {}
export interface EnvVar extends Immutable<IEnvVar> {}
export interface EphemeralContainer extends Immutable<IEphemeralContainer> {}
export interface KeyToPath extends Immutable<IKeyToPath> {}
export interface LifecycleHandler extends Immutable<ILifecycleHandler> {}
export interface ObjectReference extends Immutable<IObjectReference> {}
export interface PodCondition extends Immutable<IPodCondition> {}
export interface PodSpec extends Immutable<IPodSpec> {}
export interface PodStatus extends Immutable<IPodStatus> {}
export interface PodTemplateSpec extends Immutable<IPodTemplateSpec> {}
export interface Probe extends Immutable<IProbe> {}
export interface ResourceRequirements extends Immutable<IResourceRequirements> {}
export interface Taint extends Immutable<ITaint> {}
export interface Toleration extends Immutable<IToleration> {}
export interface Volume extends Immutable<IVolume> {}
export interface VolumeMount extends Immutable<IVolumeMount> {}
export interface VolumeProjection extends Immutable<IVolumeProjection> {}
export interface HTTPGetAction extends Immutable<IHTTPGetAction> {}
export interface ProjectedVolumeSource extends Immutable<IProjectedVolumeSource> {}
export interface PersistentVolumeClaimSpec extends Immutable<IPersistentVolumeClaimSpec> {}
export interface GRPCAction extends Immutable<IGRPCAction> {}
export interface ServiceAccountTokenProjection extends Immutable<IServiceAccountTokenProjection> {}
export interface ClusterTrustBundleProjection extends Immutable<IClusterTrustBundleProjection> {}
export interface PodCertificateProjection extends Immutable<IPodCertificateProjection> {}
