export { type Connection, type ConnectOptions, connect } from './connect.ts';
export { ConnectionError } from './http/connection-error.ts';
export {
  type ExecConfig,
  type Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigContext,
  KubeconfigError,
  type KubeconfigUser,
  type NamedCluster,
  type NamedContext,
  type NamedUser,
} from './kubeconfig/kubeconfig.ts';
export { type LoadOptions, loadKubeconfig, mergeKubeconfigs, readKubeconfig } from './kubeconfig/load.ts';
export { type KubeconfigSource, parseKubeconfig } from './kubeconfig/parse.ts';
