export { applyManifest, type Cluster, type Manifest } from './cluster.ts';
export { type ClusterOptions, createCluster } from './create-cluster.ts';
export { adminUser, controllerUser, nodeUser } from './identities.ts';
export type { KubeletConfiguration, NodeOptions, Resources } from './node-options.ts';
export { powerAnnotation } from './node-power.ts';
export type { ClusterNodes } from './nodes.ts';
export type { PodRangeOptions } from './pod-ranges.ts';
