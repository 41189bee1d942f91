export { type DisruptionControllerOptions, disruptionController } from './controller.ts';
