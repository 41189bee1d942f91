export type { AdmissionContext, AdmissionPlugin, AdmissionRequest } from './admission-plugin.ts';
