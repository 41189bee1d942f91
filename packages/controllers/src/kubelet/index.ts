export { createKubelet, type Kubelet } from './kubelet.ts';
export { type KubeletOptions, kubeletCacheSelectors, kubeletVersion, type NodeResources } from './options.ts';
