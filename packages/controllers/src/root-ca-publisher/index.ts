export { type RootCaPublisherOptions, rootCaConfigMap, rootCaPublisher } from './controller.ts';
