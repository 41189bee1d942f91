import {
  type ConditionState,
  ConfigMap,
  controllerReference,
  Deployment,
  keyOf,
  Service,
  type Stored,
  withCondition,
} from '@orrery/api';
import { defineController } from '@orrery/core';
import { Website } from './website.ts';

/** Turns each Website into a ConfigMap with its page, a Deployment of web servers that serve it, and a Service in front. */
export const websiteController = defineController({
  name: 'website-controller',
  for: Website,
  owns: [ConfigMap, Deployment, Service],
  async reconcile(site, { client, cache, clock }) {
    if (site.metadata.deletionTimestamp !== undefined) return;
    for (const child of [pageOf(site), serversOf(site), frontOf(site)]) {
      await client.apply(child, { fieldManager: 'website-controller', force: true });
    }
    const status = statusOf(site, cache.get(Deployment, keyOf(site)), clock.now());
    await client.updateStatus({ ...site, status });
  },
});

/** Everything that a website is made of is named and labelled as the website, and goes with it. */
function partOf(site: Stored<Website>) {
  const { name, namespace } = site.metadata;
  return { name, namespace, labels: { website: name }, ownerReferences: [controllerReference(Website, site)] };
}

function pageOf(site: Stored<Website>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: partOf(site), data: { 'index.html': site.spec.html } };
}

function serversOf(site: Stored<Website>): Deployment {
  const labels = { website: site.metadata.name };
  const ports = [{ name: 'http', containerPort: 80 }];
  const readinessProbe = { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 };
  const volumeMounts = [{ name: 'page', mountPath: '/usr/share/nginx/html' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: partOf(site),
    spec: {
      replicas: site.spec.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'server', image: site.spec.image, ports, readinessProbe, volumeMounts }],
          volumes: [{ name: 'page', configMap: { name: site.metadata.name } }],
        },
      },
    },
  };
}

function frontOf(site: Stored<Website>): Service {
  const spec = { selector: { website: site.metadata.name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: partOf(site), spec };
}

/** What can be said of a website from the Deployment that serves it. */
function statusOf(site: Stored<Website>, servers: Stored<Deployment> | undefined, now: number): Website['status'] {
  const { name, namespace, generation = 0 } = site.metadata;
  const readyReplicas = servers?.status?.readyReplicas ?? 0;
  const ready: ConditionState = {
    type: 'Ready',
    status: readyReplicas >= site.spec.replicas ? 'True' : 'False',
    reason: readyReplicas >= site.spec.replicas ? 'Serving' : 'ServersNotReady',
    message: `${readyReplicas} of ${site.spec.replicas} web servers are ready`,
    observedGeneration: generation,
  };
  return {
    readyReplicas,
    url: `http://${name}.${namespace}.svc.cluster.local`,
    observedGeneration: generation,
    conditions: withCondition(site.status?.conditions ?? [], ready, now),
  };
}
