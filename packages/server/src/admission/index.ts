export { builtinAdmission } from './builtin.ts';
export { systemPriorityClasses } from './priority.ts';
export { tokenMountPath } from './service-account.ts';
