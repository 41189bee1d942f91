export { createKubelet, type Kubelet } from './kubelet.ts';
export type { EvictionHard, EvictionSignal } from './node/eviction-thresholds.ts';
export type { ContainerTarget, KubeletApi } from './node/kubelet-api.ts';
export {
  type KubeletOptions,
  kubeletCacheSelectors,
  kubeletSettings,
  type NodeResources,
} from './options.ts';
