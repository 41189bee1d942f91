export { ManifestError, type ManifestObject, parseManifest } from './parse-manifest.ts';
