export { deploymentController } from './deployment/index.ts';
export { endpointsController } from './endpoints/index.ts';
export { endpointSliceController } from './endpointslice/index.ts';
export { type GarbageCollectorOptions, garbageCollector } from './garbage-collector/index.ts';
export { type NamespaceControllerOptions, namespaceController } from './namespace/index.ts';
export { nodeLifecycleController, taintEvictionController } from './node-lifecycle/index.ts';
export { podGarbageCollector } from './pod-gc/index.ts';
export {
  type Conflict,
  type MergeResult,
  mergePresets,
  type Origin,
  presetAdmission,
  presetAnnotationPrefix,
} from './preset-admission/index.ts';
export { replicaSetController } from './replicaset/index.ts';
export { type RootCaPublisherOptions, rootCaConfigMap, rootCaPublisher } from './root-ca-publisher/index.ts';
export {
  type AffinityTerm,
  builtinSchedulerPlugins,
  type ClusterChange,
  type ClusterFacts,
  type ClusterState,
  type Failure,
  type HostPort,
  type NodeFilter,
  type NodeInfo,
  nodeAllows,
  type PodAffinityTerms,
  type PodGroup,
  type PodInfo,
  podRequests,
  type Rejection,
  type Resources,
  readResources,
  type SchedulerOptions,
  type SchedulerPlugin,
  schedulerController,
  tolerates,
  untoleratedTaint,
} from './scheduler/index.ts';
export { serviceAccountController, type TokensControllerOptions, tokensController } from './service-account/index.ts';
