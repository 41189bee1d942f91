export { createServiceProxy, type ServiceNetwork, type ServiceProxyOptions } from './controller.ts';
export { type Backend, type NameRecord, type Route, serviceRouting } from './routing.ts';
