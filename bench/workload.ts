import { Deployment, type PodTemplateSpec, type Stored } from '@orrery/api';
import type { Client } from '@orrery/core';

/** A Deployment of nginx Pods, or of what `spec` says, in the namespace `default`. */
export function webDeployment(name: string, replicas: number, spec?: PodTemplateSpec['spec']): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: spec ?? { containers: [{ name: 'web', image: 'nginx' }] } },
    },
  };
}

/** Resolves when a Deployment fulfils the condition. @throws the error of the watch */
export function deploymentWhere(
  client: Client,
  name: string,
  fulfils: (deployment: Stored<Deployment>) => boolean,
  namespace = 'default',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const watching = client.watch(Deployment, selection).subscribe({
      next: (event) => {
        if (event.type === 'BOOKMARK' || !fulfils(event.object)) return;
        resolve();
        // Its first events come before `watching` is there.
        queueMicrotask(() => watching.unsubscribe());
      },
      error: reject,
    });
  });
}

/** Whether all replicas of a Deployment are of its current template, and available. */
export function isComplete({ metadata, spec, status }: Stored<Deployment>): boolean {
  return (
    status?.observedGeneration === metadata?.generation &&
    status?.replicas === spec?.replicas &&
    status?.updatedReplicas === spec?.replicas &&
    status?.availableReplicas === spec?.replicas
  );
}
