import { ConfigMap, isAlreadyExists, Namespace } from '@orrery/api';
import { type Controller, defineController } from '@orrery/core';
import { isNamespaceTerminating } from '../workload/pod-control.ts';

/** The ConfigMap that every Pod's service account volume projects. */
const rootCaConfigMap = 'kube-root-ca.crt';

export interface RootCaPublisherOptions {
  /** PEM certificates that the API server's certificate can be checked with. */
  readonly certificates: string;
}

/** Keeps a ConfigMap with the cluster's CA in every namespace, so that Pods can trust the API server. */
export function rootCaPublisher({ certificates }: RootCaPublisherOptions): Controller {
  return defineController({
    name: 'root-ca-cert-publisher',
    for: Namespace,
    watches: [
      {
        kind: ConfigMap,
        fieldSelector: `metadata.name=${rootCaConfigMap}`,
        map: ({ metadata }) => [metadata.namespace ?? ''],
      },
    ],
    async reconcile(namespace, { client, cache }) {
      if (namespace.metadata.deletionTimestamp !== undefined) return;
      const key = { namespace: namespace.metadata.name, name: rootCaConfigMap };
      const data = { 'ca.crt': certificates };
      const current = cache.get(ConfigMap, key);
      if (current !== undefined) {
        const isRight = Object.keys(current.data ?? {}).length === 1 && current.data?.['ca.crt'] === certificates;
        if (!isRight) await client.update<ConfigMap>({ ...current, data });
        return;
      }
      try {
        await client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data });
      } catch (error) {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
      }
    },
  });
}
