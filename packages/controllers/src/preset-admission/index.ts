export { presetAdmission } from './plugin.ts';
