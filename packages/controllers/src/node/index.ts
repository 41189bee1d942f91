export {
  type ContainerTarget,
  createKubelet,
  type EvictionHard,
  type EvictionSignal,
  type Kubelet,
  type KubeletApi,
  type KubeletOptions,
  kubeletCacheSelectors,
  kubeletSettings,
  type NodeResources,
} from './kubelet/index.ts';
export { createSecretProjector, ProjectedVolumes, type SecretProjectorOptions } from './secret-projector/index.ts';
export { createServiceProxy, type ServiceProxyOptions } from './service-proxy/index.ts';
