export { type ResourceQuotaControllerOptions, resourceQuotaController } from './controller.ts';
