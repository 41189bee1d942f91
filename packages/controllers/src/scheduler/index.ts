export type { ClusterFacts, ClusterState, PodGroup } from './cluster-state.ts';
export type { NodeInfo } from './node-info.ts';
export { nodeAllows } from './node-selector.ts';
export type { ClusterChange, Failure, NodeFilter, Rejection, SchedulerPlugin } from './plugin.ts';
export type { AffinityTerm, HostPort, PodAffinityTerms, PodInfo } from './pod-info.ts';
export { podRequests, type Resources, readResources } from './resources.ts';
export { tolerates, untoleratedTaint } from './tolerations.ts';
