export { applyServerSide, type ServerSideApply } from './apply-server-side.ts';
export { lastAppliedAnnotation } from './last-applied.ts';
export { stripManagedFields } from './managed-fields.ts';
export { type TrackedUpdate, trackUpdate } from './track-update.ts';
