export { type AggregatedVersion, type DiscoveryDocuments, discoveryDocuments } from './documents.ts';
export { compareGroups, compareVersions } from './order.ts';
export { kubernetesVerbs, subresourceVerbs } from './verbs.ts';
