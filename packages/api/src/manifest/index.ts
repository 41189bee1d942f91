export { goScalar } from './go-scalar.ts';
export { ManifestError, type ManifestObject, parseManifest } from './parse-manifest.ts';
