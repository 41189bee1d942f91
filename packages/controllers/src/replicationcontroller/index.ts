export { replicationController } from './controller.ts';
