export { createSecretProjector, type SecretProjectorOptions } from './controller.ts';
export {
  type Allocatable,
  fieldValue,
  type PodAddresses,
  resourceValue,
} from './downward-api.ts';
export { ProjectedVolumes, type ProjectionReport } from './projected-volumes.ts';
export { volumeBackOff } from './volume-back-off.ts';
export {
  makeVolumeDirectory,
  pluginVolumePath,
  podDirectory,
  podsDirectory,
  projectedVolumePath,
  projectionPlugin,
} from './volume-path.ts';
