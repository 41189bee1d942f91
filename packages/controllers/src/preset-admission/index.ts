export { type Conflict, type MergeResult, mergePresets, type Origin, presetAnnotationPrefix } from './merge.ts';
export { presetAdmission } from './plugin.ts';
