export { type RootCaPublisherOptions, rootCaPublisher } from './controller.ts';
