export type { EvictionHard, EvictionSignal } from './eviction-thresholds.ts';
export { createKubelet, type Kubelet } from './kubelet.ts';
export {
  type KubeletOptions,
  kubeletCacheSelectors,
  kubeletSettings,
  kubeletVersion,
  type NodeResources,
} from './options.ts';
