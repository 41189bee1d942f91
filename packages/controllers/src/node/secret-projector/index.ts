export { createSecretProjector, type SecretProjectorOptions } from './controller.ts';
export {
  type Allocatable,
  fieldValue,
  formatMap,
  type PodAddresses,
  type ResourceReference,
  resourceValue,
} from './downward-api.ts';
export { ProjectedVolumes, type ProjectionReport, type ProjectionState } from './projected-volumes.ts';
export {
  makeVolumeDirectory,
  pluginVolumePath,
  podDirectory,
  podsDirectory,
  projectedVolumePath,
  projectionPlugin,
} from './volume-path.ts';
