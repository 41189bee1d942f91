export {
  adminKubeconfig,
  type ClusterCertificates,
  makeCertificates,
  type ServeOptions,
  serveCluster,
  writeKubeconfig,
} from './serve-cluster.ts';
