export { missingFields } from './missing-fields.ts';
export { quotaApplies } from './scopes.ts';
export { type ResourceKind, trackedBy } from './tracked.ts';
export { quotaUsage, type ResourceTotals } from './usage.ts';
