export { imageLocality } from './image-locality.ts';
export { interPodAffinity } from './inter-pod-affinity.ts';
export { nodePorts, nodeResourcesBalancedAllocation, nodeResourcesFit } from './node-resources.ts';
export { nodeAffinity, nodeName, nodeUnschedulable, taintToleration } from './node-rules.ts';
export { podTopologySpread } from './pod-topology-spread.ts';
