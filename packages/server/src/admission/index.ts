export { builtinAdmission } from './builtin.ts';
export { admissionOrder, orderAdmission } from './order.ts';
export { systemPriorityClasses } from './priority.ts';
export { tokenMountPath } from './service-account.ts';
