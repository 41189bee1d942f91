export { applyDefaults } from './apply-defaults.ts';
export { pullPolicyFor } from './pod.ts';
