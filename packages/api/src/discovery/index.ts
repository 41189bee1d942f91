export { type AggregatedVersion, type DiscoveryDocuments, discoveryDocuments } from './documents.ts';
