export { nodeLifecycleController, taintEvictionController } from './controller.ts';
