export { AdmissionChain, arrangeAdmission } from './admission-chain.ts';
export type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
export { builtinAdmission } from './builtin.ts';
export { forbiddenNodeLabels } from './node-restriction.ts';
export { systemPriorityClasses } from './priority.ts';
export { tokenMountPath } from './service-account.ts';
