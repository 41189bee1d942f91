export { createServiceProxy, type ServiceProxyOptions } from './controller.ts';
export { type NameRecord, type Route, type ServiceRouting, serviceRouting } from './routing.ts';
