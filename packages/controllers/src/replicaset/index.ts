export { replicaSetController } from './controller.ts';
