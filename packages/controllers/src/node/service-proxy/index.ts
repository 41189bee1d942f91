export { createServiceProxy, type ServiceProxyOptions } from './controller.ts';
