export { applyDefaults } from './apply-defaults.ts';
export { defaultPodSpec, pullPolicyFor } from './pod.ts';
