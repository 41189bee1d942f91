/**
 * Optional fields whose zero value (`0`, `false`, `''`) says something else than their absence: in Kubernetes' types they
 * are pointers, or are always written. All other optional scalars are present in protobuf even when unset, and are
 * left out when they are zero. By name where the name decides, else by type and name.
 */
export const meaningfulZeros: ReadonlySet<string> = new Set(
  (
    'activeDeadlineSeconds adminAccess allocateLoadBalancerNodePorts allowMultipleAllocations ' +
    'allowPrivilegeEscalation allowVolumeExpansion appProtocol attachRequired ' +
    'automountServiceAccountToken averageUtilization backoffLimit backoffLimitPerIndex bindsToNode ' +
    'blockOwnerDeletion bool borrowingLimitPercent cachingMode capacity collisionCount ' +
    'commonEncodingVersion completionMode completions currentCPUUtilizationPercentage currentHealthy ' +
    'currentVolumeAttributesClassName defaultMode deletionGracePeriodSeconds desiredHealthy device ' +
    'deviceClassName disruptionsAllowed distinctAttribute driver enableServiceLinks endPort ' +
    'endpointsNamespace errorCode expectedPods expirationSeconds extendedResourceName failedIndexes ' +
    'failedJobsHistoryLimit failurePolicy fsGroup fsGroupChangePolicy fsGroupPolicy gmsaCredentialSpec ' +
    'gmsaCredentialSpecName gracePeriodSeconds handSize holderIdentity hostProcess hostUsers ' +
    'hostnameOverride ignoreStoreReadErrorWithClusterBreakingPotential immutable ingressClassName ' +
    'initiatorName int internalTrafficPolicy ipFamilyPolicy ipMode leaseDurationSeconds leaseTransitions ' +
    'lendablePercent loadBalancerClass localhostProfile lun managedBy manualSelector matchAttribute ' +
    'matchPolicy matchingPrecedence maxExpirationSeconds maxFailedIndexes minDomains minReplicas mode ' +
    'mountPropagation nodeAffinityPolicy nodeAllocatableUpdatePeriodSeconds nodeTaintsPolicy ' +
    'nominalConcurrencyShares optional orphanDependents parallelism parameterNotFoundAction ' +
    'perDeviceNodeSelection persistentVolumeName podInfoOnMount podReplacementPolicy port ' +
    'preemptionPolicy preferredHolder priority privileged procMount progressDeadlineSeconds ' +
    'propagationPolicy queueLengthLimit queues readOnlyRootFilesystem ready reclaimPolicy ' +
    'recursiveReadOnly recursiveReadOnlyMounts remainingItemCount reportingComponent requiresRepublish ' +
    'resourceClaimName resourceClaimTemplateName revisionHistoryLimit runAsGroup runAsNonRoot runAsUser ' +
    'runAsUserName runtimeClassName scope seLinuxChangePolicy seLinuxMount secretNamespace selectPolicy ' +
    'service serviceAccountTokenInSecrets serviceName serving setHostnameAsFQDN shareID ' +
    'shareProcessNamespace stabilizationWindowSeconds start started startingDeadlineSeconds stopSignal ' +
    'storageCapacity strategy string succeededCount succeededIndexes successfulJobsHistoryLimit ' +
    'supplementalGroupsPolicy suspend targetCPUUtilizationPercentage terminating terminatingReplicas ' +
    'terminationGracePeriodSeconds timeZone token tolerationSeconds trafficDistribution ' +
    'ttlSecondsAfterFinished unhealthyPodEvictionPolicy url userNamespaces volumeAttributesClassName ' +
    'volumeBindingMode volumeMode zone ' +
    'admissionregistration.v1.MutatingWebhook.reinvocationPolicy ' +
    'admissionregistration.v1.MutatingWebhook.timeoutSeconds ' +
    'admissionregistration.v1.ServiceReference.path ' +
    'admissionregistration.v1.ValidatingWebhook.timeoutSeconds admissionregistration.v1.Validation.reason ' +
    'apps.v1.DeploymentSpec.replicas apps.v1.ReplicaSetSpec.replicas ' +
    'apps.v1.RollingUpdateStatefulSetStrategy.partition apps.v1.StatefulSetSpec.replicas ' +
    'apps.v1.StatefulSetStatus.availableReplicas ' +
    'autoscaling.v1.HorizontalPodAutoscalerStatus.observedGeneration ' +
    'autoscaling.v2.HorizontalPodAutoscalerStatus.observedGeneration ' +
    'batch.v1.PodFailurePolicyOnExitCodesRequirement.containerName ' +
    'batch.v1.PodFailurePolicyOnPodConditionsPattern.status core.v1.AzureDiskVolumeSource.fsType ' +
    'core.v1.AzureDiskVolumeSource.readOnly core.v1.CSIVolumeSource.fsType ' +
    'core.v1.CSIVolumeSource.readOnly core.v1.ClientIPConfig.timeoutSeconds ' +
    'core.v1.ClusterTrustBundleProjection.name core.v1.ClusterTrustBundleProjection.signerName ' +
    'core.v1.Container.restartPolicy core.v1.EndpointAddress.nodeName ' +
    'core.v1.EphemeralContainer.restartPolicy core.v1.Event.reportingInstance ' +
    'core.v1.HostPathVolumeSource.type core.v1.LocalVolumeSource.fsType core.v1.NodeRuntimeHandler.name ' +
    'core.v1.PersistentVolumeClaimSpec.storageClassName core.v1.PodDNSConfigOption.value ' +
    'core.v1.PortStatus.error core.v1.ReplicationControllerSpec.replicas ' +
    'core.v1.TypedLocalObjectReference.apiGroup core.v1.TypedObjectReference.apiGroup ' +
    'core.v1.TypedObjectReference.namespace discovery.v1.Endpoint.hostname discovery.v1.Endpoint.nodeName ' +
    'discovery.v1.EndpointPort.name discovery.v1.EndpointPort.protocol meta.v1.OwnerReference.controller ' +
    'meta.v1.Preconditions.resourceVersion meta.v1.Preconditions.uid ' +
    'networking.v1.IngressClassParametersReference.apiGroup ' +
    'networking.v1.IngressClassParametersReference.namespace networking.v1.IngressPortStatus.error ' +
    'networking.v1.NetworkPolicyPort.protocol rbac.v1.RoleRef.apiGroup resource.v1.Device.allNodes ' +
    'resource.v1.Device.nodeName resource.v1.DeviceAttribute.version ' +
    'resource.v1.ResourceSliceSpec.allNodes resource.v1.ResourceSliceSpec.nodeName ' +
    'resource.v1alpha3.DeviceTaintSelector.pool resource.v1beta1.BasicDevice.allNodes ' +
    'resource.v1beta1.BasicDevice.nodeName resource.v1beta1.DeviceAttribute.version ' +
    'resource.v1beta2.Device.allNodes resource.v1beta2.Device.nodeName ' +
    'resource.v1beta2.DeviceAttribute.version resource.v1beta2.ResourceSliceSpec.allNodes ' +
    'resource.v1beta2.ResourceSliceSpec.nodeName scheduling.v1.PriorityClass.value ' +
    'meta.v1.ListOptions.sendInitialEvents meta.v1.ListOptions.timeoutSeconds meta.v1.PatchOptions.force ' +
    'storage.v1.VolumeNodeResources.count'
  ).split(' '),
);
