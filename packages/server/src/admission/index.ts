export { builtinAdmission } from './builtin.ts';
export { forbiddenNodeLabels } from './node-restriction.ts';
export { systemPriorityClasses } from './priority.ts';
export { tokenMountPath } from './service-account.ts';
