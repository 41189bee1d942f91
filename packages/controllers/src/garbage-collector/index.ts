export { type GarbageCollectorOptions, garbageCollector } from './controller.ts';
