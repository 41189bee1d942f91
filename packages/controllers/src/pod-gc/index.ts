export { podGarbageCollector } from './controller.ts';
